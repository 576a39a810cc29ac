"""Trainings of the live page beside lib's, in a real browser: do they end alike, and what do they take?

python tests/page_trainings.py [N]    N networks of the page (16), what trainings take, every experiment; `make page`
"""

import contextlib
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib import measure, paths, store
from lib.config import Config, Measurement
from lib.model import Network
from tests import conftest

NAMES = ["slope_mean", "slope_sd", "loss", "active", "decoder_ratio", "carriers", "tied_cosine"]
# A training in the page's own thread, from a seed: `matrices` of JSON's numbers.
TRAIN = """config => {
    const state = trainer.begin(config), losses = [];
    while (state.step < config.steps) losses.push(trainer.learn(state));
    const { w_in, columns } = trainer.matrices(state.weights);
    return [[...w_in], [...columns], losses];
}"""
ATTEMPT = """([n, seed]) => {
    const attempt = training.TRIES[n];
    training.begin({ ...training.DEFAULTS, ...attempt.changes, seed }, { attempt });
}"""
SETTINGS = {
    "the post's": {},
    "the threefold": {"batch": 1024, "learning_rate": 0.03},
    "q = 2.25": {"exponent": 2.25},
    "q = 2.1, without roots": {"exponent": 2.1},
    "three features": {"features": 3, "neurons": 2, "p": 0.05, "learning_rate": 0.01, "steps": 4000},
    "200 features, 40 neurons": {"features": 200, "neurons": 40},
}


def asked(config: Config, seed: int) -> dict:
    """A configuration as the page's trainer takes it."""
    return asdict(config) | {"seed": seed}


def trained(page, config: Config, seeds: int) -> Network:
    """An ensemble that the page trained, in lib's shapes."""
    found = [page.evaluate(TRAIN, asked(config, seed))[:2] for seed in range(seeds)]
    w_in, columns = np.array(found, np.float32).reshape(seeds, 2, config.neurons, config.features).swapaxes(0, 1)
    return Network(jnp.asarray(w_in), jnp.asarray(columns.swapaxes(1, 2)), config.activation)


def beside(page, lib: Network, config: Config, options: Measurement) -> pd.DataFrame:
    """Means and standard deviations of readings, the page's and lib's; `z`: standard errors apart.

    Args:
        lib: networks of this configuration; the page trains `config.seeds`.
    """
    rows, error = {}, 0
    for kind, networks in {"page": trained(page, config, config.seeds), "lib": lib}.items():
        found = measure.read(networks, config, options)
        rows[kind], rows[f"{kind}, sd"] = ([of(found[name]) for name in NAMES] for of in (np.mean, spread))
        error = error + np.square(rows[f"{kind}, sd"]) / len(networks.w_in[...])
    table = pd.DataFrame(rows, NAMES)
    return table.assign(z=(table.page - table.lib) / np.sqrt(error))


def spread(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1))


def wait(page, seconds: float = 120) -> dict:
    """Until the training in the page's worker has ended; its `run` without its arrays."""
    until = time.monotonic() + seconds
    while page.evaluate("training.run.running"):
        assert time.monotonic() < until, "still training"
        time.sleep(0.05)
    return page.evaluate("(({ step, spent, fault, losses, is }) => ({ step, spent, fault, losses, is }))(training.run)")


def main(browser, number: int) -> None:
    """Everything, as tables."""
    page = browser.new_page()
    page.goto((paths.BUILD / "paper" / "live.html").as_uri())
    page.evaluate("training.ready")
    print(beside(page, store.networks(Config()), Config(seeds=number), Measurement()).round(4).to_string(), flush=True)
    for name, changes in SETTINGS.items():
        page.evaluate("changes => training.begin({ ...training.DEFAULTS, ...changes })", changes)
        page.uncheck("#slow")
        page.click("#go")
        print(f"{name:30}{wait(page, 600)['spent'] / 1000:8.2f} s", flush=True)
    attempts = page.evaluate("training.TRIES.map(attempt => attempt.name)")
    for n, name in enumerate(attempts):
        ends = []
        for seed in range(4):
            page.evaluate(ATTEMPT, [n, seed])
            page.uncheck("#slow")
            page.click("#go")
            wait(page, 600)
            ends.append(page.inner_text("#verdict")[:19])
        print(f"{name:30}{json.dumps(dict(pd.Series(ends).value_counts()), default=int)}", flush=True)


if __name__ == "__main__":
    with contextlib.contextmanager(conftest.browser.__wrapped__)() as browser:
        main(browser, int(sys.argv[1]) if len(sys.argv) > 1 else 16)
