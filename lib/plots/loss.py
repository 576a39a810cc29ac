"""Figures of the power q of the error: section 11. Tables have a row per network, with its `exponent`."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lib.plots.style import DIM, NAIVE, OTHER, OURS, PALETTE, axes, band, curve, heatmap, logarithmic, nothing, points

__all__ = ["ties", "by_power", "at_the_tie", "starts", "fairness_by_power"]
TICKS = (1.5, 2, 3, 4, 6, 8)
THEORY = {"bound": "-", "random directions": "--"}


def _powers(ax, label: str) -> None:
    ax.axvline(2, color=DIM, ls=":", lw=1)
    logarithmic(ax, TICKS)
    ax.set_ylabel(label)


def ties(powers, losses) -> Figure:
    """Loss with one feature on over the naive plan's, (powers,) by the name of a plan."""
    figure, ax = axes(width=5.5, height=3.0)
    for (name, values), color in zip(losses.items(), (NAIVE, OURS, OTHER), strict=True):
        ax.plot(powers, values, color=color, label=name)
    ax.axvline(2, color=DIM, ls=":", lw=1)
    ax.set(xlabel="power q of the error", ylabel="loss / naive plan's")
    ax.legend(fontsize="small")
    return figure


def by_power(table: pd.DataFrame, sparse: pd.DataFrame, powers, losses, meanfield: tuple[float, float]) -> Figure:
    """Share of features served, and the training loss over the naive plan's, against the power.

    Args:
        sparse: networks trained with rarer features.
        losses: theory (powers,) by name in `THEORY`; `meanfield`: one power and its loss.
    """
    figure, (left, right) = axes(2, height=3.4)
    for ax, name, label in ((left, "served", "features served"), (right, "loss", "training loss / naive plan's")):
        curve(ax, table, "exponent", name, OURS, f"trained, p = {table.p.iloc[0]:g}", ".-")
        if len(sparse):
            points(ax, sparse, "exponent", name, PALETTE[4], f"trained, p = {sparse.p.iloc[0]:g}", "s")
        _powers(ax, label)
        ax.set_xlabel("power q of the error")
    for name, style in THEORY.items():
        right.plot(powers, losses[name], style, color=NAIVE, lw=1, label=f"one feature at a time, {name}")
    right.plot(*meanfield, "*", ms=9, color="black", label="theory of least crosstalk")
    right.axhline(1, color=DIM, lw=1)
    logarithmic(right, (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2), "y")
    right.set_ylim(0.01, 2)
    left.set_ylim(0, 1.05)
    figure.legend(*right.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
    return figure


def at_the_tie(slopes, projection, share: float, encoder) -> Figure:
    """Slopes of networks trained at the tie, (seeds, features) sorted, beside those of a random projection (features,)
    and of the naive plan; and W_in (neurons, features) of one network."""
    figure, (left, right) = axes(2, width=9, height=3.2)
    rank = np.arange(1, slopes.shape[1] + 1)
    band(left, rank, -np.sort(-slopes, 1), OURS, "trained")
    left.plot(rank, -np.sort(-projection), color=OTHER, label="a random projection")
    left.plot(rank, rank <= round(share * len(rank)), color=NAIVE, drawstyle="steps-mid", label="naive plan")
    left.set(xlabel="feature, sorted by slope", ylabel="slope, R_ii")
    left.legend(fontsize="small")
    order = np.lexsort((-encoder.max(0), encoder.argmax(0)))
    heatmap(right, encoder[:, order], "network 0", "W_in")
    right.set(xlabel="feature, grouped by its strongest neuron", ylabel="neuron", yticks=range(0, len(encoder), 3))
    return figure


def starts(table: pd.DataFrame) -> Figure:
    """Training loss over its mean from the small start, and share of features served, by `start` and power."""
    figure, (left, right) = axes(2, width=9, height=3.2)
    powers = sorted(table.exponent.unique())
    if not powers:
        for ax in (left, right):
            nothing(ax, "no power was trained\nfrom other starts")
        return figure
    usual = table[table.start == "small"].groupby("exponent").loss.mean()
    table = table.assign(excess=100 * (table.loss / table.exponent.map(usual) - 1))
    looks = (("small", OURS, "o", -0.2), ("naive", NAIVE, "s", 0), ("shared", OTHER, "D", 0.2))
    for start, color, mark, shift in looks:
        rows = table[table.start == start]
        rows = rows.assign(exponent=[powers.index(q) + shift for q in rows.exponent])
        points(left, rows, "exponent", "excess", color, start, mark)
        points(right, rows, "exponent", "served", color, start, mark)
    for ax in (left, right):
        ax.set_xticks(range(len(powers)), [f"{q:g}" for q in powers])
        ax.set_xlabel("power q of the error")
        ax.legend(title="start", fontsize="small")
    left.axhline(0, color=DIM, lw=0.8)
    left.set(ylabel="loss above small start's, %")
    left.set_yscale("symlog", linthresh=1)
    left.yaxis.set_major_formatter("{x:g}")
    right.set(ylabel="share of features served")
    return figure


def fairness_by_power(tables: dict[str, pd.DataFrame], names: dict[str, str], window: tuple[float, float]) -> Figure:
    """Spread over features, over the mean, against the power, by kind of training; a panel for each of `names`."""
    figure, panels = axes(len(names), width=9, height=3.2)
    for ax, (name, label) in zip(panels, names.items(), strict=True):
        for (kind, table), color, mark in zip(tables.items(), (OURS, PALETTE[4], NAIVE, OTHER), "os^D", strict=False):
            near = table[table.exponent.between(*window)]
            near = near.assign(**{name: 100 * near[name]})
            if near.exponent.nunique() > 3:
                curve(ax, near, "exponent", name, color, kind, ".-")
            elif len(near):
                points(ax, near, "exponent", name, color, kind, mark)
        ax.set(xlabel="power q of the error", ylabel=label, ylim=(0, None))
        if not ax.get_legend_handles_labels()[0]:
            nothing(ax, f"no power above {window[0]:g}\nwas swept")
    if panels[0].get_legend_handles_labels()[0]:
        panels[0].legend(fontsize="small")
    return figure
