"""Figures of what the network does: sections 00 to 03 and 06."""

import numpy as np
from matplotlib.figure import Figure

from lib.plots.style import DIM, NAIVE, OTHER, OURS, POST, axes, band, heatmap, published_line, spread

__all__ = [
    "samples", "learning", "readings", "feature_errors", "error_over_networks", "responses",
    "slope_spread", "slope_against_error", "evaluation_noise", "one_feature", "crosstalk", "overload",
]  # fmt: skip


def samples(x) -> Figure:
    """A few training inputs (features, samples), and how many features each of many has on."""
    figure, (left, right) = axes(2, width_ratios=(3, 2))
    heatmap(left, x[:, :24].T, "24 inputs", "value")
    left.set(xlabel="feature", ylabel="sample")
    on = (x != 0).sum(0)
    right.hist(on, bins=np.arange(on.max() + 2) - 0.5, color=OURS, rwidth=0.85)
    right.set(xlabel="features on in one input", ylabel="inputs", title=f"{len(on):,} inputs")
    return figure


def learning(losses, one_slopes, exponent: float, parting: tuple[int, int]) -> Figure:
    """Loss of an ensemble (seeds, steps or parts), its power, and the slopes of one as it learns (steps, features).

    Args:
        parting: the steps from which and to which features part.
    """
    figure, (left, right) = axes(2)
    steps = np.arange(1, len(one_slopes) + 1)
    band(left, np.linspace(0, len(steps), losses.shape[1] + 1)[1:], losses, OURS, f"{len(losses)} networks")
    left.set(xscale="log", yscale="log", xlabel="step", ylabel=f"L{exponent:g} loss on fresh samples")
    right.plot(steps, one_slopes, color=OURS, alpha=0.15, lw=0.7)
    right.plot(steps, one_slopes.mean(1), color="black", label="mean over features")
    right.axvspan(*parting, color=DIM, alpha=0.3, lw=0, label="features part")
    right.set(xscale="log", xlabel="step", ylabel="slope of each feature")
    left.legend()
    right.legend(loc="upper left", fontsize="small")
    return figure


def readings(distances, names) -> Figure:
    """Where published numbers lie in the networks of each reading of the task.

    Args:
        distances: for each reading a number by id, see `claims.distance`; `names`: the plain name of each id.
    """
    figure, ax = axes(width=6.6, height=0.24 * len(names) + 1.2)
    far = 4
    ax.axvspan(-1, 1, color=DIM, alpha=0.3, lw=0, label="like one network")
    for number, ((name, values), color) in enumerate(zip(distances.items(), (OURS, NAIVE, OTHER), strict=True)):
        at = np.arange(len(names)) + 0.2 * (number - 1)
        ax.plot(
            values.loc[names.index].clip(-far, far), at, "oDs"[number], ms=4, color=color, label=name, clip_on=False
        )
    ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.6), xlim=(-far, far))
    ax.set_xticks([-far, -2, -1, 0, 1, 2, far], [f"−{far} or less", "−2", "−1", "0", "1", "2", f"{far} or more"])
    ax.set_xlabel("published value, in half widths of the networks' interval")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize="small")
    return figure


def feature_errors(error, naive) -> Figure:
    """Active-only MSE of each feature (seeds, features), best feature first, against the naive plan (features,)."""
    figure, ax = axes()
    order = np.sort(error, axis=1)
    rank = np.arange(1, error.shape[1] + 1)
    ax.step(rank, np.sort(naive), where="mid", color=NAIVE, label="naive plan")
    ax.axhline(naive.mean(), color=NAIVE, ls=":", label="naive plan, mean")
    band(ax, rank, order, OURS, f"{len(error)} trained networks")
    ax.plot(rank, order[0], ".", ms=3, color="black", label="network 0")
    ax.set(xlabel="feature, sorted by its error", ylabel="active-only error", ylim=(0, None))
    ax.legend(loc="lower right")
    return figure


def error_over_networks(error, published: float) -> Figure:
    """Mean active-only MSE of each network (seeds,), each a point, beside the published one."""
    figure, ax = axes(height=2.4)
    spread(ax, error, "active-only error, mean over features", published)
    return figure


def responses(values, curves, wanted, chosen: dict[int, str]) -> Figure:
    """Output to one feature alone (features, values) of the chosen features of one network, each with its name."""
    figure, panels = axes(len(chosen), sharey=True, height=2.8, squeeze=False)
    for ax, (feature, name) in zip(panels[0], chosen.items(), strict=True):
        ax.plot(values, wanted, color=DIM, ls="--", label="target")
        ax.plot(values, curves[feature], color=OURS, label="output")
        ax.set(title=name, xlabel="input to this feature alone")
    panels[0, 0].set_ylabel("its output")
    panels[0, 0].legend()
    return figure


def slope_spread(slopes, published_mean: float) -> Figure:
    """Slopes (seeds, features): over the features of one network, over all, and their mean per network."""
    figure, (left, right) = axes(2, sharex=True)
    bins = np.linspace(slopes.min(), slopes.max(), 40)
    left.hist(slopes.ravel(), bins, density=True, color=OURS, alpha=0.35, label=f"all {len(slopes)} networks")
    left.hist(slopes[0], bins, density=True, histtype="step", color="black", label="network 0")
    left.set(xlabel="slope of a feature", ylabel="density", ylim=(0, 1.5 * left.get_ylim()[1]))
    spread(right, slopes.mean(1), "mean slope of a network", published_mean)
    published_line(left, published_mean)
    left.legend(loc="upper left", fontsize="small")
    return figure


def slope_against_error(slopes, error, correlations, published: float) -> Figure:
    """Slope against active-only MSE over the features of network 0, and the correlation of every network."""
    figure, (left, right) = axes(2)
    left.plot(slopes[0], error[0], "o", ms=4, color=OURS, alpha=0.7)
    left.set(xlabel="slope of a feature", ylabel="active-only error", title="network 0, a point for each feature")
    spread(right, correlations, "correlation over features", published)
    right.set_title("every network")
    right.legend(loc="upper center", fontsize="small")
    return figure


NAMED = {"slope_error_corr": "correlation of slope and error", "error_range": "largest − smallest error of a feature"}


def evaluation_noise(plain, published) -> Figure:
    """What plain evaluations of several sizes make of some published numbers, a panel each.

    Args:
        plain: from `measure.plain_numbers`; `published`: a value by id, for the ids to draw.
    """
    figure, panels = axes(len(published))
    for ax, (name, value) in zip(panels, published.items(), strict=True):
        rows = plain[plain.id == name]
        ax.plot(rows.samples, rows["mean"], color=OURS)
        ax.fill_between(
            rows.samples, rows["mean"] - 2 * rows.sd, rows["mean"] + 2 * rows.sd, color=OURS, alpha=0.25, lw=0
        )
        published_line(ax, value, vertical=False)
        ax.set(xscale="log", xlabel="evaluation samples", ylabel=NAMED.get(name, name))
    panels[-1].legend(loc="upper right", fontsize="small")
    return figure


def one_feature(answers, feature: int) -> Figure:
    """What every output returns (features,) while one feature is on: its own, pushes up and pushes down."""
    figure, ax = axes(height=2.8)
    at = np.arange(len(answers))
    groups = {
        "pushed up": (OURS, (answers >= 0) & (at != feature)),
        "pushed down": (NAIVE, (answers < 0) & (at != feature)),
        f"its own, output {feature}": ("black", at == feature),
    }
    for label, (color, which) in groups.items():
        ax.bar(at[which], answers[which], color=color, label=label)
    ax.axhline(0, color="black", lw=0.8)
    ax.set(xlabel="output", ylabel=f"answer to feature {feature} at 0.5")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
    return figure


def crosstalk(entries, worst, published: float) -> Figure:
    """Crosstalk of all pairs of network 0 (pairs,) at input 0.5, and the worst of every network (seeds,)."""
    figure, (left, right) = axes(2)
    left.hist(entries, 80, color=OURS, histtype="stepfilled")
    left.axvline(0, color="black", lw=0.8)
    left.set(xlabel="push on an output, feature at 0.5", ylabel="pairs", title="network 0")
    spread(right, worst, "strongest push down in a network", published)
    right.set_title("every network")
    return figure


def overload(loads, trained, naive, published: float) -> Figure:
    """Active-only error of both plans with exactly k features on, (seeds, loads) and (loads,); the post's at k = 20."""
    figure, ax = axes()
    band(ax, loads, trained, OURS, f"{len(trained)} trained networks")
    ax.plot(loads, naive, color=NAIVE, label="naive plan")
    ax.plot(20, published, "*", ms=10, color=POST, label="post, k = 20")
    ax.set(xlabel="features on at once, k", ylabel="active-only error", ylim=(0, None))
    ax.legend()
    return figure
