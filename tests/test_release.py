"""What others get: the file of networks, its card, and the lines of the README that read it."""

import json
import re

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

from lib import paths, store
from lib.config import Config
from lib.experiments import parameters
from lib.measure import atoms
from lib.publish import release

TINY = Config(steps=2, batch=16, seeds=2)
LINES = re.search(r"```python\n(.*?)```", (paths.ROOT / "README.md").read_text(), re.S)[1]


def written(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "STORE", tmp_path / "store")
    monkeypatch.chdir(tmp_path)
    return release.write(tmp_path / "build" / "release", {"converged": TINY})


def test_the_lines_of_the_readme_score_a_dictionary(tmp_path, monkeypatch, capsys):
    written(tmp_path, monkeypatch)
    names = {}
    exec(LINES, names)
    found, spurious = map(int, re.findall(r"\d+", capsys.readouterr().out))
    strict = atoms.score(names["atoms"], names["w_in"])
    assert found >= strict["found"] > 0 and spurious == strict["spurious"] + strict["shadows"]
    assert len([line for line in LINES.splitlines() if line]) <= 12


def test_the_file_holds_the_networks_and_says_what_they_are(tmp_path, monkeypatch):
    file, card = written(tmp_path, monkeypatch)
    arrays, networks = load_file(file), store.networks(TINY)
    np.testing.assert_array_equal(arrays["converged.w_in"], networks.w_in)
    np.testing.assert_array_equal(arrays["converged.w_out"], networks.w_out)
    ray = np.maximum(arrays["converged.w_in"][1][:, 7], 0)
    np.testing.assert_allclose(arrays["converged.features"][1][7], ray / np.linalg.norm(ray), rtol=1e-6)
    with safe_open(file, "numpy") as opened:
        assert Config(**json.loads(opened.metadata()["configurations"])["converged"]) == TINY
    assert "| `converged` | 2 | 0.02 | 2 | 0.003 | 16 |" in card.read_text()


def test_it_is_the_same_file_every_time(tmp_path, monkeypatch):
    first = [path.read_bytes() for path in written(tmp_path, monkeypatch)]
    assert [path.read_bytes() for path in written(tmp_path, monkeypatch)] == first


def test_what_is_released_has_the_posts_length_the_longest_and_several_p():
    config, study = Config(), parameters.Study()
    found = release.ensembles(config, study)
    assert {"post", "converged"} < set(found) and found["converged"].steps == study.longest
    assert len({it.p for it in found.values()}) == 5 and {it.seeds for it in found.values()} == {16}
    assert sum(it.seeds * it.neurons * it.features * 12 for it in found.values()) < 10e6, "bytes"
