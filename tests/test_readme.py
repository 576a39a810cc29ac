"""Numbers reach README.md from the run's tables, between their own markers; what it tells the reader to type, works."""

import os
import re
import shlex
import shutil
import subprocess

import pytest

from lib import paths
from lib.publish import asked, grid, readme

CLAIMS = "id,published,mean,low,high,seeds,null,nearest,converged,reproduced,origin,future,verdict\n"


def test_the_papers_tables_are_those_of_its_data(tmp_path):
    shutil.copy(paths.ROOT / "README.md", tmp_path)
    shutil.copytree(paths.ROOT / "data", tmp_path / "data")
    readme.write(tmp_path)
    assert (tmp_path / "README.md").read_text() == (paths.ROOT / "README.md").read_text()


def test_every_table_goes_between_its_own_markers(tmp_path):
    page, data = tmp_path / "README.md", tmp_path / "data"
    names = ("findings", "summary", "predictions", "times", "bench")
    before = "".join(f"above\n<!-- {name} -->\nold\n<!-- /{name} -->\nbelow\n" for name in names)
    page.write_text(before)
    readme.write(tmp_path)
    assert page.read_text() == before, "no data yet"
    data.mkdir()
    load = "load,0.05 to 0.08,0.061234,0.05,1234.5,64,0.05,frame,0.1,like one network,learned,,learned"
    (data / "claims.csv").write_text(f"{CLAIMS}{load}\n")
    (data / "12_verdict.csv").write_text('prediction,verdict,evidence\nit tips,fails,"at no p, nowhere"\n')
    (data / "bench.json").write_text(
        '{"network-steps per second": {"loop": {"median": 200.0}, "ours": {"median": 3000.0}}, '
        '"machine": {"processor": "P", "cores used": 2}, "make paper, seconds": {"cold": 500.4, "nothing": 0.012}}'
    )
    for _ in range(2):
        readme.write(tmp_path)
        lines = page.read_text().splitlines()
        assert lines.count("above") == lines.count("below") == len(names) and "old" not in lines
        assert lines[4] == "| load | 0.05 to 0.08 | 0.0612 (0.05 to 1230) | 0.05 (frame) | 0.1 | learned |"
        said = "Of 1 published numbers **1** are like one network of ours (64 trained). 0 are shown by a code"
        assert lines[9].startswith(said) and lines[10].endswith("0 hold, 0 hold in part, 1 fails.")
        rows = ("| 12 | it tips | fails | at no p, nowhere |", "| nothing | 0.01 |", "| ours | 3,000 | 15.0 |")
        assert "| cold | 500 |" in lines and sorted(map(lines.index, rows)) == list(map(lines.index, rows))
    for wrong in ("no markers", before + before):
        page.write_text(wrong)
        with pytest.raises(ValueError, match="README.md"):
            readme.write(tmp_path)


def test_the_summary_counts_what_was_not_tested(tmp_path):
    rows = "a,1,1,1,1,1,,,,like one network,learned,,x\nb,1,,,,0,,,,undefined,undefined,,undefined\n"
    (tmp_path / "claims.csv").write_text(CLAIMS + rows)
    (tmp_path / "15_verdict.csv").write_text("prediction,verdict,evidence\na,not tested,b\n")
    text = readme.summary(tmp_path)
    assert "(1 trained)" in text and "1 of them does not exist" in text and text.endswith("0 fail, 1 not tested.")
    assert readme.tables(tmp_path)["findings"].endswith("\n| b | 1 |  |  |  | undefined |")


EXAMPLES = [  # lines of their own and words within a sentence; without what is said of a line beside it
    shlex.split(line or words, comments=True)[1:]
    for line, words in re.findall(r"^    (make .*)$|`(make [^`]*)`", (paths.ROOT / "README.md").read_text(), re.M)
]
MAKEFILE = (paths.ROOT / "Makefile").read_text()


@pytest.mark.parametrize("words", EXAMPLES, ids=" ".join)
def test_an_example_of_the_readme_fits(words):
    """Its targets and variables are known, and its parameters are what notebooks and the sweep take."""
    given = dict(word.split("=", 1) for word in words if "=" in word)
    assert {word for word in words if "=" not in word} <= set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[1].split())
    assert all(f"$({name})" in MAKEFILE or f"$(if $({name})" in MAKEFILE or f"{name} ?=" in MAKEFILE for name in given)
    numbers = given.get("NOTEBOOK", "").split() or [""]
    notebooks = sorted(path for number in numbers for path in asked.NOTEBOOKS.glob(f"{number}[0-9_]*.ipynb"))
    reached = asked.check(asked.parse(shlex.split(given.get("PARAMS", ""))), notebooks)
    assert notebooks and set(reached) == {path.stem for path in notebooks}
    assert grid.grid(shlex.split(given.get("GRID", "")))


def test_examples_are_of_each_kind():
    said = " ".join(word for words in EXAMPLES for word in words)
    assert all(part in said for part in ("PARAMS=", "NOTEBOOK=", "GRID=", "restore", "paper"))


@pytest.mark.skipif("SLOW" not in os.environ, reason="takes minutes: SLOW=1 runs the first example of other seeds")
def test_an_example_of_the_readme_runs():
    words = next(words for words in EXAMPLES if any(word.startswith("PARAMS=") and "seeds=" in word for word in words))
    files = [path for name in ("data", "figures", "notebooks") for path in (paths.ROOT / name).iterdir()]
    kept = {path: path.read_bytes() for path in files if path.is_file()}
    done = subprocess.run(["make", *words], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = re.search(r"to read: (\S+)\.$", done.stdout.strip())[1]
    assert page.startswith("build/runs/") and (paths.ROOT / page).exists()
    assert all(path.read_bytes() == content for path, content in kept.items()), "what is committed is left alone"
