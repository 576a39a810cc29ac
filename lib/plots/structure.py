"""Figures of how the network does it: sections 04, 05 and 07."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lib.plots.style import DIM, NAIVE, OURS, POST, axes, band, heatmap, nothing, published_line, spread

__all__ = [
    "folded_map", "budget", "crosstalk_against_error", "tied_weights", "sorted_weights", "specialization", "touched",
    "ablation", "footprint_overlap",
]  # fmt: skip


def folded_map(m) -> Figure:
    """M of one network, whole and without its diagonal, each on a scale of its own."""
    figure, (left, right) = axes(2, height=3.3)
    heatmap(left, m, "M = W_out W_in", "weight")
    heatmap(right, m - np.diag(np.diag(m)), "M without its diagonal", "weight")
    for ax in (left, right):
        ax.set(xlabel="input feature j", ylabel="output feature i")
    return figure


def budget(signal, crosstalk, singular_values) -> Figure:
    """Signal M_ii and crosstalk sum_{j != i} abs(M_ij) of one network's features; singular values (seeds, F)."""
    figure, (left, right) = axes(2)
    order = np.argsort(signal)[::-1]
    for values, color, name in ((crosstalk, NAIVE, "crosstalk: all others, Σ |M_ij|"), (signal, OURS, "signal: M_ii")):
        left.plot(values[order], ".", color=color)
        left.annotate(name, (0, values.max()), (0, 8), textcoords="offset points", color=color)
    left.set(xlabel="feature, sorted by signal", ylabel="weight that reaches its output", title="network 0")
    left.set_ylim(min(0, 1.1 * signal.min()), 1.25 * max(crosstalk.max(), signal.max()))
    shown = min(singular_values.shape[1], 20)
    relative = np.maximum(singular_values[:, :shown] / singular_values[:, :1], 1e-9)
    right.plot(np.arange(1, shown + 1), relative.T, "o", ms=4, color=OURS)
    right.set(yscale="log", xlabel="singular value of M, by size", ylabel="share of the largest", title="every network")
    right.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 5, 10], integer=True))
    return figure


def crosstalk_against_error(crosstalk, error, left_over) -> Figure:
    """Crosstalk that a feature receives against its error, and against what the diagonal leaves of it, (features,)."""
    figure, (left, right) = axes(2)
    for ax, values in ((left, error), (right, left_over)):
        ax.plot(crosstalk, values, "o", ms=4, color=OURS, alpha=0.7)
        ax.set_xlabel("crosstalk received, Σ M_ij²")
    left.set(ylabel="active-only error", title="the whole error")
    right.set(ylabel="error beyond its line in M_ii", title="what the signal leaves of it")
    return figure


def tied_weights(w_in, w_out) -> Figure:
    """Every decoder weight of one network against its encoder partner, by the sign of the latter."""
    figure, ax = axes(width=5.4, height=3.4)
    encoder, decoder = w_in.ravel(), w_out.T.ravel()
    for color, name, which in ((OURS, "encoder above zero", encoder > 0), (NAIVE, "encoder below zero", encoder <= 0)):
        ax.plot(encoder[which], decoder[which], ".", ms=3, alpha=0.6, color=color, label=name)
    ends = np.array(ax.get_xlim())
    ax.plot(ends, ends, color=DIM, ls="--", lw=1, label="mirror image")
    ax.set(xlabel="encoder weight, W_in[k, i]", ylabel="decoder weight, W_out[i, k]")
    ax.legend(loc="upper left", markerscale=3)
    return figure


def sorted_weights(w_in) -> Figure:
    """Encoder weights of each neuron (neurons, features), largest first, coloured by sign."""
    figure, ax = axes(height=2.8)
    weights, rank = -np.sort(-w_in), np.arange(1, w_in.shape[1] + 1)
    for color, name, side in ((OURS, "it listens", weights > 0), (NAIVE, "it is held back", weights <= 0)):
        lines = ax.plot(rank, np.where(side, weights, np.nan).T, color=color, alpha=0.6, lw=1)
        lines[0].set_label(name)
    ax.axhline(0, color="black", lw=0.8)
    ax.set(xlabel="feature, sorted by its weight in the neuron", ylabel="encoder weight")
    ax.legend()
    return figure


def specialization(values, published: tuple[float, float]) -> Figure:
    """Specialisation of every neuron (seeds, neurons), network 0 on the scale from 0 to 1; the post's range shaded."""
    figure, (left, right) = axes(2)
    left.bar(np.arange(values.shape[1]), np.sort(values[0]), color=OURS)
    left.set(ylim=(0, 1.1), xlabel="neuron, sorted", ylabel="specialisation", title="network 0")
    left.axhline(1, color=NAIVE)
    left.annotate("a neuron with one feature", (0, 1), (0, -12), textcoords="offset points", color=NAIVE)
    right.axvspan(*published, color=POST, alpha=0.15, lw=0, label="post's range")
    spread(right, values.ravel(), "specialisation", unit="neurons")
    right.set_title("every neuron of every network")
    return figure


def touched(thresholds, counts, chosen: float, published: float) -> Figure:
    """Features touched by a neuron against the threshold on abs(W_in), (seeds, thresholds)."""
    figure, ax = axes(height=2.8)
    band(ax, thresholds, counts, OURS, f"{len(counts)} networks, mean neuron")
    ax.axvline(chosen, color=DIM, lw=1, label="threshold taken")
    ax.plot(chosen, published, "*", ms=10, color=POST, label="post")
    ax.set(xlabel="size of weight that counts as touching", ylabel="features touched", ylim=(0, None))
    ax.legend()
    return figure


def ablation(change, harmed: float) -> Figure:
    """Change of each feature's error when each neuron is silenced (features, neurons), sorted; right, near zero."""
    figure, (left, right) = axes(2)
    rank, lost = np.arange(1, len(change) + 1), -np.sort(-change, axis=0)
    for ax in (left, right):
        ax.plot(rank, lost, color=OURS, alpha=0.5, lw=1)
        ax.axhline(0, color="black", lw=0.8)
        ax.axhline(harmed, color=DIM, ls="--", lw=1, label="counts as harm")
        ax.set_xlabel("feature, worst hurt first")
    left.set(ylabel="change in active-only error", title="network 0")
    near = 1.3 * max(-lost.min(), harmed) or 1
    right.set(ylim=(-near, near), title="the same near zero")
    left.legend()
    return figure


def footprint_overlap(pairs, share: float, cuts, overlap, shares, chosen: float, published: float) -> Figure:
    """Jaccard overlap of the neurons' footprints beside that of independent sets which hold a share s: s / (2 - s).

    Args:
        pairs: overlap of every pair of every network. share: of the features, in a mean footprint.
        cuts: the changes in error that count, (cuts,); overlap, shares: the mean at each cut, (seeds, cuts).
        chosen: the cut of `pairs`. published: the post's overlap.
    """
    figure, (left, right) = axes(2)
    left.hist(pairs.ravel(), 30, color=OURS, histtype="stepfilled")
    left.axvline(share / (2 - share), color="black", ls=":", lw=1.5, label="independent sets")
    published_line(left, published)
    left.set(xlabel="overlap of two footprints", ylabel="pairs of neurons", title="every pair of every network")
    left.set_ylim(0, 1.4 * left.get_ylim()[1])
    left.legend(fontsize="small", loc="upper left")
    band(right, cuts, overlap, OURS, "trained networks")
    right.plot(cuts, (shares / (2 - shares)).mean(0), color="black", ls=":", lw=1.5, label="independent sets")
    right.axvline(chosen, color=DIM, lw=1, label="line taken")
    right.plot(chosen, published, "*", ms=10, color=POST, label="post")
    right.set(xlabel="rise that counts as harm", ylabel="mean overlap", title="every network", ylim=(0, None))
    right.legend(fontsize="small")
    for ax in (left, right) if not pairs.size else ():
        nothing(ax, "a single neuron\nhas no pair")
    return figure
