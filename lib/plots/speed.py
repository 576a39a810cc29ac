"""How fast training is, and how its cost grows."""

import numpy as np
from matplotlib.figure import Figure

from lib.plots.style import DIM, NAIVE, OURS, axes

__all__ = ["speed"]


def speed(bench: dict) -> Figure:
    """The figures of `data/bench.json`: network-steps per second of every contender, and the cost of larger ones."""
    figure, (who, growth) = axes(2, width=10, height=4, width_ratios=(4, 3))
    for name, rate in bench["network-steps per second"].items():
        colour = OURS if name.startswith("ours") else DIM if "products" in name else NAIVE
        error = [[rate["median"] - rate["low"]], [rate["high"] - rate["median"]]]
        who.barh(name, rate["median"], xerr=error, color=colour, capsize=2)
    who.set(xlabel="network-steps per second (median, range)")
    who.invert_yaxis()
    for (name, grown), colour, marker in zip(bench["growth"].items(), (OURS, NAIVE), "os", strict=True):
        points = grown["rates"]
        median, low, high = 1e6 / np.array([[r["median"], r["high"], r["low"]] for r in points.values()]).T
        label = f"{name} (power {grown['exponents']['time']:.1f})"
        growth.errorbar(
            [*map(int, points)], median, [median - low, high - median], c=colour, marker=marker, label=label
        )
    growth.set(xscale="log", yscale="log", xlabel="how many of them")
    growth.set(ylabel="microseconds per network-step")
    growth.legend(title="what grows")
    return figure
