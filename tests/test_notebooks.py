"""Every notebook: its form, and that it runs with tiny parameters."""

import re
from pathlib import Path

import nbformat
import papermill
import pytest
from nbconvert import PythonExporter

from lib import claims, config, paper, paths

NOTEBOOKS = sorted(paper.NOTEBOOKS.glob("[0-9]*.ipynb"))
TINY = {"features": 12, "neurons": 3, "p": 0.1, "steps": 20, "seeds": 2, "samples": 256, "k_max": 4, "rival_seeds": 2,
        "inputs": 256, "longest": 60, "grid": 3}  # fmt: skip
every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def source(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("paper")


@every
def test_runs_with_tiny_parameters(path, home):
    """In order: the findings, last, read what the sections wrote."""
    made = paper.run(path, TINY, home)
    nb = nbformat.read(home / "notebooks" / path.name, 4)
    assert not [output for cell in nb.cells for output in cell.get("outputs", []) if output.output_type in ("error", "stream")]
    kept = {name.name for name in made if name.parts[0] == "figures"}
    assert kept == {file.name for file in (paths.ROOT / "figures").glob(f"{path.stem[:2]}_*")}, "make paper draws others"


def test_every_published_number_ends_as_a_claim(home):
    table = (home / "data" / "claims.csv").read_text().splitlines()
    assert table[0].startswith("id,section,published,mean,sd,low,high,seeds,verdict")
    assert [row.partition(",")[0] for row in table[1:]] == list(claims.published().index)


@every
def test_is_committed_whole(path):
    """Executed top to bottom, with outputs, without errors, warnings or the state of one machine."""
    nb = nbformat.read(path, 4)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert {output.output_type for cell in code for output in cell.outputs} <= {"display_data", "execute_result"}
    assert nb.metadata == paper.KERNEL
    assert {name for cell in nb.cells for name in cell.metadata} <= {"tags"}
    assert str(paths.ROOT) not in path.read_text()


@every
def test_has_the_form_of_a_section(path):
    """A question as title; short cells; text before code; no class, loop over steps or figure code of its own."""
    code, text = source(path, "code"), source(path, "markdown")
    lines = sorted(len(cell.source.splitlines()) for cell in code)
    assert text[0].source.startswith("# ") and "?" in text[0].source.splitlines()[0]
    assert text[-1].source.startswith("## What this shows")
    assert len(text) >= len(code)
    assert lines[-1] <= 20 and lines[len(lines) // 2] <= 8
    script, _ = PythonExporter().from_filename(path)
    assert not re.search(r"^\s*(class|while) |matplotlib|plt\.|get_ipython", script, re.M)


@every
def test_declares_known_parameters_at_their_defaults(path):
    """One parameters cell; each line commented; a default never differs from that of `lib.config`."""
    (cell,) = [cell for cell in source(path, "code") if "parameters" in cell.metadata.get("tags", [])]
    known = config.parameters()
    for name, about in papermill.inspect_notebook(path).items():
        assert eval(about["default"]) == known[name].default, name
        assert about["help"], f"{name} wants a comment"
    assert len(cell.source.splitlines()) == len(papermill.inspect_notebook(path))
