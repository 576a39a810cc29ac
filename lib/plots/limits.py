"""Figures of what is possible at all: section 16. Losses are over that of silence."""

import numpy as np
from matplotlib.figure import Figure

from lib.plots.style import DIM, NAIVE, OTHER, OURS, PALETTE, axes, logarithmic, points

__all__ = ["rare_losses", "room", "floors"]


def rare_losses(table, trained) -> Figure:
    """Loss with one feature on over the naive plan's, against the power of the error.

    Args:
        table: rows by power, columns `floor` (certified), `found` (least of all starts).
        trained: the same loss of trained networks, a row each, with `exponent` and `limit`.
    """
    figure, ax = axes(width=5.5, height=3.2)
    ax.fill_between(table.index, 1e-9, table.floor, color=DIM, alpha=0.25, lw=0, label="impossible (theorem)")
    ax.plot(table.index, table.found, "o-", ms=5, color=OTHER, label="best code found")
    ax.plot(trained.exponent, trained.limit, "x", ms=6, color=OURS, label="trained networks")
    ax.axhline(1, color=NAIVE, label="naive plan")
    ax.set(xlabel="power q of the error", ylabel="loss / naive plan's", yscale="log", ylim=(3e-4, 1.5))
    ax.legend(fontsize="small", loc="lower left")
    return figure


def room(panels) -> Figure:
    """Loss over that of silence against p, a panel for each kind of network.

    Args:
        panels: by title, a table with a row for each p and columns `floor`, `found`, `theory`, `naive`; and the rows of
            its trained networks, with `p` and `loss`.
    """
    figure, both = axes(len(panels), height=3.5, sharey=True)
    for ax, (title, (table, trained)) in zip(both, panels.items(), strict=True):
        ax.fill_between(table.index, 0, table.floor, color=DIM, alpha=0.25, lw=0, label="impossible (theorem)")
        ax.plot(table.index, table.naive, color=NAIVE, label="naive plan")
        ax.plot(table.index, table.theory, "--", color=PALETTE[4], label="theory of chapter 9")
        points(ax, trained, "p", "loss", OURS, "trained", "s")
        ax.plot(table.index, table.found, "o", ms=3, zorder=5, color=OTHER, label="best found by search")
        logarithmic(ax, (0.002, 0.01, 0.05, 0.2))
        ax.set(title=title, xlabel="p", ylim=(0, 1))
    both[0].set_ylabel("L4 loss / that of silence")
    figure.legend(*both[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
    return figure


def floors(table, floor: float, label: str) -> Figure:
    """One error of each plan, a bar each, and the least that is possible. `table` is that error by plan."""
    figure, ax = axes(width=5.5, height=2.6)
    ax.barh(table.index[::-1], table.to_numpy()[::-1], color=OURS, height=0.6)
    ax.axvline(floor, color="black", lw=1, label="least possible (theorem)")
    ax.set(xlabel=label, xlim=(0, 1.05 * max(np.nanmax(table), floor) or 1))
    ax.legend(fontsize="small", loc="upper right")
    return figure
