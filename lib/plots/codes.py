"""Figures of codes that nobody trained beside trained networks, and of the law: section 17."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from lib.plots.sparsity import _edges
from lib.plots.style import DIM, NAIVE, OTHER, OURS, PALETTE, POST, axes, curve, logarithmic, nothing, points

__all__ = ["sizes_by_p", "predicted_changes", "complete_codes", "at_scale", "law"]
MARKS = "osD^vP"
PALE = sns.color_palette("blend:#fafafa,#5c94c4", as_cmap=True)  # lines stay readable on all of it


def sizes_by_p(table, networks) -> Figure:
    """Loss of random sets over that of the best size, against p, and neurons per feature beside the best size.

    Args:
        table: from `experiments.codes.by_size`, at one power.
        networks: rows of trained networks, with the columns p and carriers.
    """
    figure, (left, right) = axes(2, height=3)
    loss = table.groupby(["p", "size"]).loss.mean().unstack()
    over = table.assign(over=100 * (table.loss / table.p.map(loss.min(axis=1)) - 1))
    for size, color in zip(loss, PALETTE, strict=False):
        curve(left, over[over["size"] == size], "p", "over", color, f"{size}")
    left.set(ylim=(-0.5, 21), xlabel="p, probability that a feature is on", ylabel="loss above the least, %")
    small = {"fontsize": "small", "title_fontsize": "small", "handlelength": 1}
    left.legend(title="neurons a feature", ncols=3, loc="upper left", **small)
    if len(networks):
        curve(right, networks, "p", "carriers", OURS, "trained networks", "o-")
    right.plot(loss.index, loss.idxmin(axis=1), "s", color=POST, ms=6, label="best size, untrained")
    right.set(xlabel="p, probability that a feature is on", ylabel="neurons per feature", ylim=(0.7, None))
    right.legend(fontsize="small")
    for ax in (left, right):
        logarithmic(ax, [p for p in (0.001, 0.01, 0.1, 1) if loss.index[0] / 3 <= p <= 3 * loss.index[-1]])
    return figure


def predicted_changes(p, exponents, carriers, seen, told) -> Figure:
    """Neurons per feature over the plane of p and q, where networks change, and where random sets say they should.

    Args:
        carriers: mean over networks, (exponents, p); NaN where it does not apply.
        seen: by name, p for each exponent, (exponents,), where networks pass half-way; NaN for nowhere.
        told: by the same names, exponents, and p by exponent and draw of the sets (exponents, draws).
    """
    figure, ax = axes(width=6.2, height=3.6)
    image = ax.pcolormesh(_edges(p), _edges(exponents), carriers, cmap=PALE, vmin=1, vmax=4, rasterized=True)
    figure.colorbar(image, ax=ax, label="neurons per feature, networks")
    for (name, at), color, mark in zip(seen.items(), ("black", POST), "os", strict=False):
        ax.plot(at, exponents, color=color, lw=1.8, label=f"{name}: networks")
        powers, places = told[name]
        middle = np.nanmean(places, 1)
        ends = abs(np.stack([np.nanmin(places, 1), np.nanmax(places, 1)]) - middle)
        ax.errorbar(
            middle, powers, xerr=ends, fmt=mark, mfc="white", color=color, capsize=2, label=f"{name}: predicted"
        )
    logarithmic(ax, (0.01, 0.1, 1))
    logarithmic(ax, (1.5, 2, 3, 4, 6, 8), "y")
    ax.set(xlabel="p, probability that a feature is on", ylabel="exponent q of the loss")
    if len(told):
        figure.legend(loc="outside upper center", ncols=2, fontsize="small")
    return figure


def complete_codes(networks, codes, names) -> Figure:
    """Loss over silence of trained networks and of codes that nobody trained, a panel for each number of features.

    Args:
        networks: rows of trained networks, with the columns features, p, steps, loss.
        codes: a row for each code: features, p, loss, and `code`, one of `names`.
    """
    sizes = sorted(networks.features.unique())
    figure, panels = axes(len(sizes), height=2.9, squeeze=False)
    for ax, features in zip(panels[0], sizes, strict=True):
        mine, rows = networks[networks.features == features], codes[codes.features == features]
        rates, lengths = sorted(mine.p.unique()), sorted(mine.steps.unique())
        for shift, (steps, color) in zip((-0.12, 0), zip(lengths, (OTHER, OURS), strict=False), strict=False):
            some = mine[mine.steps == steps]
            points(
                ax, some.assign(at=some.p.map(rates.index) + shift), "at", "loss", color, f"trained, {steps:,} steps"
            )
        for name, mark, color, shift in zip(names, "D^", (POST, NAIVE), (0.12, 0.24), strict=True):
            some = rows[rows.code == name]
            ax.plot(some.p.map(rates.index) + shift, some.loss, mark, ms=7, color=color, label=name)
        ax.set(title=f"{features} features", xticks=range(len(rates)), xticklabels=[f"p = {p:g}" for p in rates])
        ax.set(xlim=(-0.5, len(rates) - 0.5))
        ax.set_ylim(0, 1.1 * np.nanmax([1e-9, *mine.loss, *rows.loss]))
    panels[0][0].set_ylabel("loss / silence")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
    return figure


def at_scale(table, told) -> Figure:
    """Mean slope, beside the law, and neurons per feature, against the number of features.

    Args:
        table: rows of trained networks; `told`: features and the law's slopes.
    """
    figure, (left, right) = axes(2, height=2.9)
    points(left, table, "features", "slope_mean", OURS, "trained networks", "o-")
    left.plot(*told, "--", color=NAIVE, label="the law")
    points(right, table, "features", "carriers", OURS, "trained networks", "o-")
    left.set(ylabel="mean slope", xlabel="features", ylim=(0, 1))
    right.set(ylabel="neurons per feature", xlabel="features")
    most = table.carriers.max()
    logarithmic(right, [tick for tick in (1, 2, 3, 5, 10, 20, 50, 100) if tick <= most] or [1], "y")
    for ax in (left, right):
        logarithmic(ax, sorted(table.features.unique()))
    left.legend(fontsize="small")
    return figure


def law(table, name: str, label: str, calm: float, scale: str = "linear") -> Figure:
    """A reading of trained networks against the law, a mark a point; and how far the law is off, against crowding.

    Args:
        table: from `experiments.codes.beside_law`; `name`: slope or loss, and `label` what it is called.
        calm: positive inputs per neuron up to which the law is meant; points beyond are hollow.
    """
    figure, (left, right) = axes(2, height=3.4)
    told, quiet = f"{name}_law", table.crowding <= calm
    for (sweep, rows), color, mark in zip(table.groupby("sweep"), PALETTE, MARKS, strict=False):
        for some, face in ((rows[quiet[rows.index]], color), (rows[~quiet[rows.index]], "none")):
            style = {"color": color, "mfc": face, "ms": 4, "ls": "", "marker": mark, "mew": 0.8}
            left.plot(some[told], some[name], **style, label=sweep if face == color else None)
            right.plot(some.crowding, some[told] / some[name], **style)
    there = table[[told, name]].to_numpy()
    if there.size:
        ends = np.nanmin(np.where(there > 0, there, np.nan)), np.nanmax(there)
        left.plot(ends, ends, color=DIM, lw=0.8, zorder=0)
    else:
        nothing(left)
    right.axhline(1, color=DIM, lw=0.8, zorder=0)
    right.axvline(calm, color=DIM, lw=0.8, ls=":", zorder=0)
    left.set(xlabel=f"{label}, by the law", ylabel=f"{label}, trained networks", xscale=scale, yscale=scale)
    right.set(xlabel="positive inputs per neuron", ylabel="law / trained networks", yscale="log")
    logarithmic(right, (0.01, 0.1, 1))
    logarithmic(right, (0.3, 0.5, 1, 2, 4), "y")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
    return figure
