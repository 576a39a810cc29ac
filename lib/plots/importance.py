"""Figures of features that weigh more: section 13. Tables have a row per network, with its `importance`."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.pyplot import subplots
from matplotlib.ticker import LogFormatter

from lib.measure.statistics import PARTS
from lib.plots.style import CENTRAL, DIM, NAIVE, OTHER, OURS, PALETTE, axes, curve, heatmap, nothing

__all__ = ["by_weight", "overlap_by_group", "starts_by_weight", "encoders_by_weight", "by_slice"]
GROUPS = {"favoured": NAIVE, "others": OURS, "between": OTHER}
LINES = ("--", ":")
WEIGHT = "weight of a favoured feature"


def _curve(ax, table: pd.DataFrame, values: pd.Series, color, label: str | None = None, style: str = ".-") -> None:
    """Mean and central 95 % of networks against the weight."""
    curve(ax, table.assign(shown=values), "importance", "shown", color, label, style)


def _means(table: pd.DataFrame, values: pd.Series) -> tuple:
    """Weights, and the mean of networks at each."""
    mean = values.groupby(table.importance).mean()
    return mean.index, mean


def _weights(ax, label: str) -> None:
    ax.set(xscale="log", ylabel=label)
    ax.xaxis.set_major_formatter(LogFormatter())


def by_weight(small: pd.DataFrame, naive: pd.DataFrame, weights, theory) -> Figure:
    """Slopes of both groups of features, and neurons per feature from two starts, against the favoured's weight.

    Args:
        small, naive: networks from small weights and from the naive plan.
        theory: by name, slopes of favoured and others, (2, weights).
    """
    figure, (left, right) = axes(2, height=3.6)
    for group in ("favoured", "others"):
        _curve(left, small, small[f"slope_{group}"], GROUPS[group], group)
        _curve(right, small, small[f"carried_{group}"], GROUPS[group], f"{group}, small start")
        right.plot(
            *_means(naive, naive[f"carried_{group}"]), "x:", ms=4, color=GROUPS[group], label=f"{group}, naive start"
        )
    for (title, pair), style in zip(theory.items(), LINES, strict=False):
        for color, slopes in zip(GROUPS.values(), pair, strict=False):
            left.plot(weights, slopes, style, color=color, lw=1.2)
        left.plot([], [], style, color=DIM, lw=1.2, label=f"theory, {title} code")
    for ax, label in ((left, "mean slope"), (right, "neurons per feature")):
        _weights(ax, label)
        ax.set(xlabel=WEIGHT, ylim=(0, None))
        ax.legend(fontsize="x-small", loc="upper left")
    left.set_ylim(0, 1.35)
    return figure


def overlap_by_group(table: pd.DataFrame) -> Figure:
    """Overlap over that of random sets: of the neurons that carry two features, by group; of neurons' footprints."""
    figure, (left, right) = axes(2, sharey=True)
    for where, color in GROUPS.items():
        label = where if where == "between" else f"within {where}"
        _curve(left, table, table[f"overlap_{where}"] / table[f"chance_{where}"], color, label)
    _curve(right, table, table.footprints / table.footprints_chance, PALETTE[4])
    for ax, label in ((left, "overlap of carriers / chance"), (right, "overlap of footprints / chance")):
        _weights(ax, label)
        ax.axhline(1, color=DIM, lw=1)
        ax.set(xlabel=WEIGHT, ylim=(0, None))
    left.legend(fontsize="small", loc="lower left")
    return figure


def starts_by_weight(tables: dict[str, pd.DataFrame]) -> Figure:
    """Training loss over its mean from the first of `tables`, in percent, and dedicated neurons, against the weight."""
    figure, (left, right) = axes(2)
    usual = next(iter(tables.values())).groupby("importance").loss.mean()
    for (kind, table), color, style in zip(tables.items(), (OURS, NAIVE, OTHER), (".-", "s-", "D:"), strict=False):
        _curve(left, table, 100 * (table.loss / table.importance.map(usual) - 1), color, kind, style)
        _curve(right, table, table.dedicated, color, kind, style)
    for ax, label in ((left, "loss above the small start's, %"), (right, "dedicated neurons")):
        _weights(ax, label)
        ax.set_xlabel(WEIGHT)
    left.axhline(0, color=DIM, lw=0.8)
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
    return figure


def encoders_by_weight(encoders: dict[str, np.ndarray], favoured: int) -> Figure:
    """W_in (neurons, features) of one network for each name; favoured features left of a line, in the order of their
    strongest neurons, and then the others likewise."""
    figure, panels = subplots(len(encoders), 1, figsize=(7.2, 1.9 * len(encoders)), sharex=True)
    for ax, (name, encoder) in zip(panels, encoders.items(), strict=True):
        strongest = encoder.argmax(0)
        order = np.lexsort((-encoder.max(0), strongest, np.arange(len(strongest)) >= favoured))
        heatmap(ax, encoder[:, order], name, "encoder weight")
        ax.axvline(favoured - 0.5, color="black")
        ax.set(ylabel="neuron", yticks=(), xticks=())
    panels[-1].set_xlabel(f"feature; the {favoured} left of the line are favoured")
    return figure


def by_slice(table: pd.DataFrame, theory: dict[float, np.ndarray]) -> Figure:
    """Mean slopes of slices of the features, heaviest first, by the weight of the first.

    Args:
        theory: slopes of the slices, by the weight of the first.
    """
    figure, ax = axes(width=5.5)
    slices = np.arange(1, PARTS + 1)
    for (weight, rows), color, mark in zip(table.groupby("importance"), PALETTE, "osD^vP", strict=False):
        values = rows[[f"slope_{k - 1}" for k in slices]].to_numpy()
        low, high = np.percentile(values, CENTRAL, axis=0)
        ax.fill_between(slices, low, high, color=color, alpha=0.25, lw=0)
        ax.plot(slices, values.mean(0), mark, ms=4, color=color, label=f"{weight:,.0f}")
        if weight in theory:
            ax.plot(slices, theory[weight], "--", lw=1, color=color)
    ax.set(xlabel="tenth of the features, heaviest first", ylabel="mean slope", xticks=slices, ylim=(0, None))
    if table.empty:
        nothing(ax)
    else:
        ax.legend(title="weight of the first", fontsize="small")
    return figure
