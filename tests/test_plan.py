"""What a section trains is foreseen: the plan against what is in the store when the section's notebook has run."""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context

import pytest

from lib import paths, store
from lib.config import Config
from lib.experiments import parameters
from lib.publish import asked, plan, progress
from tests import cells, corners


def ensemble(config: dict) -> str:
    """Which ensemble a configuration or a stored block of it belongs to."""
    return json.dumps(config | {"seeds": 0}, sort_keys=True)


@pytest.fixture(scope="module")
def apart():
    """A process for notebooks."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("name", ["00_setup", "02_slopes", "08_nulls", "12_sparsity"])
def test_a_section_trains_what_was_foreseen(name, apart, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "STORE", tmp_path / "store")
    cell = asked.cell(asked.NOTEBOOKS / f"{name}.ipynb")
    given = {key: value for key, value in corners.values({"rates": [0.3]}).items() if key in cell}
    foreseen = plan.missing(name[:2], parameters.kinds(parameters.settled(cell | given)))
    assert foreseen and progress.work(foreseen) > 0
    assert apart.submit(cells.outcome, name, given, tmp_path).result() == "fine"
    stored = (tmp_path / "store").glob("train_ensemble-*.json")
    trained = [json.loads(file.read_text())["parameters"]["config"] for file in stored]
    assert {ensemble(config) for config in trained} == {ensemble(asdict(config)) for config in foreseen}
    assert sum(config["seeds"] for config in trained) == sum(config.seeds for config in foreseen)


def test_what_is_in_the_store_or_in_a_table_is_not_foreseen(tmp_path, monkeypatch):
    """Of the paper's own sweeps one network in 64 is trained again: one of 16, at one point in four of 333."""
    monkeypatch.setattr(paths, "STORE", tmp_path)
    config = Config(features=6, neurons=2, steps=3, batch=8, seeds=2)
    given = parameters.kinds(asdict(config))
    assert plan.missing("02", given) == [config] and plan.missing("90", given) == []
    store.networks(config)
    assert plan.missing("02", given) == []
    own = parameters.kinds(parameters.settled({name: field.default for name, field in parameters.KNOWN.items()}))
    assert 80 <= len(plan.missing("12", own)) < 95


def test_work_grows_with_all_that_costs():
    config = Config()
    for change in ({"steps": 2000}, {"batch": 4096}, {"seeds": 128}, {"features": 200}):
        assert progress.work([replace(config, **change)]) > 1.5 * progress.work([config])
