"""Every notebook: its form, and that it runs with whatever its parameters cell allows, or a good sample of that."""

import re
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path

import nbformat
import papermill
import pytest
from nbconvert import PythonExporter

from lib import claims, paths
from lib.experiments import parameters
from lib.publish import asked, kernel
from tests import cells, corners

NOTEBOOKS = sorted(asked.NOTEBOOKS.glob("[0-9]*.ipynb"))
SECTIONS = [path.stem for path in NOTEBOOKS if not asked.last(path.stem)]
RUNS = corners.runs()
every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def source(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


# ---- what its parameters cell allows, runs


@pytest.fixture(scope="module")
def pool():
    """Two processes, which warm up."""
    with ProcessPoolExecutor(2, get_context("spawn")) as workers:
        yield workers


@pytest.fixture(scope="module")
def outcomes(pool, tmp_path_factory):
    """How each run of the selection ends, and where its files are."""
    home = tmp_path_factory.mktemp("corners")
    homes = [home / ("paper" if number < len(SECTIONS) else str(number)) for number in range(len(RUNS))]
    runs = [(name, corners.values(chosen), there) for (name, chosen), there in zip(RUNS, homes, strict=True)]
    return [(pool.submit(cells.outcome, *run), run[-1]) for run in runs]


def drawn(home: Path, number: str) -> set[str]:
    return {file.name for file in (home / "figures").glob(f"{number}_*")}


@pytest.mark.parametrize(
    "number",
    range(len(RUNS)),
    ids=[f"{name[:2]} {parameters.told(chosen).replace(', ', ' ')}" for name, chosen in RUNS],
)
def test_runs_with_corner_values(number, outcomes):
    outcome, home = outcomes[number]
    said, section = outcome.result(), RUNS[number][0][:2]
    if not said.startswith("diverged: "):
        assert said == "fine"
        assert drawn(home, section) == drawn(paths.ROOT, section), "make paper draws others"
    else:
        assert RUNS[number][1].get("learning_rate") == 0.1


def test_the_selection_has_every_pair_and_every_notebook():
    held = {path.stem: asked.cell(path) for path in NOTEBOOKS}
    for (one, its), (other, theirs) in combinations(corners.CORNERS.items(), 2):
        both = [name for name in SECTIONS if {one, other} <= held[name].keys()]
        for pair in ({one: a, other: b} for a in its for b in theirs if both and corners.fits({one: a, other: b})):
            assert any(name in both and pair.items() <= chosen.items() for name, chosen in RUNS), pair
    assert all([name for name, _ in RUNS].count(section) >= 2 for section in SECTIONS)


@pytest.fixture(scope="module")
def conclusion(outcomes, pool):
    """The findings, which read what the first run of each section wrote."""
    home = outcomes[0][1]
    assert not [said for outcome, _ in outcomes[: len(SECTIONS)] if (said := outcome.result()) != "fine"]
    return pool.submit(cells.outcome, "90_findings", {}, home).result(), home


def test_the_findings_run_on_corner_values(conclusion):
    assert conclusion[0] == "fine"


def test_every_published_number_ends_as_a_claim(conclusion):
    table = (conclusion[1] / "data" / "claims.csv").read_text().splitlines()
    assert table[0].startswith("id,section,published,mean,sd,low,high,seeds,verdict")
    assert [row.partition(",")[0] for row in table[1:]] == list(claims.published().index)


def test_runs_as_make_runs_it(tmp_path):
    """In a kernel, with the values injected."""
    (path,) = (path for path in NOTEBOOKS if path.stem.startswith("05"))
    made = kernel.run(path, corners.TINY, tmp_path)
    nb = nbformat.read(tmp_path / "notebooks" / path.name, 4)
    assert not [
        output for cell in nb.cells for output in cell.get("outputs", []) if output.output_type in ("error", "stream")
    ]
    assert {name.name for name in made if name.parts[0] == "figures"} == drawn(paths.ROOT, "05")


# ---- its form


@every
def test_is_committed_whole(path):
    """Executed top to bottom, with outputs, without errors, warnings or the state of one machine."""
    nb = nbformat.read(path, 4)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert {output.output_type for cell in code for output in cell.outputs} <= {"display_data", "execute_result"}
    assert nb.metadata == kernel.KERNEL
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
    """One parameters cell; each line commented; a default never differs from that of `lib.parameters`."""
    (cell,) = [cell for cell in source(path, "code") if "parameters" in cell.metadata.get("tags", [])]
    about = papermill.inspect_notebook(path)
    assert about.keys() == asked.cell(path).keys() and not parameters.unlike(asked.cell(path))
    assert all(parameter["help"] for parameter in about.values()), "each wants a comment"
    assert len(cell.source.splitlines()) == len(about)
