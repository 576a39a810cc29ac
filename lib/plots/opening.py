"""Figures of the first page: one feature on its way through the network, and the smallest superposition."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import CenteredNorm, to_rgb
from matplotlib.figure import Figure

from lib.plots.style import DIVERGING, PALETTE, axes

__all__ = ["traced", "arrows", "sets_taken"]

MOST = 100, 20  # features and neurons that a drawing has room for


def traced(w_in, w_out, feature: int, answers: dict) -> Figure:
    """One feature alone at +1 on its way through ReLU neurons, and what comes back at every output.

    Of wide networks features and neurons are thinned out.

    Args:
        w_in, w_out: (neurons, features) and (features, neurons).
        answers: outputs (features,) by the name of the plan that gives them, the network's own first.
    """
    figure, panels = axes(1 + len(answers), height=4.2, width_ratios=(3, *(1 for _ in answers)))
    ax, color = panels[0], ScalarMappable(CenteredNorm(halfrange=1), DIVERGING).to_rgba
    shown = np.unique([*np.linspace(0, w_in.shape[1] - 1, MOST[0]).astype(int), feature])
    units = np.unique(np.linspace(0, len(w_in) - 1, MOST[1]).astype(int))
    rows, places = dict(zip(shown, np.linspace(0, 1, len(shown)), strict=True)), np.linspace(0.1, 0.9, len(units))
    hidden, size = np.maximum(w_in[units, feature], 0), np.abs(w_in[:, feature]).max() or 1
    given = w_out[np.ix_(shown, units)] * hidden
    most = np.abs(given).max() or 1
    faint = [[(0, rows[j]), (1, y)] for j in shown[::10] for y in places]
    inward = [[(0, rows[feature]), (1, y)] for y in places]
    outward = [[(1, y), (2, rows[i])] for i in shown for y in places]
    strong = np.abs(given).ravel() / most
    ax.add_collection(LineCollection(faint, colors="0.85", lw=0.4, zorder=0))
    own = w_in[units, feature] / size
    ax.add_collection(LineCollection(inward, colors=color(np.sign(own)), lw=2.5 * np.abs(own), zorder=1))
    tints = color(np.sign(given).ravel())
    tints[:, 3] = 0.5 * strong
    ax.add_collection(LineCollection(outward, colors=tints, lw=1.5 * strong, zorder=1))
    ax.scatter(np.zeros(len(shown)), list(rows.values()), 5, "0.6", zorder=2)
    ax.scatter(np.full(len(shown), 2), list(rows.values()), 5, "0.6", zorder=2)
    ax.scatter([0, 2], [rows[feature]] * 2, 40, "black", zorder=3)
    ax.scatter(np.ones(len(units)), places, 90, hidden, cmap="Reds", vmin=0, edgecolors="black", zorder=3)
    for x, words in enumerate((f"{w_in.shape[1]} inputs", f"{len(w_in)} neurons", f"{w_in.shape[1]} outputs")):
        ax.text(x, -0.05, words, ha="center", fontsize="small")
    ax.text(-0.12, rows[feature], f"feature {feature}\nis on", ha="right", va="center", fontsize="small")
    ax.set(xlim=(-0.75, 2.1), ylim=(1.03, -0.1))
    ax.set_axis_off()
    for panel, (name, output) in zip(panels[1:], answers.items(), strict=True):
        tints = ["black" if i == feature else "0.6" for i in shown]
        panel.barh([rows[i] for i in shown], output[shown], 0.8 / len(shown), color=tints)
        panel.plot(1, rows[feature], "o", ms=6, mfc="none", color="black")
        panel.axvline(0, color="black", lw=0.8)
        ends = [np.append(values[shown], (0, 1)) for values in answers.values()]
        panel.set(title=name, xlabel="output", yticks=[], ylim=(1.03, -0.1))
        panel.set_xlim(np.min(ends) - 0.1, np.max(ends) + 0.1)
        panel.spines["left"].set_visible(False)
    return figure


def arrows(writes, reads, names) -> Figure:
    """Features as arrows in the plane of two neurons: what each writes on them, and from where it is read.

    Args:
        writes, reads: (networks, features, 2), features in one order; the first network is drawn strongly.
        names: of the features.
    """
    figure, panels = axes(2, height=3.4)
    for ax, vectors, title in zip(panels, (writes, reads), ("written", "read"), strict=True):
        for number, name in enumerate(names):
            color = PALETTE[number]
            for network, (x, y) in reversed([*enumerate(vectors[:, number])]):
                tint = color if network == 0 else [0.7 + 0.3 * part for part in to_rgb(color)]
                ax.quiver(0, 0, x, y, angles="xy", scale_units="xy", scale=1, color=tint, width=0.012, zorder=-network)
            ax.text(*1.15 * vectors[0, number], name, ha="center", va="center", color=color, weight="bold")
        low, high = min(vectors.min(), 0), max(vectors.max(), 0)
        edge = 0.3 * (high - low)
        ax.axhline(0, color="black", lw=0.6, zorder=-99)
        ax.axvline(0, color="black", lw=0.6, zorder=-99)
        ax.set(title=title, xlabel="neuron 1", ylabel="neuron 2", aspect="equal")
        ax.set(xlim=(low - edge / 2, high + edge), ylim=(low - edge / 2, high + edge))
    return figure


def sets_taken(w_in, carriers) -> Figure:
    """A small encoder (neurons, features) in colour and numbers, features by the set of neurons that carries them."""
    figure, ax = axes(height=1.9)
    order = sorted(range(w_in.shape[1]), key=lambda j: (carriers[:, j].sum(), *~carriers[:, j]))
    shown = w_in[:, order]
    limit = np.abs(shown).max()
    ax.imshow(shown, cmap=DIVERGING, norm=CenteredNorm(halfrange=limit), aspect="auto")
    for (row, column), value in np.ndenumerate(shown):
        tint = "white" if abs(value) > 0.6 * limit else "black"
        ax.text(column, row, f"{value:.2f}", ha="center", va="center", color=tint, fontsize="small")
    sets = [" + ".join(str(k + 1) for k in np.flatnonzero(carriers[:, j])) for j in order]
    ax.set(xticks=range(len(sets)), xticklabels=sets, yticks=range(len(w_in)), xlabel="neurons that carry the feature")
    ax.set_yticklabels([f"neuron {k + 1}" for k in range(len(w_in))])
    ax.tick_params(length=0)
    return figure
