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


def by_weight(tables: dict[str, pd.DataFrame], names: dict[str, str], weights, theory) -> Figure:
    """What each group of features gets against the favoured's weight, a panel for each of `names` (column to label).

    The first of `tables` is drawn with its spread, the second as a thin line. For `tilt`, the ratio of the groups.

    Args:
        theory: by name, slopes of favoured and others, (2, weights); drawn in the panel of `slope`.
    """
    figure, grid = subplots(2, -(-len(names) // 2), figsize=(8, 5.6), sharex=True)
    (first, table), (second, other) = tables.items()
    for ax, (name, label) in zip(grid.flat, names.items(), strict=True):
        if name == "tilt":
            _curve(ax, table, table.tilt_favoured / table.tilt_others, "black")
            ax.plot(*_means(other, other.tilt_favoured / other.tilt_others), "x-", ms=4, lw=0.8, color="black")
            ax.plot(weights, weights**0.25, LINES[0], color=OTHER, label="theory, any code")
            ax.legend(fontsize="small")
        for group in ("favoured", "others") if name != "tilt" else ():
            _curve(ax, table, table[f"{name}_{group}"], GROUPS[group], f"{group}, {first}")
            ax.plot(
                *_means(other, other[f"{name}_{group}"]),
                "x-",
                ms=4,
                lw=0.8,
                color=GROUPS[group],
                label=f"{group}, {second}",
            )
        _weights(ax, label)
        ax.set_ylim(0, None)
    for (title, pair), style in zip(theory.items(), LINES, strict=False):
        for (group, color), slopes in zip(GROUPS.items(), pair, strict=False):
            grid.flat[0].plot(weights, slopes, style, color=color, lw=1.2, label=f"{group}, theory, {title}")
    for ax in grid[-1]:
        ax.set_xlabel(WEIGHT)
    figure.legend(*grid.flat[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize="small")
    return figure


def overlap_by_group(tables: dict[str, pd.DataFrame]) -> Figure:
    """Overlap over that of random sets: carriers by group, a panel for each of `tables`; neurons' footprints."""
    figure, panels = axes(len(tables) + 1, width=9.5, height=3.4)
    for ax, (title, table) in zip(panels, tables.items(), strict=False):
        for where, color in GROUPS.items():
            _curve(
                ax,
                table,
                table[f"overlap_{where}"] / table[f"chance_{where}"],
                color,
                f"within {where}" if where != "between" else where,
            )
        ax.set_title(title, fontsize="small")
        _weights(ax, "overlap of features' carriers / chance")
    for (title, table), color, style in zip(tables.items(), (OURS, PALETTE[4]), (".-", "s-"), strict=True):
        _curve(panels[-1], table, table.footprints / table.footprints_chance, color, title, style)
    _weights(panels[-1], "overlap of neurons' footprints / chance")
    panels[-1].set_title("as in section 7", fontsize="small")
    for ax in panels:
        ax.axhline(1, color=DIM, lw=1)
        ax.set(xlabel=WEIGHT, ylim=(0, 2))
    for ax in panels[[0, -1]]:
        ax.legend(fontsize="x-small")
    return figure


def starts_by_weight(tables: dict[str, pd.DataFrame], names: dict[str, str]) -> Figure:
    """Training loss over its mean from the first of `tables`, in percent, and each of `names`, against the weight."""
    figure, panels = axes(1 + len(names), width=9, height=3.4)
    looks = zip(tables.items(), (OURS, NAIVE, OURS, NAIVE, OTHER), (".-", ".-", "s:", "s:", "D:"), strict=True)
    usual = next(iter(tables.values())).groupby("importance").loss.mean()
    for (kind, table), color, style in looks:
        excess = 100 * (table.loss / table.importance.map(usual) - 1)
        for ax, values in zip(panels, (excess, *(table[name] for name in names)), strict=True):
            _curve(ax, table, values, color, kind, style)
    for ax, label in zip(panels, ("loss above small start's, %", *names.values()), strict=True):
        ax.set_xlabel(WEIGHT)
        _weights(ax, label)
    panels[0].axhline(0, color=DIM, lw=0.8)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize="small")
    return figure


def encoders_by_weight(encoders: dict[str, np.ndarray], favoured: int) -> Figure:
    """W_in (neurons, features) of one network for each name; neurons in the order of their favourite feature."""
    figure, panels = subplots(len(encoders), 1, figsize=(9, 1.9 * len(encoders)), sharex=True)
    for ax, (name, encoder) in zip(panels, encoders.items(), strict=True):
        heatmap(ax, encoder[np.argsort(encoder[:, :favoured].argmax(1), kind="stable")], name, "W_in")
        ax.axvline(favoured - 0.5, color="black", lw=0.8)
        ax.set(ylabel="neuron", yticks=())
    panels[-1].set_xlabel(f"feature; the first {favoured}, left of the line, are favoured")
    return figure


def by_slice(table: pd.DataFrame, names: dict[str, str], theory: dict[float, np.ndarray]) -> Figure:
    """Means over slices of the features, most important first, by the weight of the first; a panel for each of `names`.

    Args:
        theory: slopes of the slices by the weight of the first, drawn in the panel of `slope`.
    """
    figure, panels = axes(len(names), width=9, height=3.4)
    slices = np.arange(1, PARTS + 1)
    for (weight, rows), color, mark in zip(table.groupby("importance"), PALETTE, "osD^vP", strict=False):
        for ax, name in zip(panels, names, strict=True):
            values = rows[[f"{name}_{k - 1}" for k in slices]].to_numpy()
            low, high = np.percentile(values, CENTRAL, axis=0)
            ax.fill_between(slices, low, high, color=color, alpha=0.25, lw=0)
            ax.plot(
                slices,
                values.mean(0),
                mark,
                ls="-" if name != "slope" else "",
                ms=4,
                color=color,
                label=f"{weight:,.0f}",
            )
            if name == "slope" and weight in theory:
                ax.plot(slices, theory[weight], "--", lw=1, color=color)
    for ax, label in zip(panels, names.values(), strict=True):
        ax.set(xlabel="tenth of the features, most important first", ylabel=label, xticks=slices, ylim=(0, None))
        if table.empty:
            nothing(ax)
    if len(table):
        panels[-1].legend(title="weight of the first", fontsize="small")
    return figure
