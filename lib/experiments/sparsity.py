"""The sparsity p, alone and with the power of the error: what section 12 trains."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from lib import measure
from lib.config import Config
from lib.experiments import sweep


def points(base: Config, rates: Sequence[float]) -> list[Config]:
    """The networks at each of `rates`; at some of them also from other starts, and trained five times as long."""
    at = lambda *values: [p for p in values if p in rates]
    starts = [replace(base, p=p, start=s) for s in ("naive", "shared") for p in at(0.02, 0.1, 0.3, 0.5, 0.6, 0.7, 1.0)]
    longer = [sweep.longer(replace(base, p=p)) for p in at(0.002, 0.02, 0.1, 0.3, 0.5, 0.6, 0.7, 1.0)]
    return list(dict.fromkeys([replace(base, p=p) for p in rates] + starts + longer))


def plane(base: Config, grid: int) -> tuple[list[float], list[float], list[Config]]:
    """The phase diagram: values of p, of the power, and a configuration for each pair, in the order (power, p)."""
    digits = 3 if grid <= 100 else 4
    short = lambda low, high: [float(f"{value:.{digits}g}") for value in np.geomspace(low, high, grid)]
    across, up = [*short(0.002, 0.5), 0.7, 1.0], short(1.5, 8)
    return across, up, [replace(base, p=p, exponent=q) for q, p in product(up, across)]


def drawn(base: Config, rates: Sequence[float]) -> dict[float, Config]:
    """The network whose encoder is drawn, by p."""
    chosen = [p for p in (0.005, 0.1, 0.7) if p in rates] or sorted(rates)[:3]
    return {p: replace(base, p=p, seeds=1) for p in chosen}


def half(rows: pd.DataFrame) -> np.ndarray:
    """The p from which each network serves less than half of its features, (networks,); NaN for never, or always."""
    served = sweep.cube(rows, "served", "p")
    at = measure.crossings(sorted(rows.p.unique()), served, 0.5)
    return np.where(served[:, 0] > 0.5, at, np.nan) if served.size else at


def phases(served: np.ndarray, carriers: np.ndarray) -> dict[str, np.ndarray]:
    """Where a network is of which kind, from the shares of features served and the neurons per feature, any shape."""
    shared = served >= 0.5
    return {"favourites": served < 0.5, "groups": shared & (carriers < 1.5), "code": shared & (carriers >= 1.5)}


def overtaking(rates: Sequence[float], over: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The p at which a plan and each network change places, NaN where they do not, and whether the network is ahead
    before: (networks,) each.

    Args:
        rates: rising. over: a network's error over the plan's, (networks, rates), NaN where the naive plan makes none.
    """
    there = np.isfinite(over).all(0)
    if not there.any():
        return np.full(len(over), np.nan), np.zeros(len(over), bool)
    return measure.crossings(np.asarray(rates)[there], over[:, there], 1.0), over[:, there][:, 0] < 1
