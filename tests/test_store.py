"""What is stored is found by everything that decided it, survives bad luck, and is never half there."""

import ast
import dataclasses
import errno
import importlib
import io
import json
import os
import subprocess
import sys
import time
import types
from pathlib import Path

import jax
import numpy as np
import pytest

from lib import data, measure, model, paths, store, train
from lib.config import CHUNK, Config
from lib.experiments import importance, power, width

TINY = Config(features=6, neurons=2, p=0.3, steps=3, batch=8, seeds=2)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty store."""
    monkeypatch.setattr(paths, "STORE", tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    """What is said to the person at the terminal."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", said)
    return said


@pytest.fixture
def trainings(monkeypatch):
    """Training replaced by something quick that says what it was asked for."""
    asked = []

    def train_ensemble(config, first):
        asked.append(config)
        shape = config.seeds, config.neurons, config.features
        weights = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        return {"w_in": weights, "w_out": weights.swapaxes(1, 2), "loss": weights[:, 0]}

    train_ensemble.__module__ = train.__name__  # whose code it rests on
    monkeypatch.setattr(train, "train_ensemble", train_ensemble)
    return asked


class Counted:
    """Something to compute, and how often it was."""

    __name__, calls = "thing", 0

    def __call__(self, **parameters):
        self.calls += 1
        return {"a": np.arange(100.0), "b": np.full(3, len(parameters), np.float32)}


def results(folder):
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


# ---- what is stored


def test_a_trained_ensemble_is_stored_as_promised(folder):
    networks, losses, expected = store.networks(TINY), store.losses(TINY), train.train_ensemble(TINY)
    ours = {"w_in": networks.w_in[...], "w_out": networks.w_out[...], "loss": losses}
    assert all(np.array_equal(ours[name], expected[name]) for name in expected)
    assert (ours["w_in"].shape, ours["w_out"].shape, ours["w_in"].dtype) == ((2, 2, 6), (2, 6, 2), np.float32)
    (arrays,) = folder.glob("*.npz")
    described = json.loads(arrays.with_suffix(".json").read_text())
    assert described["parameters"]["config"] == dataclasses.asdict(TINY)
    assert described["versions"]["jax"] == jax.__version__
    assert results(folder) == {arrays.name, arrays.with_suffix(".json").name}


def test_a_larger_ensemble_begins_with_the_blocks_of_a_smaller_one(trainings):
    """Sixty-four to a file; networks and losses in the order of their seeds."""
    first, many = (dataclasses.replace(TINY, seeds=seeds) for seeds in (64, 130))
    assert [(block["config"].seeds, block["first"]) for block in store.blocks(many)] == [(64, 0), (64, 64), (2, 128)]
    assert store.missing([first, many]) == store.blocks(first) + store.blocks(many)
    assert store.networks(many).w_in.shape == (130, 2, 6) and not store.missing([many])
    store.train_missing([first, many])
    assert len(trainings) == 3


def test_a_block_trained_elsewhere_is_filed_and_not_trained(trainings):
    """And one that is there stays as it is."""
    block, shape = store.blocks(TINY)[0], (TINY.seeds, TINY.neurons, TINY.features)
    for number in (1.0, 2.0):
        weights = np.full(shape, number, np.float32)
        store.put(block, {"w_in": weights, "w_out": weights.swapaxes(1, 2), "loss": weights[:, 0]})
        assert (store.networks(TINY).w_in[...] == 1).all() and not store.missing([TINY]) and not trainings


def test_errors_are_those_of_the_stored_networks(trainings):
    ours = measure.stored_errors(TINY, CHUNK)
    assert ours["error"].shape == (2, 6) and ours["silenced"].shape == (2, 6, 2)
    one = model.at(store.networks(TINY), 1)
    expected = measure.errors(one, TINY, *data.forced(data.key(0, "errors"), TINY, CHUNK))
    for name, array in expected.items():
        np.testing.assert_allclose(ours[name][1], array, rtol=1e-4)
    assert not np.allclose(ours["error"][0], ours["error"][1]) and len(trainings) == 1


# ---- the key: all that decides a result, and nothing else


def test_every_parameter_is_part_of_the_key(trainings):
    others = {"features": 7, "neurons": 3, "p": 0.31, "low": -0.9, "steps": 4, "batch": 9, "learning_rate": 2e-3}
    others |= {"init_scale": 0.02, "seeds": 3, "exponent": 2.5, "importance": 3.0, "favoured": 2, "start": "shared"}
    others |= {
        "target": "identity",
        "activation": "abs",
        "optimiser": "normalised",
        "profile": "geometric",
        "biases": "both",
    }
    assert others.keys() == {field.name for field in dataclasses.fields(Config)}
    wanted = [TINY, *(dataclasses.replace(TINY, **{name: value}) for name, value in others.items())]
    for config in wanted * 2:
        store.networks(config)
    assert trainings == wanted


def edited(name, tmp_path, monkeypatch):
    """Lets a module look as if its source had one line more."""
    module = importlib.import_module(f"lib.{name}")
    copy = tmp_path / f"{name}.py"
    copy.write_text(Path(module.__file__).read_text() + "\nEDITED = True\n")
    monkeypatch.setattr(module, "__file__", str(copy))
    store.code.cache_clear()


@pytest.fixture(autouse=True)
def code_as_it_is():
    """No test sees what another one pretended."""
    yield
    store.code.cache_clear()


def test_what_a_result_rests_on():
    core = {f"lib.{name}" for name in ("train", "model", "data", "devices", "config")}
    assert set(store.code("lib.train")) == core
    published = {f"lib.measure.{name}" for name in ("published", "sets", "error_metrics", "statistics", "weights")}
    assert core | published | {"lib.theory.bounds"} <= set(store.code("lib.measure.published")), "and what that imports"
    for module in (measure, importance, width, power):
        assert not any(name.startswith("lib.plots") for name in store.code(module.__name__))


NUMBERS = {name: 2 for name in ("config", "data", "devices", "model", "train")}


@pytest.mark.parametrize("module, trained", (NUMBERS | {"plots.style": 1, "paths": 1}).items())
def test_an_edit_trains_again_if_a_number_may_move(module, trained, trainings, tmp_path, monkeypatch):
    store.networks(TINY)
    edited(module, tmp_path, monkeypatch)
    store.networks(TINY)
    store.losses(TINY)
    assert len(trainings) == trained


def test_words_do_not_count_and_a_number_does(tmp_path, monkeypatch):
    """In `lib.data`, which `lib.measure.published` reaches through others, too."""
    before, source = store.code("lib.measure.published"), Path(data.__file__).read_text()
    monkeypatch.setattr(data, "__file__", str(tmp_path / "data.py"))

    def hashed(source):
        Path(data.__file__).write_text(source)
        store.code.cache_clear()
        return store.code("lib.measure.published")

    docstring = ast.get_docstring(ast.parse(source), clean=False)
    assert hashed(source.replace(docstring, "Other words.", 1).replace("\n\n\n", "\n\n\n# a comment\n", 1)) == before
    other = ast.parse(source)
    number = next(n for n in ast.walk(other) if isinstance(n, ast.Constant) and type(n.value) in (int, float))
    number.value += 1
    after = hashed(ast.unparse(other))
    assert {name for name in before if before[name] != after[name]} == {"lib.data"}


def test_all_of_lib_imports_its_own_in_the_one_way_that_is_followed():
    """At the top, as `from lib import x` or `from lib.x import y`: what is imported later would be missed."""
    for path in (paths.ROOT / "lib").rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not [alias.name for alias in node.names if alias.name.partition(".")[0] == "lib"], path
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0 and ((node.module or "").partition(".")[0] != "lib" or node in tree.body), path


def test_an_edit_to_a_measure_measures_again_and_trains_nothing(folder, trainings, tmp_path, monkeypatch):
    measure.stored_errors(TINY, CHUNK)
    before = results(folder)
    edited("measure.error_metrics", tmp_path, monkeypatch)
    measure.stored_errors(TINY, CHUNK)
    assert {name.partition("-")[0] for name in results(folder) - before} == {"ensemble_errors"} and len(trainings) == 1


def test_a_reading_of_networks_rests_on_their_training(trainings, tmp_path, monkeypatch):
    """Also one whose module knows nothing of training."""

    def read(networks, config, options):
        return {"size": np.full(options, len(networks.w_in))}

    read.__module__ = "lib.config"
    for _ in range(2):
        assert store.measured(read, TINY, 3)["size"].tolist() == [2, 2, 2] and len(trainings) == 1
    edited("train", tmp_path, monkeypatch)
    store.measured(read, TINY, 3)
    assert len(trainings) == 2


def test_another_jax_or_device_computes_again(monkeypatch):
    thing, elsewhere = Counted(), [types.SimpleNamespace(device_kind="other")]
    store.fetch(thing)
    for number, (name, value) in enumerate([("__version__", "0.0.1"), ("local_devices", lambda: elsewhere)], start=2):
        monkeypatch.setattr(jax, name, value)
        store.fetch(thing)
        assert thing.calls == number


# ---- bad luck


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def alter(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "cut short": cut,
    "altered by one bit": alter,
    "replaced by another": lambda path: np.savez(path, a=np.zeros(100), b=np.zeros(3)),
    "description cut short": lambda path: cut(path.with_suffix(".json")),
    "description not JSON": lambda path: path.with_suffix(".json").write_bytes(b"\xff\x00"),
    "description without checksum": lambda path: path.with_suffix(".json").write_text("{}"),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_is_named_and_computed_again(how, folder, terminal):
    thing = Counted()
    first = store.fetch(thing)
    (path,) = folder.glob("*.npz")
    DAMAGES[how](path)
    again = store.fetch(thing)
    assert thing.calls == 2 and np.array_equal(first["a"], again["a"])
    assert f"{path.name} is damaged (" in terminal.getvalue()
    store.fetch(thing)
    assert thing.calls == 2 and terminal.getvalue().count("damaged") == 1, "and then it is whole"


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_explained_and_loses_nothing(folder, terminal, monkeypatch):
    thing = Counted()
    store.fetch(thing, earlier=1)
    kept = {file: (folder / file).read_bytes() for file in results(folder)}
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full_disk)
        with pytest.raises(store.StoreError, match=r"store/thing-\w+\.npz: No space left on device; make room"):
            store.fetch(thing)
    assert {file: (folder / file).read_bytes() for file in kept} == kept and not list(folder.glob("*.part"))
    for parameters, calls in (({"earlier": 1}, 2), ({}, 3), ({}, 3)):  # kept, computed again with space, and kept
        assert len(store.fetch(thing, **parameters)["a"]) == 100 and thing.calls == calls
    next(folder.glob("*.json")).unlink()
    store.fetch(thing, earlier=1), store.fetch(thing)
    assert thing.calls == 4, "half a result is no result"


def test_a_training_that_fails_stores_nothing(folder):
    with pytest.raises(FloatingPointError, match="networks diverged"):
        store.networks(dataclasses.replace(TINY, steps=50, learning_rate=10.0))
    assert results(folder) == set()


SCRIPT = """
import sys, time
from pathlib import Path
import numpy as np
from lib import paths, store

folder, mode = Path(sys.argv[1]), sys.argv[2]
paths.STORE = folder / "store"

def thing():
    with open(folder / "log", "a") as log:
        log.write(mode + " ")
    time.sleep(600 if mode == "hang" else 1)
    return {"a": np.arange(10_000)}

(folder / f"{mode} ready").touch()
while mode != "hang" and not (folder / "log").exists():
    time.sleep(0.01)
print(store.fetch(thing)["a"].sum())
"""


def test_processes_share_a_result_and_survive_a_kill(folder, tmp_path):
    """Of three processes that want one result, the one that computes it is killed; one of the others does."""
    running, script = [], tmp_path / "script.py"
    script.write_text(SCRIPT)
    try:
        for mode in ("hang", "one", "two"):
            command = [sys.executable, str(script), str(tmp_path), mode]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            running.append(subprocess.Popen(command, cwd=paths.ROOT, env=os.environ | {"PYTHONPATH": "."}, **pipes))
        hanging, *waiting = running
        while not all((tmp_path / name).exists() for name in ("log", "one ready", "two ready")):
            assert all(process.poll() is None for process in running)
            time.sleep(0.01)
        hanging.kill()
        for process in waiting:
            assert process.communicate(timeout=120)[0] == f"{sum(range(10_000))}\n"
        assert (tmp_path / "log").read_text() in ("hang one ", "hang two "), "computed once by the two that waited"
        assert {path.suffix for path in folder.iterdir()} == {".npz", ".json", ".lock"}
    finally:
        for process in running:
            process.kill()
            process.communicate()
