"""Figures of what needs no training: nulls and theory, sections 08 and 09."""

import numpy as np
from matplotlib.figure import Figure

from lib.plots.style import DIM, NAIVE, OTHER, OURS, PALETTE, POST, axes, nothing

__all__ = ["beside_nulls", "fairness", "slope_theory", "loss_theory", "slope_widths", "chance"]
MARKS = "osD^vP*X"


def beside_nulls(effects, same: float) -> Figure:
    """Distance of the mean trained network from every null, on the scale of each number.

    Args:
        effects: from `claims.effects`, of the nulls to draw; `same`: nearer than this counts as the same.
    """
    ids = list(dict.fromkeys(effects.index.get_level_values("id")))
    figure, ax = axes(width=7.2, height=0.26 * len(ids) + 1.4)
    nulls, far = list(dict.fromkeys(effects.index.get_level_values("null"))), 1.5
    ax.axvspan(-same, same, color=DIM, alpha=0.3, lw=0, label="the same")
    for number, name in enumerate(nulls):
        rows = effects.xs(name, level="null").clip(-far, far)
        at = np.array([ids.index(id) for id in rows.index]) + 0.14 * (number - (len(nulls) - 1) / 2)
        ax.hlines(at, rows.low, rows.high, color=PALETTE[number], lw=1.2)
        ax.plot(rows.effect, at, MARKS[number], ms=4, color=PALETTE[number], label=name, clip_on=False)
    ax.set(yticks=range(len(ids)), yticklabels=ids, ylim=(len(ids) - 0.4, -0.6), xlim=(-far, far))
    ax.set_xticks(
        [-far, -1, -0.5, 0, 0.5, 1, far], [f"−{far:g} or less", "−1", "−0.5", "0", "0.5", "1", f"{far:g} or more"]
    )
    ax.set_xlabel("trained network minus untrained code, on the scale of the number")
    ax.axvline(0, color=DIM, lw=0.8, zorder=0)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize="small")
    return figure


def fairness(slopes, overlaps) -> Figure:
    """Slopes of features (networks x features) and mean footprint overlap (networks,), each by the name of a code."""
    figure, (left, right) = axes(2)
    colors = (OURS, NAIVE, OTHER)
    every = np.concatenate([values.ravel() for values in slopes.values()])
    bins = np.linspace(*np.percentile(every, [0.1, 99.9]), 80)
    for (name, values), color in zip(slopes.items(), colors, strict=True):
        left.hist(values.ravel(), bins, density=True, color=color, histtype="stepfilled", alpha=0.5, label=name)
    left.set(xlabel="slope of a feature, R_ii", ylabel="density")
    ends = np.concatenate(list(overlaps.values()))
    if np.isnan(ends).all():
        nothing(right, "a single neuron\nhas no pair")
        ends = np.zeros(1)
    for (name, values), color in zip(overlaps.items(), colors, strict=False):
        right.hist(
            values,
            np.linspace(ends.min(), ends.max() + 1e-9, 25),
            color=color,
            histtype="stepfilled",
            alpha=0.5,
            label=name,
        )
    right.set(
        xlabel="footprint overlap of a network (Jaccard)", ylabel="networks", ylim=(0, 1.35 * right.get_ylim()[1])
    )
    for ax in (left, right):
        ax.legend(fontsize="small")
    return figure


def _points(ax, x, rows, color, mark, label) -> None:
    """Mean of trained networks with the central 95 %, from rows of a sweep."""
    ends = rows["mean"] - rows["from"], rows["to"] - rows["mean"]
    ax.errorbar(x, rows["mean"], ends, fmt=mark, ms=5, color=color, capsize=2, label=label)


def slope_theory(p, lines, sweep) -> Figure:
    """Slope against p: theory as lines (p,) by kind of network, trained networks as marks; and the relative error.

    Args:
        sweep: table of `experiments.predicted.row` with the columns `kind` and `rate`, the p at which to draw a row.
    """
    figure, (left, right) = axes(2, height=3.4)
    for name, color, mark in zip(lines, (OURS, NAIVE, OTHER), MARKS, strict=False):
        rows = sweep[sweep.kind == name]
        left.plot(p, lines[name], color=color, lw=1.2)
        _points(left, rows.rate, rows, color, mark, name)
        right.plot(rows.rate, 100 * rows.error, mark, ls=":", ms=5, color=color)
    left.set(ylabel="mean slope, R_ii", ylim=(0.2 if sweep["from"].min() > 0.2 else None, None))
    left.legend(fontsize="small", loc="lower left")
    right.axhline(0, color=DIM, lw=0.8)
    right.axhspan(-2, 2, color=DIM, alpha=0.2, lw=0)
    right.set(ylabel="theory / trained − 1, %")
    for ax in (left, right):
        ax.set(xscale="log", xlabel="p, probability that a feature is on")
        ax.set_xticks(sorted(set(sweep.rate)), [f"{rate:g}" for rate in sorted(set(sweep.rate))])
        ax.minorticks_off()
    return figure


def loss_theory(sweep) -> Figure:
    """Loss over the naive plan's against p, a panel a kind of input: trained networks, and the two theories.

    Args:
        sweep: table of `experiments.predicted.beside` with the columns `kind` and `rate`.
    """
    kinds = list(dict.fromkeys(sweep.kind))
    figure, panels = axes(len(kinds), height=3, sharey=True)
    for ax, kind in zip(np.atleast_1d(panels), kinds, strict=True):
        rows = sweep[sweep.kind == kind]
        ax.plot(rows.rate, rows["loss, least crosstalk"], "--", color=NAIVE, label="theory: least crosstalk")
        ax.plot(rows.rate, rows["loss, sets"], "-", color=OTHER, label="theory: sets")
        ax.plot(rows.rate, rows["loss, trained"], "o", ms=5, color=OURS, label="trained networks")
        ax.set(xscale="log", xlabel="p, probability that a feature is on", title=kind)
        ax.set_xticks(rows.rate, [f"{rate:g}" for rate in rows.rate])
        ax.minorticks_off()
    np.atleast_1d(panels)[0].set_ylabel("L4 loss / naive plan's")
    np.atleast_1d(panels)[0].legend(fontsize="small")
    return figure


def slope_widths(neurons, line, sweep, published) -> Figure:
    """Slope against features per neuron: theory at `neurons`, trained networks as rows, the post's (F / n, slope)."""
    figure, ax = axes(height=2.8)
    ratio = sweep.features / sweep.neurons
    ax.plot(sweep.features.iloc[0] / neurons, line, color=NAIVE, label="theory")
    _points(ax, ratio, sweep, OURS, "o", f"{sweep.seeds.iloc[0]} networks")
    ax.plot(*published, "*", ms=9, color=POST, label="post")
    ax.set(
        xscale="log",
        xlabel="features per neuron, F / n",
        ylabel="mean slope, R_ii",
        ylim=(min(0, sweep["from"].min()), max(1, sweep.to.max())),
    )
    ax.set_xticks(ratio, [f"{value:g}" for value in ratio])
    ax.minorticks_off()
    ax.legend()
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
