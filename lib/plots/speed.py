"""How fast training is, and how its cost grows."""

import numpy as np
from matplotlib.figure import Figure

from lib.plots.style import DIM, NAIVE, OTHER, OURS, axes

__all__ = ["speed"]


def speed(bench: dict) -> Figure:
    """The figures of `data/bench.json`: network-steps per second of every contender, and the cost of larger ones."""
    figure, (who, growth) = axes(2, width=10, height=4, width_ratios=(4, 3))
    for name, rate in bench["network-steps per second"].items():
        colour = OURS if name.startswith("ours") else DIM if name.startswith("matrix") else NAIVE
        error = [[rate["median"] - rate["low"]], [rate["high"] - rate["median"]]]
        who.barh(name, rate["median"], xerr=error, color=colour, capsize=2)
    who.set(xlabel="network-steps per second (median, range)")
    who.invert_yaxis()
    for (name, points), colour, marker in zip(bench["scaling"].items(), (OURS, NAIVE, OTHER), "osD", strict=True):
        median, low, high = 1e6 / np.array([[r["median"], r["high"], r["low"]] for r in points.values()]).T
        sizes = [int(size) for size in points]
        growth.errorbar(sizes, median, [median - low, high - median], color=colour, marker=marker, label=name)
    growth.set(xscale="log", yscale="log", xlabel="how many of them")
    growth.set(ylabel="microseconds per network-step")
    growth.legend(title="changed alone")
    return figure
