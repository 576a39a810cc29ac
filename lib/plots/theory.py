"""Figures of what needs no training: nulls and theory, sections 08 and 09."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lib.plots.style import DIM, NAIVE, OTHER, OURS, axes

__all__ = ["shown_by", "fairness", "slope_balance", "theories", "chance"]


def shown_by(same: pd.DataFrame) -> Figure:
    """Which code has which number, (numbers, codes): a square for 1, a dot for 0, nothing where there is no number."""
    figure, ax = axes(width=6.6, height=0.27 * len(same) + 1.0)
    for there, mark, size, colour, label in (
        (1, "s", 9, OURS, "as in trained networks"),
        (0, ".", 4, DIM, "elsewhere"),
    ):
        at, code = np.nonzero(same.to_numpy() == there)
        ax.plot(code, at, mark, ms=size, color=colour, label=label)
    found = (same == 1).any(axis=1).sum()
    if 0 < found < len(same):
        ax.axhline(found - 0.5, color=DIM, lw=0.8)
    ax.set(xticks=range(same.shape[1]), xticklabels=list(same), xlim=(-0.5, same.shape[1] - 0.5))
    ax.set(yticks=range(len(same)), yticklabels=list(same.index), ylim=(len(same) - 0.4, -0.6))
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize="small")
    return figure


def fairness(slopes: dict[str, np.ndarray]) -> Figure:
    """Slopes of all features of some networks (networks, features), by the name of the code."""
    figure, ax = axes(height=2.8)
    every = np.concatenate([values.ravel() for values in slopes.values()])
    bins = np.linspace(*np.percentile(every, [0.1, 99.9]), 80)
    for (name, values), colour in zip(slopes.items(), (OURS, NAIVE, OTHER), strict=True):
        shares = np.full(values.size, 100 / values.size)
        ax.hist(values.ravel(), bins, weights=shares, color=colour, histtype="stepfilled", alpha=0.5, label=name)
    ax.set(xlabel="slope of a feature", ylabel="% of features")
    ax.legend(fontsize="small")
    return figure


def slope_balance(slopes: np.ndarray, on: np.ndarray, off: np.ndarray, networks: dict[str, np.ndarray]) -> Figure:
    """Loss against slope, (slopes,), in two parts and their sum with its minimum; below it the slopes of networks."""
    figure, ax = axes(height=3.4)
    ax.plot(slopes, on, color=NAIVE, label="while the feature is on: too faint")
    ax.plot(slopes, off, color=OTHER, label="while it is off: crosstalk")
    ax.plot(slopes, on + off, color="black", lw=2, label="both")
    if np.isfinite(on + off).any():
        best = np.nanargmin(on + off)
        ax.plot(slopes[best], (on + off)[best], "o", ms=8, color="black", label="the least: predicted slope")
    for row, (colour, (name, values)) in enumerate(zip((DIM, OURS), networks.items(), strict=False)):
        ax.plot(values, np.full(len(values), -0.05 - 0.05 * row), "|", ms=9, color=colour, label=name)
    ax.set(xlabel="slope", ylabel="loss / loss of silence", ylim=(-0.14, 1.02), xlim=(0, 1))
    ax.axhline(0, color=DIM, lw=0.8)
    ax.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.42, 1.02))
    return figure


def theories(losses: pd.DataFrame) -> Figure:
    """Slope and loss against p: two theories as lines, trained networks as marks, hollow without negative inputs.

    Args:
        losses: rows of `experiments.predicted.beside` with `kind` and `rate`; the first kind has negative inputs.
    """
    figure, panels = axes(2, height=3.3)
    with_negative, *without = [rows for _, rows in losses.groupby("kind", sort=False)]
    for ax, what, label in zip(panels, ("slope", "loss"), ("mean slope", "loss / naive plan's"), strict=True):
        line = with_negative[f"{what}, least crosstalk"]
        ax.plot(with_negative.rate, line, "--", color=NAIVE, label="theory: least crosstalk")
        ax.plot(with_negative.rate, with_negative[f"{what}, sets"], "-", color=OTHER, label="theory: sets")
        ax.plot(with_negative.rate, with_negative[f"{what}, trained"], "o", ms=5, color=OURS, label="trained")
        for rows in without:
            hollow = {"ms": 7, "color": OURS, "mfc": "none", "label": "trained, no negative inputs"}
            ax.plot(rows.rate, rows[f"{what}, trained"], "s", **hollow)
        ax.set(xscale="log", xlabel="p, probability that a feature is on", ylabel=label)
        ax.set_xticks(with_negative.rate, [f"{rate:g}" for rate in with_negative.rate])
        ax.minorticks_off()
    panels[0].legend(fontsize="small", loc="lower left")
    return figure


def chance(names, measured, expected) -> Figure:
    """Numbers that chance predicts: trained networks (names x seeds) over their expectation, 1 for pure chance."""
    figure, ax = axes(height=0.4 * len(names) + 1.0)
    rows = np.arange(len(names))
    for row, values, value in zip(rows, measured, expected, strict=True):
        ax.plot(values / value, np.full(len(values), row), "|", ms=9, alpha=0.5, color=OURS)
    ax.axvline(1, color=NAIVE, label="chance")
    ax.set(yticks=rows, yticklabels=names, ylim=(len(rows) - 0.5, -0.5), xlabel="trained network / expected by chance")
    ax.legend(fontsize="small")
    return figure
