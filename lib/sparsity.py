"""The sparsity p, alone and with the power of the error: what section 12 trains, and where one plan overtakes another."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from lib import knobs
from lib.config import Config

NAMED = {0.002: "a rare feature", 0.02: "the post's", 0.1: "many", 0.5: "half", 0.7: "most", 1.0: "all on"}


def points(base: Config, rates: Sequence[float]) -> list[Config]:
    """The networks at each of `rates`; at some of them also from other starts, and trained five times as long."""
    at = lambda *values: [p for p in values if p in rates]  # noqa: E731
    starts = [replace(base, p=p, start=s) for s in ("naive", "shared") for p in at(0.02, 0.1, 0.3, 0.5, 0.6, 0.7, 1.0)]
    longer = [knobs.longer(replace(base, p=p)) for p in at(0.002, 0.02, 0.1, 0.3, 0.5, 0.6, 0.7, 1.0)]
    return list(dict.fromkeys([replace(base, p=p) for p in rates] + starts + longer))


def plane(base: Config, grid: int) -> tuple[list[float], list[float], list[Config]]:
    """The phase diagram: values of p, of the power, and a configuration for each pair, in the order (power, p)."""
    digits = 3 if grid <= 100 else 4
    short = lambda low, high: [float(f"{value:.{digits}g}") for value in np.geomspace(low, high, grid)]  # noqa: E731
    across, up = [*short(0.002, 0.5), 0.7, 1.0], short(1.5, 8)
    return across, up, [replace(base, p=p, exponent=q) for q, p in product(up, across)]


def drawn(base: Config, rates: Sequence[float]) -> dict[float, Config]:
    """The networks whose encoders are drawn, by p."""
    chosen = [p for p in (0.005, 0.1, 0.7) if p in rates] or sorted(rates)[:3]
    return {p: replace(base, p=p) for p in chosen}


# ---- in words


def race(rates: Sequence[float], over: np.ndarray) -> tuple[np.ndarray, str]:
    """Where a plan overtakes each network as p rises, (networks,), NaN where it does not; and who is ahead, in words.

    Args:
        rates: rising. over: error of a network over that of the plan, (networks, rates), NaN where the naive plan makes none.
    """
    there = np.isfinite(over).all(0)
    if not there.any():
        return np.full(len(over), np.nan), "undefined: the naive plan makes no error"
    over = over[:, there]
    at, ahead = knobs.passes(np.asarray(rates)[there], over, 1.0), over[:, 0].mean() < 1
    words = f"{'network' if ahead else 'plan'} " + (f"below p = {knobs.around(at, '.3g')}" if np.isfinite(at).any() else "at every p")
    return np.where(over[:, 0] < 1, at, np.nan), words


def half(rows: pd.DataFrame) -> np.ndarray:
    """The p from which each network serves less than half of its features, (networks,), NaN where it never does or always did."""
    served = knobs.cube(rows, "served", "p")
    at = knobs.passes(sorted(rows.p.unique()), served, 0.5)
    return np.where(served[:, 0] > 0.5, at, np.nan) if served.size else at


def like(p: float, mean: pd.Series) -> str:
    """What networks are like at this p, from the means of their readings."""
    carried = f"a feature is carried by **{mean.carriers:.1f}** neurons" if np.isfinite(mean.carriers) else "no feature is carried"
    named = f" ({NAMED[p]})" if p in NAMED else ""
    return (
        f"p = {p:g}{named}: {carried}, a neuron listens to {mean.load:.0f} features; slope {mean.slope_mean:.2f}, "
        f"{mean.ignored:.0f} features ignored, tied cosine {mean.tied_cosine:.2f}"
    )
