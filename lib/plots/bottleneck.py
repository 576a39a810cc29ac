"""Figures of the width of the network and of its activation: sections 14 and 15."""

import numpy as np
from matplotlib.figure import Figure

from lib.plots.style import CENTRAL, DIM, NAIVE, OTHER, OURS, PALETTE, axes, band, curve, logarithmic, points

__all__ = ["widths", "belonging", "ratios", "activations", "responses_by_activation"]


def widths(table, naive) -> Figure:
    """Loss beside the naive plan's, and how features and neurons share each other, against the number of neurons.

    Args:
        naive: neurons and loss of the naive plan, in units of silence.
    """
    figure, (left, right) = axes(2)
    style = "-" if table.neurons.nunique() > 2 else "o-"  # few widths want a mark
    left.plot(*naive, style, color=NAIVE, label="naive plan")
    curve(left, table, "neurons", "loss", OURS, "trained networks", style)
    curve(right, table, "neurons", "load", OURS, "features per neuron", style)
    curve(right, table, "neurons", "carriers", OTHER, "neurons per feature", style)
    left.set(ylabel="L4 loss / silence", ylim=(0, None))
    logarithmic(right, (1, 2, 5, 10, 20, 50), "y")
    right.set_ylabel("on average")
    for ax in (left, right):
        ax.set_xlabel("neurons")
        ax.legend(fontsize="small")
    return figure


def belonging(tables, silence: str) -> Figure:
    """Share of neurons that serve one feature, and the loss over that of the first table, against neurons.

    Args:
        tables: by name of how networks were trained, their rows.
        silence: what the loss is measured in.
    """
    figure, (left, right) = axes(2, height=3)
    first, *_ = tables.values()
    reference = first.groupby("neurons").loss.mean()
    for (name, rows), color, mark in zip(tables.items(), (OURS, NAIVE, PALETTE[4], OTHER), "osD^", strict=False):
        points(left, rows, "neurons", "monosemantic", color, name, mark + "-")
        points(
            right, rows.assign(loss=rows.loss / rows.neurons.map(reference)), "neurons", "loss", color, name, mark + "-"
        )
    left.set(xlabel="neurons", ylabel="share of monosemantic neurons", ylim=(-0.03, 1.03))
    right.set(xlabel="neurons", ylabel=f"loss / {silence}")
    left.legend(fontsize="small", loc="upper left")
    return figure


def ratios(table, theory, labels) -> Figure:
    """Readings at one ratio of features to neurons against the features, mean and central 95 % of networks.

    Args:
        theory: for some columns of `table` the features, what a theory says of them, and its name.
    """
    figure, panels = axes(len(labels), height=2.5)
    for ax, (name, label) in zip(panels, labels.items(), strict=True):
        points(ax, table, "features", name, OURS, "trained networks", "o-")
        if name in theory:
            features, told, label_of = theory[name]
            ax.plot(features, told, "--", color=(OTHER, NAIVE)[list(theory).index(name)], label=f"theory: {label_of}")
        logarithmic(ax, sorted(table.features.unique()))
        ax.set(xlabel="features", ylabel=label)
    named = {label: line for ax in panels for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(named.values(), named, loc="outside upper center", ncols=3, fontsize="small")
    return figure


def activations(table, labels) -> Figure:
    """Readings for each activation and target: a panel a reading, a row an activation, central 95 % of networks."""
    names = list(dict.fromkeys(table.activation))
    figure, panels = axes(len(labels), height=2.9, sharey=True)
    for ax, (name, label) in zip(panels, labels.items(), strict=True):
        for target, color, mark, shift in (("relu", OURS, "o", -0.14), ("identity", NAIVE, "s", 0.14)):
            for row, activation in enumerate(names):
                values = table[(table.activation == activation) & (table.target == target)][name].dropna()
                if len(values):
                    low, high = np.percentile(values, CENTRAL)
                    ax.plot([low, high], [row + shift] * 2, color=color, lw=1.5)
                    ax.plot(values.mean(), row + shift, mark, ms=5, color=color)
            ax.plot([], [], mark, color=color, label="target ReLU(x)" if target == "relu" else "target x")
        ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5), xlabel=label)
        if name in ("loss", "decoder_ratio"):
            ax.axvline(1, color=DIM, lw=0.8)
        if name == "decoder_ratio":
            logarithmic(ax, (0.7, 1, 2, 5))
        else:
            ax.set_xlim(min(0, ax.get_xlim()[0]), None)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize="small")
    return figure


def responses_by_activation(values, curves, targets) -> Figure:
    """Output of a feature alone against its input, mean and central 95 % of all features; a panel a target.

    Args:
        values: inputs.
        curves: by target and activation, (features of all networks, inputs).
        targets: by target, what the output should be at `values`.
    """
    figure, panels = axes(len(targets), height=3, sharey=True)
    for ax, (target, wanted) in zip(panels, targets.items(), strict=True):
        ax.plot(values, wanted, color=DIM, ls="--", label="target")
        for activation, color in zip(curves[target], (OURS, PALETTE[4], OTHER, PALETTE[3]), strict=False):
            band(ax, values, curves[target][activation], color, activation)
        ax.set(xlabel="input, one feature alone", title=f"target {'ReLU(x)' if target == 'relu' else 'x'}")
    panels[0].set_ylabel("its output")
    panels[0].legend(fontsize="small")
    return figure
