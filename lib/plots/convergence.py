"""Figures of longer training: section 10."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import CenteredNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from lib.plots.style import DIM, DIVERGING, NAIVE, OTHER, OURS, PALETTE, POST, axes, band

__all__ = ["futures", "strip", "levels", "thresholds", "by_hand", "decoder_ratios"]
FUTURES = {"stays": DIM, "shifts": OTHER, "changes": NAIVE}


def futures(rows: pd.DataFrame) -> Figure:
    """What becomes of each number, over what it was at the post's length; the most changed at the top.

    Args:
        rows: from `claims.futures`, with plain names as index. Numbers that are 0 at the post's length are left out.
    """
    scale = rows.short.where(rows.short != 0)
    rows = rows.assign(at=rows.converged / scale, one=rows.low / scale, other=rows.high / scale).dropna(subset="at")
    rows = rows.iloc[np.argsort(abs(rows["at"] - 1), kind="stable")]
    figure, ax = axes(width=6.8, height=0.25 * len(rows) + 1.0)
    ax.hlines(range(len(rows)), rows.one, rows.other, color=DIM, lw=6, alpha=0.4, label="one network")
    for kind, colour in FUTURES.items():
        its = (rows.future == kind).to_numpy()
        ax.plot(rows["at"].clip(0, 2)[its], np.flatnonzero(its), "o", ms=6, color=colour, label=kind)
    ax.axvline(1, color=DIM, lw=0.8, zorder=0)
    ax.set(yticks=range(len(rows)), yticklabels=list(rows.index), xlim=(-0.05, 2.05), ylim=(-0.6, len(rows) - 0.4))
    ax.set(xlabel="mean after the longest training / mean after the post's")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize="small")
    return figure


def _by_length(ax, values) -> None:
    """A logarithmic axis for these values, also if there is only one."""
    ax.set_xscale("log")
    if len(values) == 1:
        ax.set_xlim(min(values) / 2, 2 * min(values))


def strip(matrices: dict[int, np.ndarray], carriers: np.ndarray) -> Figure:
    """W_in (neurons, features) of one network by training step, features in the order of the last one's sets."""
    size = {"figsize": (7.2, 0.5 + 1.15 * -(-len(matrices) // 2)), "sharex": True, "sharey": True, "squeeze": False}
    figure, grid = plt.subplots(-(-len(matrices) // 2), 2, **size)
    order, norm = np.lexsort(~carriers[::-1]), CenteredNorm(halfrange=abs(list(matrices.values())[-1]).max())
    for ax, (steps, matrix) in zip(grid.flat, matrices.items(), strict=False):
        image = ax.imshow(matrix[:, order], cmap=DIVERGING, norm=norm, interpolation="nearest", aspect="auto")
        ax.set_title(f"step {steps:,}", fontsize="small")
        ax.set(xticks=[], yticks=[])
    for ax in grid.flat[len(matrices) :]:
        ax.remove()
    figure.supxlabel("feature, sorted by its set in the end", fontsize="small")
    figure.supylabel("neuron", fontsize="small")
    figure.colorbar(image, ax=list(grid.flat[: len(matrices)]), label="weight of W_in", shrink=0.5, aspect=30)
    return figure


def levels(counts: dict[int, np.ndarray], before: np.ndarray, weights: np.ndarray, sets: np.ndarray) -> Figure:
    """Features by the size of their set (seeds, sizes) by training length; and the weights of the last length by that
    size, beside those `before`, (seeds, neurons, features) each, as `sets`, which neurons carry which feature."""
    figure, (left, right) = axes(2, width_ratios=(2, 3))
    for shift, colour, (steps, number) in zip((-0.2, 0.2), (DIM, OURS), counts.items(), strict=False):
        place = np.arange(1, number.shape[1] + 1) + shift
        left.bar(place, number.mean(0), 0.4, yerr=number.std(0), color=colour, capsize=2, label=f"{steps:,} steps")
    left.set(xlabel="neurons in a feature's set", ylabel="features", ylim=(0, 1.3 * left.get_ylim()[1]))
    left.set_xticks(range(1, number.shape[1] + 1))
    left.legend(fontsize="small")
    limit = max(abs(before).max(), abs(weights).max())
    edges, size = np.linspace(-limit, limit, 101), np.broadcast_to(sets.sum(1, keepdims=True), sets.shape)
    share = lambda chosen: 100 * np.histogram(chosen, edges)[0] / weights.size
    groups = {"faint": ~sets} | {f"on {k} neurons": sets & (size == k) for k in range(2, 5)}
    for colour, (name, its) in zip((PALETTE[7], *PALETTE[:3]), groups.items(), strict=True):
        right.stairs(share(weights[its]), edges, color=colour, fill=True, alpha=0.6, label=name)
    right.stairs(share(before), edges, color="black", lw=0.8, label=f"{min(counts):,} steps")
    right.set(xlabel="weight of W_in", ylabel="% of weights, logarithmic above 1", yscale="symlog", ylim=(0, None))
    right.yaxis.set_major_formatter("{x:g}")
    right.legend(fontsize="small")
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
    panels[1].xaxis.set_major_locator(MaxNLocator(4))
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
    left.ticklabel_format(axis="y", scilimits=(-2, 3))
    right.plot(sizes, by_size.T, "-", color=NAIVE, lw=0.8, alpha=0.5)
    right.plot(sizes, by_size.mean(0), "o", color=NAIVE, label="made by hand")
    right.axhline(trained[:, -1].mean(), color=OURS, label="trained longest")
    right.set(xlabel="neurons in a set", xticks=sizes)
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
    ax.set(xscale="log", yscale="log", xlabel="steps (triangle: at rest)", ylabel="decoder's length / encoder's length")
    ax.set_yticks([0.5, 0.7, 1, 1.5, 2, 3, 5], minor=False)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.axhline(1, color=DIM, lw=1)
    ordered = [lines[key] for key in sorted(lines, reverse=True)]
    figure.legend(ordered, [line.get_label() for line in ordered], loc="outside right center", fontsize="small")
    return figure
