"""What came of a section in words, for the cells that say it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib import measure, plots
from lib.config import Config
from lib.experiments import activation, importance, sweep


def spoken(sentences: dict[float, str], powers: Sequence[float]) -> str:
    """The sentences on powers that were swept, and which of the others were not."""
    gone = [f"*q* = {q:g}" for q in sentences if q not in powers]
    said = [text for q, text in sentences.items() if q in powers]
    return " ".join(said + [f"Not among the powers: {', '.join(gone)}."] * bool(gone))


NAMED = {0.002: "a rare feature", 0.02: "the post's", 0.1: "many", 0.5: "half", 0.7: "most", 1.0: "all on"}


def overtaking(rates: Sequence[float], over: np.ndarray) -> tuple[np.ndarray, str]:
    """Where a plan overtakes each network as p rises, (networks,), NaN where it does not; and who is ahead, in words.

    Args:
        rates: rising. over: a network's error over the plan's, (networks, rates), NaN where the naive plan makes none.
    """
    there = np.isfinite(over).all(0)
    if not there.any():
        return np.full(len(over), np.nan), "undefined: the naive plan makes no error"
    over = over[:, there]
    at, ahead = measure.crossings(np.asarray(rates)[there], over, 1.0), over[:, 0].mean() < 1
    words = f"{'network' if ahead else 'plan'} " + (
        f"below p = {plots.around(at, '.3g')}" if np.isfinite(at).any() else "at every p"
    )
    return np.where(over[:, 0] < 1, at, np.nan), words


def like(p: float, mean: pd.Series) -> str:
    """What networks are like at this p, from the means of their readings."""
    by_some = np.isfinite(mean.carriers)
    carried = f"a feature is carried by **{mean.carriers:.1f}** neurons" if by_some else "no feature is carried"
    named = f" ({NAMED[p]})" if p in NAMED else ""
    return (
        f"p = {p:g}{named}: {carried}, a neuron listens to {mean.load:.0f} features; slope {mean.slope_mean:.2f}, "
        f"{mean.ignored:.0f} features ignored, tied cosine {mean.tied_cosine:.2f}"
    )


def within(config: Config, mean: pd.Series) -> str:
    """By how much the slopes of a group differ, over their mean; of groups of two features or more."""
    sizes = zip(importance.GROUPS, (config.favoured, config.features - config.favoured), strict=True)
    parts = [
        f"{100 * mean[f'slope_sd_{group}'] / mean[f'slope_{group}']:.1f} % ({group})"
        for group, size in sizes
        if size > 1
    ]
    return " and ".join(parts) or "nothing, being of one feature each,"


def better_start(over: pd.Series) -> str:
    """Where the start with own neurons wins, in words; `over` is the other's loss over its own, by weight."""
    if over.empty:
        return "not known"
    at = np.exp(measure.crossing(np.log(over.index), over.to_numpy()))
    first, last = over.index[[0, -1]]
    everywhere = f"from {first:g} to {last:g}" if len(over) > 1 else f"at {first:g}"
    if not np.isfinite(at):
        return f"{'everywhere' if over[first] > 1 else 'nowhere'}, {everywhere}"
    return f"up to weight {at:.0f}" if over[first] > 1 else f"from weight {at:.0f} on"


def last(weight: float, mean: pd.Series, predicted: np.ndarray | None) -> str:
    """What is left for the least important tenth of a smooth profile, and what theory has for it, if anything."""
    slopes = mean[[f"slope_{k}" for k in range(measure.PARTS)]].to_numpy()
    k = np.flatnonzero(np.isfinite(slopes))[-1]
    theory = f", where theory for an even code has a slope of {predicted[k]:.3f}" if predicted is not None else ""
    capacity = mean[f"capacity_{k}"]
    part = f"a slope of {slopes[k]:.4f} and a capacity of {capacity:.5f}"
    return f"At first weight {weight:,.0f} the least important tenth has {part}{theory}."


def footprints(over: dict[str, np.ndarray], even: np.ndarray, mean: pd.Series) -> str:
    """The evidence on footprints: overlap over chance at weight 100, that of footprints at weight 1, and capacities."""
    about = {
        name: f"{np.nanmean(values):.2f}" if np.isfinite(values).any() else "undefined"
        for name, values in (over | {"even": even}).items()
    }
    before = f" ({about['even']} at weight 1)" if np.isfinite(even).any() else ""
    return (
        f"Overlap over chance at weight 100: neurons' footprints {about['footprints']}{before}, carriers of favoured "
        f"features {about['carriers, favoured']}, of others {about['carriers, others']}; capacity of a favoured "
        f"feature {mean.capacity_favoured:.2f}, of another {mean.capacity_others:.3f}."
    )


def halfway(rows: pd.DataFrame) -> str:
    """At how many neurons half of them belong to one feature, in words; networks of one way."""
    at = measure.crossings(sorted(rows.neurons.unique()), sweep.cube(rows, "monosemantic", "neurons"), 0.5)
    most = rows.groupby("neurons").monosemantic.mean()
    where = "never half of the neurons" if most.max() < 0.5 else "half of the neurons or more at every width"
    if (passed := np.isfinite(at)).any():
        some = "" if passed.all() else f" in {passed.sum()} of {len(at)} networks"
        span = f"({np.nanmin(at):.0f} to {np.nanmax(at):.0f})"
        where = f"half of the neurons at **{np.nanmean(at):.0f}** neurons {span}{some}"
    return f"{where}; at most {most.max():.0%}, with {most.idxmax()}"


def ahead(naive: pd.DataFrame, small: pd.DataFrame, least: int) -> str:
    """From how many neurons on, of `least` or more, networks from the naive plan end with the lower loss, in words."""
    losses = [
        rows[rows.neurons >= least].pivot(index="seed", columns="neurons", values="loss") for rows in (naive, small)
    ]
    ratio = (losses[0] / losses[1]).dropna(axis=1).iloc[:, ::-1]  # from the widest on
    if ratio.empty:
        return "nowhere that can be compared"
    if ratio.iloc[:, 0].mean() >= 1:
        return f"nowhere, or not up to {ratio.columns[0]} neurons"
    at = measure.crossings(list(ratio), ratio.to_numpy(), 1.0)
    if np.isfinite(at).any():
        return f"from **{np.nanmean(at):.0f}** neurons ({np.nanmin(at):.0f} to {np.nanmax(at):.0f})"
    return f"from {ratio.columns[-1]} neurons, or fewer"


WITH = {"relu": "with a ReLU", "abs": "with an absolute value", "linear": "with none"}


def kinds(rows: pd.DataFrame) -> str:
    """The kinds of network with one target in words, the least loss first; the mean of each is a row."""
    loss = {name: "" if pd.isna(value) else f"**{value:.3f}** " for name, value in rows.loss.items()}
    best = rows.sort_values("loss").iterrows()
    kinds = (f"{name} {loss[name]}(slope {row.slope_mean:.2f}, ratio {row.decoder_ratio:.2f})" for name, row in best)
    return "; ".join(kinds) + "; no loss, since the naive plan's is zero" * bool(rows.loss.isna().all())


def on_activation(ratio: pd.Series, loss: pd.DataFrame) -> tuple[str, str]:
    """Whether the ReLU makes the decoder longer than the encoder, and the evidence.

    Args:
        ratio: of their norms after the longer training for the target ReLU(x), by activation.
        loss: after the usual training, a row per target and a column per activation.
    """
    asked = [f"{ratio[name]:.2f} {words}" for name, words in WITH.items() if name in ratio]
    if "relu" not in ratio or len(asked) < 2:
        return "not tested", "That takes a ReLU, and beside it an absolute value or no activation."
    others = all(abs(ratio[name] - 1) < 0.05 for name in ("abs", "linear") if name in ratio)
    best = loss.dropna(how="all").idxmin(axis=1)
    least = ", ".join(
        f"for {activation.TARGETS[target]} that of {best[target]}" for target in activation.TARGETS if target in best
    )
    return "holds" if ratio["relu"] > 1.05 and others else "fails", (
        f"Trained five times as long, the ratio is {' and '.join([', '.join(asked[:-1]), asked[-1]])}."
        + f" The least loss {least.replace(' that', ' is that', 1)}." * bool(least)
    )
