"""Figures of longer training: section 10."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from lib.plots.style import (
    CENTRAL,
    DIM,
    NAIVE,
    OTHER,
    OURS,
    PALETTE,
    POST,
    axes,
    band,
    heatmap,
    nothing,
    published_line,
)

__all__ = ["futures", "encoders", "levels", "carriers", "thresholds", "by_hand", "decoder_ratios"]


def futures(tables: dict[int, pd.DataFrame], published: pd.DataFrame, kinds: pd.Series, steps: int) -> Figure:
    """Every id against training length: tables of networks by length, the published rows, what becomes of each id,
    and the post's length."""
    every = pd.concat(tables.values())[kinds.index].replace([np.inf, -np.inf], np.nan)
    names = list(kinds.index[every.max() - every.min() > 1e-6])
    if not names:
        figure, ax = axes(height=1.0)
        ax.set_axis_off()
        nothing(ax, "One network, or networks all alike: no number varies.")
        return figure
    figure, grid = plt.subplots(-(-len(names) // 3), 3, figsize=(9, 1.6 * -(-len(names) // 3)), sharex=True)
    colours = {"stays": OURS, "shifts": OTHER, "changes": NAIVE, "undefined": DIM}
    for ax, name in zip(grid.flat, names, strict=False):
        middle, sides = zip(*[(t[name].mean(), np.percentile(t[name], CENTRAL)) for t in tables.values()], strict=True)
        ax.fill_between(list(tables), *np.transpose(sides), color=colours[kinds[name]], alpha=0.25, lw=0)
        ax.plot(list(tables), middle, ".-", color=colours[kinds[name]])
        ax.axhspan(published.published[name], published.published_to[name], color=POST, alpha=0.2, lw=0)
        published_line(ax, published.published[name], vertical=False)
        ax.set_title(f"{name}: {kinds[name]}", fontsize="small")
        ax.axvline(steps, color=DIM, ls=":", lw=1)
        _by_length(ax, tables)
        ax.tick_params(labelsize="x-small", labelbottom=ax in grid.flat[max(0, len(names) - 3) : len(names)])
    for ax in grid.flat[len(names) :]:
        ax.remove()
    figure.supxlabel("training steps", fontsize="small")
    return figure


def _by_length(ax, values) -> None:
    """A logarithmic axis for these values, also if there is only one."""
    ax.set_xscale("log")
    if len(values) == 1:
        ax.set_xlim(min(values) / 2, 2 * min(values))


def encoders(matrices: dict[int, np.ndarray], carriers) -> Figure:
    """W_in (neurons, features) of one network by training length, the features in the order of the last one's sets."""
    figure, panels = axes(len(matrices), sharey=True, squeeze=False)
    order = np.lexsort(~carriers[::-1])
    for ax, (steps, matrix) in zip(panels[0], matrices.items(), strict=True):
        heatmap(ax, matrix[:, order], f"{steps:,} steps", "W_in")
        ax.set(xlabel="feature, sorted by its set of neurons", yticks=range(0, len(matrix), 3))
    panels[0, 0].set_ylabel("neuron")
    return figure


def levels(
    encoders: dict[int, np.ndarray], decoders: dict[int, np.ndarray], sets: np.ndarray, touched: float
) -> Figure:
    """Distribution of all weights of both matrices by training length; a mark at the mean strong weight of features on
    so many neurons, in the last one's `sets` (seeds, neurons, features)."""
    figure, panels = axes(2, sharey=True)
    limit = max(abs(weights).max() for weights in decoders.values())
    size = np.broadcast_to(sets.sum(1, keepdims=True), sets.shape)
    for ax, matrices, name in zip(panels, (encoders, decoders), ("W_in", "W_out"), strict=True):
        for colour, (steps, weights) in zip((NAIVE, OURS), matrices.items(), strict=False):
            share, edges = np.histogram(weights, np.linspace(-limit, limit, 101))
            ax.stairs(100 * share / weights.size, edges, color=colour, fill=True, alpha=0.3)
            ax.stairs(100 * share / weights.size, edges, color=colour, label=f"{steps:,} steps")
        for number in np.flatnonzero(np.bincount(size[sets]) > 0.03 * sets.sum()):
            mean = list(matrices.values())[-1][sets & (size == number)].mean()
            ax.axvline(mean, ymax=0.55, color=OURS, ls=":", lw=1)
            ax.text(mean, 0.56, str(number), transform=ax.get_xaxis_transform(), ha="center", color=OURS)
        ax.set(xlabel=f"weight of {name}", yscale="symlog", ylim=(0, None))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.legend()
    for side in (-touched, touched):
        panels[0].axvline(side, color=DIM, ls=":", lw=1)
    panels[0].set_ylabel("% of weights")
    return figure


def carriers(sizes: dict[int, np.ndarray], slopes, chance: dict[str, tuple]) -> Figure:
    """Features by number of neurons that carry them, by length (seeds, sizes); mean slopes by that number
    (seeds, sizes); and for each measure of arrangement the networks' values and those by chance, (seeds,) each."""
    figure, (left, middle, right) = axes(3, width=10, width_ratios=(3, 3, 4))
    for shift, colour, (steps, counts) in zip((-0.2, 0.2), (NAIVE, OURS), sizes.items(), strict=False):
        place = np.arange(1, counts.shape[1] + 1) + shift
        left.bar(place, counts.mean(0), 0.4, yerr=counts.std(0), color=colour, capsize=2, label=f"{steps:,} steps")
    left.set(xlabel="neurons that carry a feature", ylabel="features", ylim=(0, 1.5 * left.get_ylim()[1]))
    left.legend()
    for slope in slopes:
        middle.plot(np.arange(1, len(slope) + 1), slope, "o-", color=OURS, ms=3, lw=0.8, alpha=0.4)
    middle.set(xlabel="neurons that carry a feature", ylabel="mean slope", xticks=np.arange(1, slopes.shape[1] + 1))
    for row, pair in enumerate(chance.values()):
        if not np.mean(pair[1]) > 0:
            right.text(0.05, row, "zero by chance" if np.mean(pair[1]) == 0 else "undefined", color=DIM, va="center")
            continue
        for values, colour, label in zip(pair, (OURS, DIM), ("trained", "by chance"), strict=True):
            values = values / np.mean(pair[1])
            label = None if row else label
            right.plot(values, np.full(len(values), row), "o", ms=4, alpha=0.5, color=colour, label=label)
    right.set(yticks=range(len(chance)), yticklabels=list(chance), ylim=(-0.5, len(chance)))
    right.set(xlabel="in units of the mean by chance", xlim=(0, None))
    right.legend(loc="upper left", ncols=2)
    return figure


def thresholds(wired: dict[int, np.ndarray], wired_cuts, harmed: dict[int, np.ndarray], harmed_cuts, usual) -> Figure:
    """Features that a neuron touches and that its loss harms, (seeds, cuts) by training length, against the cut."""
    figure, panels = axes(2)
    for ax, curves, cuts, cut in zip(panels, (wired, harmed), (wired_cuts, harmed_cuts), usual, strict=True):
        for colour, (steps, counts) in zip(PALETTE, curves.items(), strict=False):
            band(ax, cuts, counts, colour, f"{steps:,}")
        ax.axvline(cut, color=POST, ls="--", lw=1.2)
    panels[0].set(xlabel="cut on abs(W_in)", ylabel="features per neuron")
    panels[1].set(xlabel="cut on the rise in active-only MSE", ylabel="features harmed per neuron")
    panels[0].legend(title="training steps", fontsize="small")
    return figure


def by_hand(lengths, trained, made, sizes, by_size) -> Figure:
    """L4 loss of trained networks by length, (seeds, lengths), and of networks made by hand: (seeds,) with sets of
    the usual size, and (seeds, sizes)."""
    figure, (left, right) = axes(2, sharey=True)
    band(left, lengths, trained, OURS, "trained")
    left.plot(lengths, trained.mean(0), ".", color=OURS)
    left.axhspan(made.min(), made.max(), color=NAIVE, alpha=0.3, lw=0)
    left.axhline(made.mean(), color=NAIVE, label="made by hand")
    _by_length(left, lengths)
    left.set(xlabel="training steps", ylabel="L4 loss")
    right.plot(sizes, by_size.T, "-", color=NAIVE, lw=0.8, alpha=0.5)
    right.plot(sizes, by_size.mean(0), "o", color=NAIVE, label="made by hand")
    right.axhline(trained[:, -1].mean(), color=OURS, label="trained longest")
    right.set(xlabel="neurons that carry a feature", xticks=sizes)
    bottom, top = min(trained.min(), made.min()), max(1.35 * made.mean(), 1.1 * trained[:, -1].mean())
    if bottom < top:
        left.set_ylim(0.97 * bottom, top)
    for ax in (left, right):
        ax.legend()
    return figure


def decoder_ratios(by_task: pd.DataFrame) -> Figure:
    """The decoder's length over the encoder's as training goes on; tasks are named in the order in which they end.

    Args:
        by_task: a row per network, with its `task`, `steps`, `ratio`, and the ratio at `rest`.
    """
    figure, ax = axes(width=6.8, height=4)
    lines = {}
    for colour, (task, rows) in zip(PALETTE, by_task.groupby("task", sort=False), strict=False):
        ratio = rows.groupby("steps").ratio.mean()
        lines[ratio.iloc[-1], task] = ax.plot(ratio.index, ratio, "o-", ms=4, color=colour, label=task)[0]
        rest = rows.rest[rows.steps == rows.steps.max()].mean()
        ax.plot(2 * ratio.index.max(), rest, "<", ms=6, color=colour)
    ax.set(xscale="log", yscale="log", xlabel="steps (triangle: at rest)", ylabel="norm of decoder / norm of encoder")
    ax.set_yticks([0.5, 0.7, 1, 1.5, 2, 3, 5], minor=False)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.axhline(1, color=DIM, lw=1)
    ordered = [lines[key] for key in sorted(lines, reverse=True)]
    figure.legend(ordered, [line.get_label() for line in ordered], loc="outside right center", fontsize="small")
    return figure
