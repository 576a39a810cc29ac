"""Figures of one error counted in several ways: sections 01 and 06."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from lib.plots.style import CENTRAL, DIM, NAIVE, OTHER, OURS, PALETTE, axes, band, nothing

__all__ = ["plans", "crossings"]

COLOURS = {"trained": OURS, "linear": OTHER, "naive plan with a constant": PALETTE[4], "features summed": PALETTE[5]}
MARKERS = {"active": "o", "mse": "s", "l4": "D"}
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


def plans(table, names, powers, ratios) -> Figure:
    """Errors of every plan relative to the naive plan's: in each metric, and over all outputs against the power.

    Args:
        table: from `baselines.plans.comparison`.
        names: what each metric is called.
        powers, ratios: the powers of the error, and for each plan its error over the naive plan's, (seeds, powers).
    """
    figure, (left, right) = axes(2, height=3.4, width_ratios=(3, 2))
    naive = table[table.plan == "naive plan"].set_index("metric").error
    if not (naive > 0).all():
        for ax in (left, right):
            nothing(ax, "the naive plan makes no error\non these inputs")
            ax.set_axis_off()
        return figure
    shown = [plan for plan in COLOURS if plan in set(table.plan)]
    for shift, (metric, name) in zip((-0.22, 0, 0.22), names.items(), strict=True):
        for row, plan in enumerate(shown):
            values = table[(table.plan == plan) & (table.metric == metric)].error / naive[metric]
            low, high = np.percentile(values, CENTRAL)
            left.plot([low, high], [row + shift] * 2, color=COLOURS[plan], lw=1.5)
            marker = dict(marker=MARKERS[metric], ms=5, color=COLOURS[plan], ls="")
            left.plot(values.mean(), row + shift, mfc="white" if metric == "mse" else None, **marker)
        left.plot([], [], MARKERS[metric], color=DIM, mfc="white" if metric == "mse" else None, label=name)
    left.set(xscale="log", yticks=range(len(shown)), yticklabels=shown, ylim=(len(shown) - 0.5, -0.5))
    left.set_xlabel("error / naive plan's")
    left.legend(
        loc="lower center", bbox_to_anchor=(0.3, 1), ncols=3, fontsize="small", columnspacing=1, handletextpad=0.2
    )
    for plan, values in ratios.items():
        band(right, powers, values, COLOURS[plan], plan)
    right.set(yscale="log", xlabel="power q of the error", ylabel="mean |error|^q / naive plan's")
    right.set_title("all outputs")
    right.legend()
    left.axvline(1, color=NAIVE)
    right.axhline(1, color=NAIVE)
    left.xaxis.set_major_locator(LogLocator(10, (1, 2, 5)))
    left.xaxis.set_minor_formatter(NullFormatter())
    left.xaxis.set_major_formatter(PLAIN)
    right.yaxis.set_major_formatter(PLAIN)
    return figure


def crossings(loads, ratios, names, trained_for: float) -> Figure:
    """Errors relative to the naive plan's against the number of features on, one panel per metric.

    Args:
        ratios: for each metric and plan the ratio of the errors, (seeds, loads); NaN where the naive plan makes none.
        names: what each metric is called.
        trained_for: the mean number of features on in training.
    """
    figure, panels = axes(len(names), height=3.1)
    for ax, (metric, name) in zip(panels, names.items(), strict=True):
        for plan, values in ratios[metric].items():
            band(ax, loads, values, COLOURS[plan], plan)
        ax.axhline(1, color=NAIVE, label="naive plan")
        ax.axvline(trained_for, color=DIM, ls=":", lw=1, label="mean load in training")
        top = max(np.nanmax(values, initial=1) for plan, values in ratios[metric].items() if plan != "features summed")
        ax.set(title=name, xlabel="features on at once, k", ylim=(0, 1.05 * top))  # sums leave the panel
        if np.isnan(ratios[metric]["trained"]).all():
            nothing(ax, "the naive plan\nmakes no error")
    panels[0].set_ylabel("error / naive plan's")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize="small")
    return figure
