"""The power q of the error: what section 11 trains and reads."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from lib import data, measure
from lib.config import RAREST, Config, Measurement
from lib.experiments import sweep
from lib.model import Network


def points(base: Config, post: Config, powers: Sequence[float]) -> dict[str, list[Config]]:
    """What section 11 trains, by kind of training: at all powers as usual, at some of them otherwise.

    Args:
        base: the usual training, see `sweep.threefold`; `post`: the post's own.
    """
    at = lambda *values: [q for q in values if q in powers]
    many = lambda config, powers, **other: [replace(config, exponent=float(q), **other) for q in powers]
    starts = product(at(1.5, 2, 2.05, 2.25, 3, 6, 8), ("naive", "shared"))
    both, twice = len(at(4, 6)) == 2, min(2 * base.seeds, 100_000)
    return {
        "usual": many(base, sorted(powers, key=lambda q: abs(q - 2))),
        "restarted": [replace(base, exponent=float(q), start=start) for q, start in starts],
        "long": many(sweep.longer(base), at(2, 2.02, 2.05, 2.1, 8)),
        "longest": many(sweep.longer(base, 20), at(4, 6) if both else (), seeds=twice),
        "sparse": many(sweep.longer(base), at(2, 2.02, 2.05, 1.95, 3), p=max(base.p / 10, RAREST)),
        "slow": many(base, at(4, 6), learning_rate=post.learning_rate),
    }


def by_kind(table: pd.DataFrame, kinds: dict[str, list[Config]]) -> dict[str, pd.DataFrame]:
    """The rows of a sweep over `points` by kind, some empty, with `exponent`, `p` and `start` even if all alike."""
    ends = np.cumsum([sum(config.seeds for config in points) for points in kinds.values()])
    parts = zip(kinds, np.split(np.arange(len(table)), ends[:-1]), strict=True)
    rows = [(c.exponent, c.p, c.start) for points in kinds.values() for c in points for _ in range(c.seeds)]
    about = dict(zip(("exponent", "p", "start"), zip(*rows, strict=True), strict=True))
    return {kind: table.assign(**about).iloc[part] for kind, part in parts}


def paired_means(usual: pd.DataFrame, longer: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Means over networks of some columns at each power of `longer`, in the usual training and in the longer."""
    pair = {"usual": usual[usual.exponent.isin(longer.exponent)], "longer": longer}
    means = {kind: rows.groupby("exponent")[names].mean() for kind, rows in pair.items()}
    return pd.concat(means, axis=1, names=["training", None]).swaplevel(axis=1)[names]


def change(table: pd.DataFrame, name: str, low: float = 4.0, high: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """A column at the power `low`, and what `high` adds, by network, (seeds,) each; empty if one was not swept."""
    if not {low, high} <= set(table.exponent):
        return np.zeros(0), np.zeros(0)
    wide = table.pivot(index="seed", columns="exponent", values=name)
    return wide[low].to_numpy(), (wide[high] - wide[low]).to_numpy()


def readings(network: Network, config: Config, x: np.ndarray, forced: tuple) -> dict[str, np.ndarray]:
    """`measure.readings`, and the sd over features over the mean, of slopes (`slope_cv`) and MSEs (`error_cv`).

    Args:
        forced: evaluation samples, from `data.forced`.
    """
    found, error = measure.readings(network, config, x), measure.errors(network, config, *forced)["error"]
    return found | {"slope_cv": found["slope_sd"] / found["slope_mean"], "error_cv": error.std() / error.mean()}


def read(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`readings` of every network of an ensemble, all on the same samples: for each name an array (seeds,)."""
    forced = data.forced(data.key(0, "errors"), config, options.samples)
    return measure.read(networks, config, options, readings, (forced,))
