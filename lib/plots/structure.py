"""Figures of how the network does it: sections 04, 05 and 07."""

import numpy as np
from matplotlib.figure import Figure

from lib.plots.style import DIM, NAIVE, OURS, POST, axes, band, heatmap, nothing, published_line, spread

__all__ = [
    "folded_map", "budget", "load_against_error", "tied_weights", "sorted_weights", "weight_signs", "specialization",
    "touched", "ablation", "fields", "footprint_overlap",
]  # fmt: skip


def folded_map(m) -> Figure:
    """M of one network, whole and without its diagonal, each on a scale of its own."""
    figure, (left, right) = axes(2, height=3.3)
    heatmap(left, m, "M = W_out W_in", "weight")
    heatmap(right, m - np.diag(np.diag(m)), "M without its diagonal", "weight")
    for ax in (left, right):
        ax.set(xlabel="input feature j", ylabel="output feature i")
    return figure


def budget(signal, interference, singular_values) -> Figure:
    """Signal M_ii and interference sum_{j != i} abs(M_ij) of one network's features; singular values (seeds, F)."""
    figure, (left, right) = axes(2)
    order = np.argsort(signal)[::-1]
    left.plot(interference[order], ".", color=NAIVE, label="interference, Σ |M_ij|")
    left.plot(signal[order], ".", color=OURS, label="signal, M_ii")
    left.set(xlabel="feature, sorted by signal", ylabel="sum over inputs")
    left.set_ylim(min(0, 1.1 * signal.min()), 1.3 * max(interference.max(), signal.max()))
    left.legend(loc="upper right")
    shown = min(singular_values.shape[1], 20)
    relative = np.maximum(singular_values[:, :shown] / singular_values[:, :1], 1e-9)
    band(right, np.arange(1, shown + 1), relative, OURS, f"{len(relative)} networks")
    right.set(yscale="log", xlabel="rank of the singular value of M", ylabel="relative to the largest")
    right.legend()
    return figure


def load_against_error(load, left_over, correlations, published: float) -> Figure:
    """Interference load against what the diagonal leaves of the error (features,), and every network's correlation."""
    figure, (left, right) = axes(2)
    left.plot(load, left_over, "o", ms=4, color=OURS, alpha=0.7)
    left.set(xlabel="interference load, Σ M_ij²", ylabel="active-only MSE beyond its line in M_ii", title="network 0")
    spread(right, correlations, "correlation over features", published)
    right.set_title("every network")
    return figure


def tied_weights(w_in, w_out, encoder_norms, decoder_norms) -> Figure:
    """Decoder against encoder: entries of one network, and norms of the neurons of all (seeds, neurons)."""
    figure, (left, right) = axes(2)
    left.plot(w_in.ravel(), w_out.T.ravel(), ".", ms=3, alpha=0.5, color=OURS)
    left.set(xlabel="W_in[k, i]", ylabel="W_out[i, k]", title="network 0, every weight")
    right.plot(encoder_norms.ravel(), decoder_norms.ravel(), ".", ms=3, alpha=0.4, color=OURS)
    right.plot(encoder_norms[0], decoder_norms[0], "o", ms=4, color="black", label="network 0")
    right.set(xlabel="norm of a neuron's W_in row", ylabel="norm of its W_out column", title="every neuron")
    right.legend(loc="center left")
    for ax in (left, right):
        low, high = ax.get_xlim()
        ax.plot([low, high], [low, high], color=DIM, ls="--", lw=1)
        ax.text(high, high, "equal", color="0.4", ha="right", va="top")
    return figure


def sorted_weights(shares) -> Figure:
    """Each neuron's abs(W_in) as shares of its sum, largest first, (seeds, neurons, features)."""
    figure, (left, right) = axes(2)
    rank = np.arange(1, shares.shape[2] + 1)
    left.plot(rank, 100 * shares[0].T, color=OURS, alpha=0.5, lw=1)
    left.axhline(100 / len(rank), color=DIM, ls="--", label="all features alike")
    left.set(ylabel="share of a neuron's weight, %", title="network 0, one line a neuron", ylim=(0, None))
    band(right, rank, 100 * np.cumsum(shares, axis=2).mean(1), OURS, f"{len(shares)} networks, mean neuron")
    right.plot(rank, 100 * rank / len(rank), color=DIM, ls="--")
    right.set(ylabel="share of the largest so many, %", title="every network")
    for ax in (left, right):
        ax.set_xlabel("feature, sorted by weight")
        ax.legend()
    return figure


def weight_signs(w_in) -> Figure:
    """Encoder weights (seeds, neurons, features), and the number of positive ones of each neuron."""
    figure, (left, right) = axes(2)
    bins = np.linspace(w_in.min(), w_in.max(), 120)
    left.hist(w_in.ravel(), bins, density=True, color=OURS, alpha=0.4, histtype="stepfilled", label="every network")
    left.hist(w_in[0].ravel(), bins, density=True, histtype="step", color="black", lw=0.7, label="network 0")
    left.axvline(0, color=DIM, lw=0.8)
    left.set(xlabel="W_in[k, i]", ylabel="density")
    left.legend()
    spread(right, (w_in > 0).sum(2).ravel(), "positive weights of a neuron", unit="neurons")
    return figure


def specialization(values, published: tuple[float, float]) -> Figure:
    """Specialisation of every neuron (seeds, neurons), network 0 marked, on the scale from 1/F to 1."""
    figure, (left, right) = axes(2)
    left.bar(np.arange(values.shape[1]), np.sort(values[0]), color=OURS)
    left.set(ylim=(0, 1), xlabel="neuron, sorted", ylabel="largest share of squared weight", title="network 0")
    left.axhline(1, color=NAIVE, label="a neuron with one feature")
    left.legend(loc="upper left", bbox_to_anchor=(0, 0.95))
    spread(right, values.ravel(), "largest share of squared weight", unit="neurons")
    for end in published:
        published_line(right, end)
    right.set_title("every neuron of every network")
    return figure


def touched(thresholds, counts, chosen: float, published: float) -> Figure:
    """Features touched by a neuron against the threshold on abs(W_in), (seeds, thresholds)."""
    figure, ax = axes()
    band(ax, thresholds, counts, OURS, f"{len(counts)} networks, mean neuron")
    ax.axvline(chosen, color=DIM, lw=1)
    ax.plot(chosen, published, "*", ms=10, color=POST, label="post")
    ax.set(xlabel="threshold on abs(W_in)", ylabel="features above it", ylim=(0, None))
    ax.legend()
    return figure


def ablation(change, harmed: float) -> Figure:
    """Change of each feature's error when each neuron is silenced (features, neurons), grouped by neuron.

    The colours are linear up to `harmed` and logarithmic beyond, or linear throughout if that is 0.
    """
    figure, ax = axes(height=3.4)
    order = np.lexsort((change.max(1), change.argmax(1)))
    heatmap(ax, change[order].T, "network 0", "change in active-only MSE", linear=harmed or None)
    ax.set(xlabel="feature, grouped by the neuron whose loss hurts it most", ylabel="silenced neuron")
    ax.set_yticks(np.arange(change.shape[1]))
    return figure


def fields(weights, functional, thresholds, counts, chosen: float, published: float) -> Figure:
    """Two receptive fields of each neuron (seeds, neurons), and the functional one against its threshold."""
    figure, (left, right) = axes(2)
    left.plot(weights.ravel(), functional.ravel(), ".", ms=4, alpha=0.3, color=OURS, label="every neuron")
    left.plot(weights[0], functional[0], "o", ms=4, color="black", label="network 0")
    left.set(xlabel="features it is wired to", ylabel="features its loss harms")
    band(right, thresholds, counts, OURS, f"{len(counts)} networks, mean neuron")
    right.axvline(chosen, color=DIM, lw=1)
    right.plot(chosen, published, "*", ms=10, color=POST, label="post")
    right.set(xlabel="rise in active-only MSE that counts as harm", ylabel="features harmed", ylim=(0, None))
    for ax in (left, right):
        ax.legend()
    return figure


def footprint_overlap(matrix, pairs, means, published: float) -> Figure:
    """Jaccard overlap of the neurons' footprints: one network's matrix, all pairs, and the mean per network."""
    figure, (left, middle, right) = axes(3, height=2.9, width_ratios=(1.25, 1, 1))
    blank = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
    image = left.imshow(blank, cmap="viridis", vmin=0)
    figure.colorbar(image, ax=left, label="Jaccard overlap", shrink=0.8)
    left.set(xlabel="neuron", ylabel="neuron", title="network 0")
    left.set(xticks=np.arange(len(matrix), step=3), yticks=np.arange(len(matrix), step=3))
    middle.hist(pairs.ravel(), 30, color=OURS, histtype="stepfilled")
    middle.set(xlabel="overlap of a pair", ylabel="pairs", title="every pair")
    published_line(middle, published)
    spread(right, means, "mean overlap", published)
    right.set_title("every network")
    for ax in (left, middle, right) if len(matrix) == 1 else ():
        nothing(ax, "a single neuron\nhas no pair")
    return figure
