"""Figures of reading a code: section 18."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lib.plots.style import CENTRAL, DIM, NAIVE, OTHER, OURS, PALETTE, POST, axes, band, logarithmic

__all__ = ["known_readers", "right_sets", "blind_readers", "spared", "under_noise"]


def known_readers(errors: Mapping[str, pd.DataFrame], labels: Mapping[str, str], lines: Mapping[str, dict]) -> Figure:
    """Errors of readers that know the code: a panel for each metric, a row for each reader, mean and central 95 %.

    Args:
        errors: by the name of the networks a table with a row per network and columns "own mse", "own l4", ...
        labels: what each reader is called, by the first word of its column.
        lines: for each metric levels to mark, by name.
    """
    figure, panels = axes(2, width=7.6, height=3.4, sharey=True)
    titles = {"mse": "squared error / silence", "l4": "fourth-power error / silence"}
    for ax, (metric, title) in zip(panels, titles.items(), strict=True):
        for (name, rows), colour, mark, shift in zip(errors.items(), (NAIVE, OURS), "so", (-0.14, 0.14), strict=False):
            for place, reader in enumerate(labels):
                values = rows[f"{reader} {metric}"].dropna()
                if len(values):
                    ax.plot(np.percentile(values, CENTRAL), [place + shift] * 2, color=colour, lw=1.5)
                    ax.plot(values.mean(), place + shift, mark, ms=5, color=colour)
            ax.plot([], [], mark, color=colour, label=name)
        for (name, level), style, colour in zip(lines[metric].items(), ("--", ":"), (POST, "black"), strict=False):
            ax.axvline(level, color=colour, ls=style, lw=1.2, label=name)
        ax.set(xlabel=title, yticks=range(len(labels)), yticklabels=list(labels.values()), xlim=(0, None))
        ax.set_ylim(len(labels) - 0.5, -0.5)
    named = {name: line for ax in panels for line, name in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(named.values(), named, loc="outside upper center", ncols=4, fontsize="small")
    return figure


def right_sets(shares: Mapping[str, np.ndarray], marks: Mapping[str, float]) -> Figure:
    """Share of samples whose positive features are all found and no others, (networks, loads), against features on.

    Args:
        marks: loads to mark, by name.
    """
    figure, ax = axes(width=5.6, height=3.2)
    for (name, values), colour, style in zip(shares.items(), (NAIVE, OURS), ("s-", "o-"), strict=False):
        loads = np.arange(1, values.shape[1] + 1)
        there = np.isfinite(values).all(0)
        if there.any():
            band(ax, loads[there], values[:, there], colour, name)
            ax.plot(loads[there], values[:, there].mean(0), style, ms=4, color=colour)
    for (name, load), style in zip(marks.items(), ("--", ":"), strict=False):
        ax.axvline(load, color=POST, ls=style, lw=1.2, label=name)
    ax.set(xlabel="features on, of either sign", ylabel="share of samples read right", ylim=(-0.03, 1.05))
    figure.legend(loc="outside right center", fontsize="small")
    return figure


def blind_readers(rows: pd.DataFrame, knob: str, names: Mapping[str, str], label: str, features: int) -> Figure:
    """Features found and atoms that are none, against a knob: a line a reader, mean and range of networks.

    Args:
        rows: a row per network, with columns "rays found", "rays spurious", ...
        names: what each reader is called; nulls are drawn grey and dashed.
    """
    figure, panels = axes(2, width=8.4, height=3.6)
    colours = iter([OURS, PALETTE[4], OTHER, NAIVE, PALETTE[5], PALETTE[6], *PALETTE])
    for name, title in names.items():
        null = title.startswith("null")
        colour = "0.45" if null else next(colours)
        style = (":" if "directions" in title else "--") if null else "o-"
        for ax, what in zip(panels, ("found", "spurious"), strict=True):
            groups = rows.groupby(knob)[f"{name} {what}"]
            ax.fill_between(
                groups.min().index, groups.min(), groups.max(), color=colour, alpha=0.4 if null else 0.2, lw=0
            )
            ax.plot(groups.mean().index, groups.mean(), style, ms=4, color=colour, label=title.removeprefix("null: "))
    panels[0].axhline(features, color=DIM, lw=0.8)
    for ax, what in zip(panels, ("features found", "atoms that are no feature"), strict=True):
        logarithmic(ax, sorted(rows[knob].unique()))
        ax.set(xlabel=label, ylabel=what)
        ax.set_ylim(0, None)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", fontsize="small")
    return figure


def spared(settings: pd.DataFrame, names: Mapping[str, str], features: int) -> Figure:
    """Features found against the share of the loss that an autoencoder spares: a mark for each setting.

    Args:
        settings: a row for each reader and setting, named "topk 2 1", with `found`, `recovered`.
    """
    figure, ax = axes(width=5, height=3.4)
    for name, colour, mark in (("topk", NAIVE, "o"), ("relu", PALETTE[5], "s")):
        its = settings[settings.index.str.startswith(name)]
        ax.plot(its.recovered, its.found / features, mark, ms=6, color=colour, label=names[name])
    ax.set(xlabel="share of the network's gain that is recovered", ylabel="share of features found", ylim=(-0.03, 1.03))
    ax.legend(loc="upper left", fontsize="small")
    return figure


def under_noise(sizes: np.ndarray, losses: Mapping[str, np.ndarray]) -> Figure:
    """Training loss over silence, (networks, sizes), against noise on the hidden numbers."""
    figure, ax = axes(width=6.4, height=3.2)
    for (name, values), colour in zip(losses.items(), (NAIVE, OURS, OTHER, PALETTE[4]), strict=False):
        band(ax, sizes, values, colour, name)
    ax.axhline(1, color=DIM, lw=0.8)
    logarithmic(ax, (0.01, 0.03, 0.1, 0.3, 1))
    ax.set(xlabel="noise / root mean square of a neuron", ylabel="L4 loss / silence", ylim=(0, 1.5))
    figure.legend(loc="outside right center", fontsize="small")
    return figure
