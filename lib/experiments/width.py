"""Wider and narrower networks: when a neuron belongs to one feature."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from lib import measure
from lib.config import Config, Measurement
from lib.experiments import sweep
from lib.model import Network

MOST = 10_000  # features
NAIVE = 20, 30, 50, 60, 70, 75, 80, 85, 90, 100  # widths, in percent of features, that start from the naive plan, too


def points(base: Config, widths: Sequence[int]) -> list[Config]:
    """What section 14 trains, each once: all widths as usual, some from the naive plan and five times as long (with
    those that the paper has not in all ways), two neurons, and other sizes with ten features a neuron."""
    features = base.features
    part = lambda percent: max(1, features * percent // 100)
    own = {*widths} - {*map(part, (5, 10, 15, 40, *NAIVE))}

    def at(*percent: int, start: str = "small") -> list[Config]:
        return [replace(base, neurons=n, start=start) for n in sorted({*map(part, percent)} & {*widths} | own)]

    sizes = max(2, features // 2), min(2 * features, MOST), min(4 * features, MOST)
    half, double, fourfold = (replace(base, features=f, neurons=max(1, f // 10)) for f in sizes)
    usual = [replace(base, neurons=n) for n in sorted(widths)] + [half, double, replace(base, neurons=2), fourfold]
    naive = at(*NAIVE, start="naive")
    longer = map(sweep.longer, at(50, 75, 80, 85) + at(5, 20, 100) + at(50, 75, 80, 85, start="naive"))
    return list(dict.fromkeys([*usual, *naive, *longer]))


def ways(table: pd.DataFrame, base: Config) -> dict[str, pd.DataFrame]:
    """The rows of networks with `base.features`, by the way in which they were trained; ways not taken are left out."""
    usual, longer = base.steps, sweep.longer(base).steps
    names = "small start", "small start, 5 × steps", "from the naive plan", "naive plan, 5 × steps"
    here, both = table[table.features == base.features], product(("small", "naive"), (usual, longer))
    found = {
        name: here[(here.start == start) & (here.steps == n)] for name, (start, n) in zip(names, both, strict=True)
    }
    return {name: rows for name, rows in found.items() if len(rows)}


def by_width(network: Network, config: Config, x: Array) -> dict[str, Array]:
    """`measure.readings` without the ratios to the naive plan, which is perfect with a neuron for every feature.

    Args:
        x: samples (features, samples).

    Returns: besides, `monosemantic`, the share of neurons that give more than half of what they give to one feature;
    `active`, `mse`, `l4` and `loss` in units of those of silence (every output zero).
    """
    found = measure.readings(network, config, x)
    given = measure.contributions(network)
    ours, silence = (measure.metrics_and_loss(plan, config, x) for plan in (network, jnp.zeros_like))
    errors = {name: ours[name] / silence[name] for name in ours}
    return found | errors | {"monosemantic": jnp.mean(given.max(0) > given.sum(0) / 2)}


def read(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`by_width` of every network of an ensemble, all on the same samples: for each name an array (seeds,)."""
    return measure.read(networks, config, options, by_width)


def halfway(rows: pd.DataFrame) -> np.ndarray:
    """At how many neurons half of them belong to one feature, (networks,), NaN if nowhere; networks of one way."""
    return measure.crossings(sorted(rows.neurons.unique()), sweep.cube(rows, "monosemantic", "neurons"), 0.5)


def overtaken(naive: pd.DataFrame, small: pd.DataFrame, least: int) -> np.ndarray:
    """From how many neurons on, of `least` or more, the naive plan's networks end with the lower loss, (networks,)."""
    above, below = (rows.pivot(index="seed", columns="neurons", values="loss") for rows in (naive, small))
    ratio = (above / below).dropna(axis=1).loc[:, least:].iloc[:, ::-1]  # from the widest on: elsewhere they may tie
    return measure.crossings(list(ratio), ratio.to_numpy(), 1.0) if len(ratio.columns) else np.full(1, np.nan)
