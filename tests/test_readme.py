"""Numbers reach README.md from the run's tables, each between its own markers; what it tells the reader to type, works."""

import os
import re
import shlex
import subprocess

import pytest

from lib import paths
from lib.publish import asked, grid, readme


def test_the_findings_table_goes_between_its_markers(tmp_path):
    page, claims = tmp_path / "README.md", tmp_path / "data" / "claims.csv"
    page.write_text("above\n<!-- findings -->\nold\n<!-- /findings -->\n<!-- summary -->\n<!-- /summary -->\nbelow\n")
    readme.write(tmp_path)  # no claims yet
    assert "old" in page.read_text()
    claims.parent.mkdir()
    claims.write_text(
        "id,published,mean,low,high,seeds,null,converged,reproduced,origin,future,verdict\n"
        "load,0.05 to 0.08,0.061234,0.05,1234.5,64,,0.1,reproduced,learned,,learned\n"
    )
    for _ in range(2):
        readme.write(tmp_path)
        lines = page.read_text().splitlines()
        assert lines[0] == "above" and lines[-1] == "below" and "old" not in lines
        assert any(
            line.startswith("Of 1 published numbers **1** come out again in 64 networks, 1 are learned")
            for line in lines
        )
        assert "| `load` | 0.05 to 0.08 | 0.0612 (0.05 to 1230) |  | 0.1 | learned |" in lines
    page.write_text("no markers")
    with pytest.raises(ValueError, match="README.md"):
        readme.write(tmp_path)


def test_every_table_has_its_own_place(tmp_path):
    page, data = tmp_path / "README.md", tmp_path / "data"
    page.write_text(
        "<!-- predictions -->\n<!-- /predictions -->\nbetween\n<!-- times -->\n<!-- /times -->\n<!-- bench -->\n<!-- /bench -->\n"
    )
    data.mkdir()
    (data / "12_verdict.csv").write_text('prediction,verdict,evidence\nit tips,fails,"at no p, nowhere"\n')
    (data / "bench.json").write_text(
        '{"network-steps per second": {"loop": {"median": 200.0}, "ours": {"median": 3000.0}}, '
        '"machine": {"processor": "P", "cores used": 2}, "make paper, seconds": {"cold": 500.4, "nothing": 0.012}}'
    )
    readme.write(tmp_path)
    lines = page.read_text().splitlines()
    assert "| 12 | it tips | fails | at no p, nowhere |" in lines and "| ours | 3,000 | 15.0 |" in lines
    assert (
        "| cold | 500 |" in lines
        and "| nothing | 0.01 |" in lines
        and lines.index("between") < lines.index("| ours | 3,000 | 15.0 |")
    )


# ---- the examples


EXAMPLES = [  # lines of their own and words within a sentence; without what is said of a line beside it
    shlex.split(example, comments=True)[1:]
    for either in re.findall(r"^    (make .*)$|`(make [^`]*)`", (paths.ROOT / "README.md").read_text(), re.M)
    for example in either
    if example
]
MAKEFILE = (paths.ROOT / "Makefile").read_text()


@pytest.mark.parametrize("words", EXAMPLES, ids=" ".join)
def test_an_example_of_the_readme_fits(words):
    """Its targets and variables are known, and its parameters are what notebooks and the sweep take."""
    given = dict(word.split("=", 1) for word in words if "=" in word)
    assert {word for word in words if "=" not in word} <= set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[1].split())
    assert all(f"$({name})" in MAKEFILE or f"$(if $({name})" in MAKEFILE or f"{name} ?=" in MAKEFILE for name in given)
    notebooks = sorted(asked.NOTEBOOKS.glob(f"{given.get('NOTEBOOK', '')}[0-9_]*.ipynb"))
    assert notebooks and set(asked.check(asked.parse(shlex.split(given.get("PARAMS", ""))), notebooks)) == {
        path.stem for path in notebooks
    }
    assert grid.grid(shlex.split(given.get("GRID", "")))


def test_there_are_examples_of_each_kind():
    said = [" ".join(words) for words in EXAMPLES]
    for part in ("PARAMS=", "NOTEBOOK=", "GRID=", "restore", "paper"):
        assert any(part in example for example in said), part


@pytest.mark.skipif(
    "SLOW" not in os.environ, reason="takes minutes: SLOW=1 runs the README's first example of other seeds"
)
def test_an_example_of_the_readme_runs():
    words = next(words for words in EXAMPLES if any(word.startswith("PARAMS=") and "seeds=" in word for word in words))
    kept = {
        path: path.read_bytes()
        for folder in ("data", "figures", "notebooks")
        for path in (paths.ROOT / folder).iterdir()
        if path.is_file()
    }
    done = subprocess.run(["make", *words], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = re.search(r"to read: (\S+)\.$", done.stdout.strip())[1]
    assert page.startswith("build/runs/") and (paths.ROOT / page).exists()
    assert all(path.read_bytes() == content for path, content in kept.items()), "what is committed is left alone"


def test_the_summary_counts_what_was_not_tested(tmp_path):
    head = "id,published,mean,low,high,seeds,null,converged,reproduced,origin,future,verdict\n"
    (tmp_path / "claims.csv").write_text(
        head + "a,1,1,1,1,1,,,reproduced,learned,,x\nb,1,,,,0,,,undefined,undefined,,undefined\n"
    )
    (tmp_path / "15_verdict.csv").write_text("prediction,verdict,evidence\na,not tested,b\n")
    text = readme.summary(tmp_path)
    assert "in 1 network," in text and "1 of them does not exist" in text and text.endswith("0 fail, 1 not tested.")
    assert readme.findings(tmp_path)["findings"][2] == ("`b`", "1", "", "", "", "undefined")
