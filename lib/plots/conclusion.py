"""Figures of what is left of the findings."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from lib.plots.style import DIM, NAIVE, OTHER, OURS, POST, axes, nothing

__all__ = ["findings", "verdicts"]


def findings(claims) -> Figure:
    """Every published value against our networks: its distance from their mean in standard deviations."""
    spread = claims[claims.sd > 0]
    figure, ax = axes(height=0.24 * max(len(spread), 4) + 0.9)
    if spread.empty:
        ax.set_axis_off()
        nothing(ax, "one network has no spread, and networks all alike have none")
        return figure
    rows = np.arange(len(spread))
    ends = ("low", "high", "low_of_all", "high_of_all")
    scaled = {name: (spread[name] - spread["mean"]) / spread.sd for name in ends}
    near = spread["mean"].clip(spread.published_low, spread.published_high)  # the nearest value printed alike
    scaled["near"] = (near - spread["mean"]) / spread.sd
    ax.hlines(rows, scaled["low"], scaled["high"], color=OURS, lw=5, alpha=0.4, label="one further network, 95 %")
    ax.hlines(rows, scaled["low_of_all"], scaled["high_of_all"], color=OURS, lw=1, label="for all looks")
    beyond = 8
    shown = scaled["near"].clip(-beyond, beyond)
    inside = (spread.reproduced == "like one network").to_numpy()
    ax.plot(shown[inside], rows[inside], "o", color=OTHER, label="post, like one network")
    ax.plot(shown[~inside], rows[~inside], "D", color=POST, label="post, unlike one")
    for row, (value, clipped) in enumerate(zip(scaled["near"], shown, strict=True)):
        if value != clipped:
            ax.annotate(f"{value:+.0f} sd", (clipped, row), (0, 5), textcoords="offset points", ha="center", fontsize=7)
    ax.set(yticks=rows, yticklabels=spread.index, ylim=(len(rows) - 0.5, -0.5))
    ax.set_xlabel("distance from our mean network, in sd of one network")
    ax.axvline(0, color=DIM, lw=0.8, zorder=0)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize="small")
    return figure


def verdicts(claims) -> Figure:
    """What became of every finding: one row each, one tile per question, its answer in words."""
    answers = claims[["reproduced", "origin", "metric", "future"]].copy()
    answers["metric"] = answers.metric.replace({"": "no comparison", "depends on the metric": "depends on it"})
    answers["future"] = answers.future.replace("", "stays").str.removesuffix(" with training")
    answers.loc[answers.reproduced == "undefined", "future"] = "undefined"
    answers["reproduced"] = answers.reproduced.replace({"like one network": "yes", "unlike one network": "no"})
    answers["origin"] = answers.origin.str.removeprefix("shown by ").str.removeprefix("a code of ")
    stands, fails = ("yes", "learned", "between codes", "stays"), ("no", "free", "depends on it", "changes")
    grain = ("few numbers", "random codes", "before training", "independent sets", "algebra", "shifts")
    colours = dict.fromkeys(stands, OURS) | dict.fromkeys(fails, POST) | dict.fromkeys(grain, NAIVE)
    figure, ax = axes(height=0.25 * len(answers) + 0.7)
    for row, words in enumerate(answers.itertuples(index=False)):
        for column, word in enumerate(words):
            ax.barh(row, 0.96, 0.9, column - 0.48, color=colours.get(word, DIM), alpha=0.35)
            ax.text(column, row, word, ha="center", va="center", fontsize="small")
    ax.set(xticks=range(4), yticks=range(len(answers)), xlim=(-0.5, 3.5), ylim=(len(answers) - 0.5, -0.5))
    ax.set_xticklabels(["like one of ours?", "shown by?", "in every metric?", "trained on?"])
    ax.set_yticklabels(answers.index)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    sns.despine(ax=ax, left=True, bottom=True, top=True)
    return figure
