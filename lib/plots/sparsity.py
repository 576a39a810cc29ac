"""Figures of the sparsity p, and of the plane of p and the loss exponent: section 12."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from scipy.ndimage import distance_transform_edt

from lib.plots.style import DIVERGING, NAIVE, OTHER, OURS, PALETTE, POST, axes, curve, logarithmic, nothing, plt

__all__ = ["tipping", "instead", "encoders_by_p", "phases", "biases"]
PALE = sns.color_palette("blend:#fafafa,#5c94c4", as_cmap=True)  # lines and names stay readable on all of it
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
    figure, grid = plt.subplots(2, 3, figsize=(7.2, 4.4), sharex=True)
    for ax, (name, label) in zip(grid.flat, readings.items(), strict=True):
        curve(ax, table, "p", name, OURS, "trained networks")
        ax.set_ylabel(label)
        logarithmic(ax, (0.01, 0.1, 1))
        if name == "slope_mean":
            for (kind, line), color, dash in zip(theory.items(), (NAIVE, OTHER), ("--", ":"), strict=True):
                ax.plot(*line, dash, color=color, label=kind)
    for ax in grid[1]:
        ax.set_xlabel("p")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
    return figure


def encoders_by_p(encoders) -> Figure:
    """W_in of one network at each p: neurons down, features across, sorted by the neuron that listens most.

    Args:
        encoders: by p, (neurons, features).
    """
    figure, panels = plt.subplots(
        len(encoders), 1, figsize=(7.2, 1.1 * len(encoders) + 0.5), sharex=True, squeeze=False
    )
    for ax, (p, weights) in zip(panels[:, 0], encoders.items(), strict=True):
        order = np.lexsort((-weights.max(0), weights.argmax(0)))
        limit = np.abs(weights).max()
        image = ax.imshow(
            weights[:, order], cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest"
        )
        ax.set(yticks=(), ylabel=f"p = {p:g}")
        figure.colorbar(image, ax=ax, label="weight", pad=0.01)
    panels[-1, 0].set_xlabel("feature, sorted by the neuron that listens to it most")
    return figure


def _edges(centres) -> np.ndarray:
    """Ends of the cells around points of a logarithmic axis."""
    at = np.log(centres)
    middle = (at[1:] + at[:-1]) / 2
    return np.exp([2 * at[0] - middle[0], *middle, 2 * at[-1] - middle[-1]])


def phases(p, exponents, maps, boundaries, names) -> Figure:
    """Order parameters over the plane of p and the loss exponent, the phases by name, and boundaries as bands.

    Args:
        p, exponents: the axes of the grid.
        maps: by title, (label, mean over networks (exponents, p)).
        boundaries: by name, ("p", low, high): for each p the exponents between which networks pass a threshold; or
            ("q", low, high): for each exponent the values of p; NaN where none does.
        names: by phase, which points are in it, (exponents, p); written into the first map.
    """
    figure, panels = axes(len(maps), width=9, height=3.6, sharey=True)
    across, up = _edges(p), _edges(exponents)
    for ax, (title, (label, mean)) in zip(panels, maps.items(), strict=True):
        ax.set(title=title, xlabel="p")
        logarithmic(ax, (0.01, 0.1, 1))
        logarithmic(ax, (1.5, 2, 3, 4, 6, 8), "y")
        if not np.isfinite(mean).any():
            nothing(ax)
            continue
        image = ax.pcolormesh(across, up, mean, cmap=PALE, rasterized=True)
        figure.colorbar(image, ax=ax, label=label, orientation="horizontal", location="bottom", shrink=0.9)
        for (name, (along, low, high)), color in zip(boundaries.items(), ("black", POST), strict=True):
            edges, turned = (across, "vertical") if along == "p" else (up, "horizontal")
            band = {"fill": True, "alpha": 0.5, "color": color, "lw": 0, "label": name}
            ax.stairs(high, edges, baseline=low, orientation=turned, **band)
    for name, inside in names.items():
        room = distance_transform_edt(np.pad(inside, 1), (1, 0.3))[1:-1, 1:-1]  # names are longer than high
        row, column = np.unravel_index(room.argmax(), room.shape)
        if room.any():
            panels[0].text(p[column], exponents[row], name, ha="center", va="center", weight="bold", fontsize="small")
    panels[0].set_ylabel("exponent q of the loss")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
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
