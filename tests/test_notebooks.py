"""Every notebook: its form, and that it runs with whatever its parameters cell allows, or a good sample of that."""

import re
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import papermill
import pytest
from bs4 import BeautifulSoup
from nbconvert import PythonExporter

from lib import claims, measure, paths, store
from lib.experiments import parameters
from lib.publish import asked, kernel, readme
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
    return [(pool.submit(cells.outcome, *run, home / "store"), run[-1]) for run in runs]


def drawn(home: Path, number: str) -> set[str]:
    return {file.name for file in (home / "figures").glob(f"{number}_*")}


IDS = [f"{name[:2]} {parameters.told(chosen).replace(', ', ' ')}" for name, chosen in RUNS]


@pytest.mark.parametrize("number", range(len(RUNS)), ids=IDS)
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


def test_the_findings_run_on_corner_values(outcomes, pool):
    """On what the first run of each section wrote; and every published number ends as a claim."""
    home = outcomes[0][1]
    assert not [said for outcome, _ in outcomes[: len(SECTIONS)] if (said := outcome.result()) != "fine"]
    assert pool.submit(cells.outcome, "90_findings", {}, home).result() == "fine"
    assert list(pd.read_csv(home / "data" / "claims.csv").id) == list(claims.published().index)


TYPICAL = {"features": 24, "neurons": 4, "p": 0.1, "steps": 40, "seeds": 3, "batch": 64, "rival_seeds": 2}
TYPICAL |= {"samples": 256, "inputs": 256, "k_max": 24, "touched": 0.1, "harmed": 0.002}


def test_cells_record_the_published_numbers(pool, tmp_path, monkeypatch):
    """What the cells of 01 to 07 compute is what `measure` has for the same networks: one number, two ways to it."""
    names = [name for name in SECTIONS if "01" <= name[:2] <= "07"]
    runs = [pool.submit(cells.outcome, name, TYPICAL, tmp_path) for name in names]
    assert [run.result() for run in runs] == ["fine"] * 7
    monkeypatch.setattr(paths, "STORE", tmp_path / "store")
    config, options, _ = parameters.kinds(TYPICAL)
    assert not store.missing([config])
    found = measure.stored_numbers(config, options)
    recorded = pd.concat([pd.read_csv(tmp_path / "data" / f"{name}.csv", index_col="seed") for name in names], axis=1)
    assert set(recorded) == set(found)
    for name, values in found.items():
        np.testing.assert_allclose(recorded[name], values, rtol=1e-3, atol=1e-5, err_msg=name)


def test_runs_as_make_runs_it(tmp_path):
    """In a kernel, with the values injected."""
    (path,) = (path for path in NOTEBOOKS if path.stem.startswith("05"))
    made = kernel.run(path, corners.TINY, tmp_path)
    nb = nbformat.read(tmp_path / "notebooks" / path.name, 4)
    printed = [output for cell in nb.cells for output in cell.get("outputs", [])]
    assert not [output for output in printed if output.output_type in ("error", "stream")]
    assert {name.name for name in made if name.parts[0] == "figures"} == drawn(paths.ROOT, "05")


# ---- its form


@every
def test_is_committed_whole_in_the_form_of_a_section(path):
    """Executed top to bottom, with outputs, without errors, warnings or the state of one machine.

    A question as title; short cells; text before code; no class, loop over steps or figure code of its own.
    """
    nb, code, text = nbformat.read(path, 4), source(path, "code"), source(path, "markdown")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert {output.output_type for cell in code for output in cell.outputs} <= {"display_data", "execute_result"}
    assert nb.metadata == kernel.KERNEL
    assert {name for cell in nb.cells for name in cell.metadata} <= {"tags"}
    assert str(paths.ROOT) not in path.read_text()
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


# ---- the bibliography: each citation finds its entry under its name, and each entry is cited

BIB = (paths.ROOT / "data" / "references.bib").read_text(encoding="utf-8")
ENTRY = re.compile(r"@\w+\{(\w+),\n((?:  \w+ *= \{(?:[^{}]|\{[^{}]*\})*\},\n)+)\}\n")
FIELD = re.compile(r"  (\w+) *= \{((?:[^{}]|\{[^{}]*\})*)\}")
CITATION = re.compile(r"\[([^\]]*)\]\(\.\./data/references\.bib(?:#(\w*))?\)")
ENTRIES = {key: dict(FIELD.findall(body)) for key, body in ENTRY.findall(BIB)}


def label(fields):
    """Elhage et al. 2022, Kingma and Ba 2015, Welch 1974."""
    names = [name.split(",")[0].strip("{}") for name in re.split(r"\s+and\s+", fields["author"])]
    return f"{' and '.join(names) if len(names) < 3 else names[0] + ' et al.'} {fields['year']}"


def test_the_bibliography_is_nothing_but_whole_entries():
    rest = "\n".join(line for line in ENTRY.sub("", BIB).splitlines() if not line.startswith("%"))
    assert not rest.strip() and len(ENTRIES) == len(ENTRY.findall(BIB)) > 0, "no key twice"
    for key, fields in ENTRIES.items():
        assert {"author", "title", "year"} <= set(fields) and fields.keys() & {"url", "doi", "journal"}, key
        assert re.fullmatch(r"\d{4}", fields["year"]) and key.endswith(fields["year"]), key


def test_every_citation_finds_its_entry_under_its_name_and_every_entry_is_cited():
    texts = [cell.source for path in NOTEBOOKS for cell in source(path, "markdown")]
    cited = [(" ".join(words.split()), key) for text in texts for words, key in CITATION.findall(text)]
    assert {key for _, key in cited} == ENTRIES.keys()
    for words, key in cited:
        assert words == label(ENTRIES[key]), f"{key} is called {words!r}"


# ---- one verdict, wherever it stands


@cache
def outputs(name):
    """What a committed notebook shows, as text."""
    (path,) = (path for path in NOTEBOOKS if path.stem.startswith(name))
    shown = [output.get("data", {}) for cell in source(path, "code") for output in cell.outputs]
    return "\n".join("".join(data.get("text/markdown", data.get("text/html", ""))) for data in shown)


def test_no_verdict_of_the_readme_contradicts_a_notebook():
    rows = lambda marker: [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in readme.between((paths.ROOT / "README.md").read_text(), marker).splitlines()[2:]
    ]
    about, last = claims.published(), outputs("90")
    verdicts, predictions = {row[0].strip(): row[-1] for row in rows("findings")}, rows("predictions")
    assert list(verdicts) == list(about.name) and len(predictions) >= 5
    judged = [[cell.text for cell in row(["th", "td"])] for row in BeautifulSoup(last, "html.parser")("tr")]
    assert verdicts.items() <= {(row[0], row[-1]) for row in judged}
    for notebook, expected, verdict, evidence in predictions:
        said = rf"\*\*{verdict}\.?\*\*\.? {re.escape(evidence)}"
        assert re.search(said, outputs(notebook), re.I), expected
        assert [notebook, expected, verdict, evidence] in judged
