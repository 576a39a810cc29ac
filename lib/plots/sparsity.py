"""Figures of the sparsity p, and of the plane of p and the loss exponent: section 12."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from scipy.ndimage import distance_transform_edt

from lib.plots.style import DIVERGING, NAIVE, OTHER, OURS, PALETTE, POST, axes, curve, logarithmic, plt

__all__ = ["tipping", "instead", "phases", "biases"]
PALE = "#f6d5a8", "#cfe3f3", "#8fbbdd"  # favourites, groups, code: names stay readable on them
RIVALS = {"naive plan with a constant": (PALETTE[4], "--"), "features summed": (PALETTE[5], "-.")}


def tipping(table, names, rivals) -> Figure:
    """Errors over the naive plan's against p, a panel for each metric.

    Args:
        table: a row per network, from `experiments.sweep.table`.
        names: what each metric is called.
        rivals: table with the columns p, plan, metric, ratio.
    """
    figure, panels = axes(3, height=2.9)
    for ax, (metric, name) in zip(panels, names.items(), strict=True):
        curve(ax, table, "p", metric, OURS, "trained")
        for plan, (color, line) in RIVALS.items():
            rows = rivals[(rivals.metric == metric) & (rivals.plan == plan)]
            ax.plot(rows.p, rows.ratio, line, color=color, label=plan)
        ax.axhline(1, color=NAIVE, label="naive plan")
        ax.set(title=name, xlabel="p")
        logarithmic(ax, (0.01, 0.1, 1))
        logarithmic(ax, (0.01, 0.03, 0.1, 0.3, 1, 3), "y")
        ax.set_ylim(max(1e-6, min(0.01, 0.9 * table[metric].min())), max(3, 1.1 * table[metric].max()))
    panels[0].set_ylabel("error / naive plan's")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize="small")
    return figure


def instead(table, theory, readings) -> Figure:
    """What a network is like at each p: one panel a reading, mean and central 95 % of networks.

    Args:
        theory: lines over the panel of the mean slope, by name: p and slope.
        readings: for each column of `table` what its axis says.
    """
    figure, panels = axes(len(readings))
    for ax, (name, label) in zip(panels, readings.items(), strict=True):
        curve(ax, table, "p", name, OURS, "trained networks")
        ax.set(ylabel=label, xlabel="p")
        logarithmic(ax, (0.01, 0.1, 1))
        if name == "slope_mean":
            for (kind, line), color, dash in zip(theory.items(), (NAIVE, OTHER), ("--", ":"), strict=True):
                ax.plot(*line, dash, color=color, label=kind)
        ax.set_ylim(0, None)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
    return figure


def _edges(centres) -> np.ndarray:
    """Ends of the cells around points of a logarithmic axis."""
    at = np.log(centres)
    middle = (at[1:] + at[:-1]) / 2
    return np.exp([2 * at[0] - middle[0], *middle, 2 * at[-1] - middle[-1]])


def phases(p, exponents, names, encoders, exponent: float) -> Figure:
    """The plane of p and the power of the loss with its phases by name, and the encoders of a few networks in it.

    Args:
        p, exponents: the axes of the grid.
        names: by phase, which points are in it, (exponents, p).
        encoders: by p, (neurons, features), of networks trained at the power `exponent`; marked by letters.
    """
    figure = plt.figure(figsize=(7.2, 4.0))
    grid = figure.add_gridspec(max(len(encoders), 1), 2)
    plane = figure.add_subplot(grid[:, 0])
    which = np.argmax(list(names.values()), 0)
    plane.pcolormesh(_edges(p), _edges(exponents), which, cmap=ListedColormap(PALE), vmin=0, vmax=2, rasterized=True)
    plane.set(xlabel="p", ylabel="power q of the error")
    logarithmic(plane, (0.01, 0.1, 1))
    logarithmic(plane, (1.5, 2, 3, 4, 6, 8), "y")
    for name, inside in names.items():
        room = distance_transform_edt(np.pad(inside, 1), (1, 0.3))[1:-1, 1:-1]  # names are longer than high
        row, column = np.unravel_index(room.argmax(), room.shape)
        if room.any():
            plane.text(p[column], exponents[row], name, ha="center", va="center", weight="bold")
    for row, (letter, (at, weights)) in enumerate(zip("ABCDEF", encoders.items(), strict=False)):
        plane.plot(at, exponent, "o", color="black", ms=4)
        plane.annotate(letter, (at, exponent), (0, -4), textcoords="offset points", ha="center", va="top")
        ax, limit = figure.add_subplot(grid[row, 1]), np.abs(weights).max()
        look = {"cmap": DIVERGING, "vmin": -limit, "vmax": limit, "aspect": "auto", "interpolation": "nearest"}
        ax.imshow(weights[:, np.lexsort((-weights.max(0), weights.argmax(0)))], **look)
        ax.set(yticks=(), xticks=(), ylabel="neuron")
        ax.set_title(f"{letter}: p = {at:g}", fontsize="small")
    ax.set_xlabel("feature, by the neuron that listens most")
    return figure


def biases(table, kinds, rivals) -> Figure:
    """Loss over the naive plan's, and the share of features that are served, against p: a line for each kind of bias.

    Args:
        table: a row per network, from `experiments.sweep.table`.
        kinds: what each value of its column `biases` is called.
        rivals: as in `tipping`.
    """
    figure, panels = axes(2)
    plan = next(iter(RIVALS))
    rows, (color, line) = rivals[(rivals.plan == plan) & (rivals.metric == "l4")], RIVALS[plan]
    panels[0].plot(rows.p, rows.ratio, line, color=color, label=plan)
    for ax, name, label in zip(panels, ("loss", "served"), ("loss / naive plan's", "features served"), strict=True):
        for (kind, words), color in zip(kinds.items(), (OURS, OTHER, POST), strict=True):
            curve(ax, table[table.biases == kind], "p", name, color, words)
        ax.set(xlabel="p", ylabel=label)
        logarithmic(ax, (0.01, 0.1, 1))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize="small")
    return figure
