"""What a network does for features that weigh more in the loss, and what it should do: section 13.

Theory: one feature on at a time (p to 0). Output i answers feature j alone by `o_i e_j cos_ij`, with a gain e of every
feature on its way in and o on its way out, so that a slope is `o_i e_i`. With weights I and b_ij = cos_ij**4 the loss is

    sum_i I_i (1 - o_i e_i)**4 + sum_ij b_ij I_i o_i**4 e_j**4.

Take the terms ij and ji together. At given slopes s their sum is least, for all pairs at once, where `e_i / o_i` goes as
I_i**(1/4), whatever the code, and then it is 2 b_ij u_i u_j with u_i = I_i**(1/2) s_i**2. What is left depends on the slopes alone:

    sum_i I_i (1 - s_i)**4 + sum_ij b_ij u_i u_j.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array
from scipy.optimize import minimize

from lib import data, knobs, measure, metrics, theory
from lib.config import Config, Measurement
from lib.model import Network

GROUPS = ("favoured", "others")
PARTS = 10  # slices of the features, in order of importance, that a table keeps the means of
SMOOTH = (2, 3, 10, 30, 100, 300, 1000, 3000, 10_000)  # weights of the most important feature of a smooth profile


def points(base: Config, weights: Sequence[float]) -> dict[str, list[Config]]:
    """What section 13 trains, by kind of training: all weights as usual from two starts, some of them longer, and smooth profiles."""
    near = by_closeness(weights)
    at = lambda *values: [w for w in values if w in weights]  # noqa: E731
    weigh = lambda weights, **other: [replace(base, importance=float(w), **other) for w in weights]  # noqa: E731
    smooth = [w for w in SMOOTH if w in weights or w / 10 in weights]
    few = [w for w in (100, 1000) if w in smooth]
    five, twenty = knobs.longer(base).steps, knobs.longer(base, 20).steps
    return {
        "small": weigh(near),
        "naive": weigh(near[-4:] + near[:-4], start="naive"),  # so that the check takes weight 100, which is drawn
        "smooth": weigh(smooth, profile="geometric"),
        "smooth, 5 x steps": weigh(few, profile="geometric", steps=five),
        "small, 5 x steps": weigh(at(1, 10, 100, 300, 1000), steps=five),
        "naive, 5 x steps": weigh(at(1, 10, 100, 300, 1000), steps=five, start="naive"),
        "small, 20 x steps": weigh(at(100, 300, 1000), steps=twenty),
        "smooth, p / 10": weigh(few, profile="geometric", p=base.p / 10),
    }


def by_closeness(weights: Sequence[float]) -> list[float]:
    """The weights, those closest to 100 first."""
    return sorted(weights, key=lambda w: abs(w - 100))


def drawn(base: Config, weights: Sequence[float]) -> dict[str, Config]:
    """The networks whose encoders are drawn, by what they are called."""
    heavy = by_closeness(weights)[0]
    starts = ("small", "naive")
    return {f"weight {heavy:g}, {start} start": replace(base, importance=float(heavy), start=start) for start in starts}


def among(weights: Sequence[float], *wanted: float) -> list[float]:
    """Those of `wanted` that are among the weights; if none is, the first four weights."""
    return [w for w in wanted if w in weights] or sorted(weights)[:4]


# ---- theory


def even_code(slope: float, features: int) -> np.ndarray:
    """b of a code that treats all pairs alike, (features, features), such that features of one weight have this slope."""
    return np.full((features, features), (1 / slope - 1) ** 3 / features)


def apart_code(slope: float, features: int, neurons: int, favoured: int) -> np.ndarray:
    """As `even_code`, but the favoured features, at most as many as neurons, are at right angles to each other.

    The squared cosines of another feature with as many axes as there are neurons add up to 1, and their fourth powers
    are least if all are alike: 1 / neurons**2 each, where random directions have 3 / (neurons (neurons + 2)).
    """
    b = even_code(slope, features)
    b[:favoured] *= (neurons + 2) / (3 * neurons)
    b[favoured:, :favoured] = b[:favoured, favoured:].T
    b[:favoured, :favoured] = 0
    return b


def codes(slope: float, config: Config) -> dict[str, np.ndarray]:
    """The codes by name, for this slope at weight 1: none unless it is between 0 and 1, and `apart` only where there is room for it."""
    if not 0 < slope < 1:
        return {}
    apart = {"apart": apart_code(slope, config.features, config.neurons, config.favoured)} if config.favoured <= config.neurons else {}
    return {"even": even_code(slope, config.features)} | apart


def best(weights: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, float]:
    """Best slope of each feature, (features,), and the loss, in which a feature of weight 1 that is given up costs 1.

    Args:
        weights: (features,); `b`: mean fourth powers of cosines, (features, features), symmetric.
    """
    root, scale = np.sqrt(weights), weights.sum()

    def cost(s):
        u = root * s**2
        slope = -4 * weights * (1 - s) ** 3 + 4 * root * s * (b @ u)
        return ((weights * (1 - s) ** 4).sum() + u @ b @ u) / scale, slope / scale

    start, options = np.full(len(weights), 0.5), {"ftol": 1e-15, "gtol": 1e-12, "maxiter": 10_000, "maxfun": 100_000}
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=[(0, 1)] * len(weights), options=options)
    return found.x, float(found.fun * scale)


def sliced(values: np.ndarray) -> np.ndarray:
    """Means over slices of the features, in order of importance, (PARTS,); NaN for a slice without a feature."""
    part = np.arange(len(values)) * PARTS // len(values)
    return np.array([values[part == k].mean() if (part == k).any() else np.nan for k in range(PARTS)])


# ---- what a network does


def capacity(w_in: Array) -> Array:
    """Capacity of each feature, (features,): `(w_i . w_i)**2 / sum_j (w_i . w_j)**2`, w_i its column of W_in.

    1 for a dimension of its own, 0 for none; they add up to at most the number of neurons (Scherlis et al. 2022).
    """
    square = jnp.square(w_in.T @ w_in)
    own = jnp.diagonal(square)
    return jnp.where(own > 0, own / jnp.maximum(square.sum(1), 1e-30), 0)


def carriers(network: Network) -> Array:
    """The neurons that carry each feature, (neurons, features): those that give its slope over half of what the first gives."""
    given = (network.w_out * network.activate(network.w_in.T)).T
    return given > given.max(0) / 2


def chance(neurons: int) -> np.ndarray:
    """Expected Jaccard overlap of random sets of neurons, by their sizes, (neurons + 1, neurons + 1)."""
    sizes = range(neurons + 1)
    return np.array([[theory.expected_overlap(neurons, a, b) for b in sizes] for a in sizes])


def readings(network: Network, config: Config, x: Array, expected: Array) -> dict[str, Array]:
    """What each group of features gets, a number each; the first `config.favoured` features are a group, and the others.

    Args:
        x: samples (features, samples); `expected`: from `chance`.

    Returns: by group NAME_favoured and NAME_others: `slope`, `slope_sd`, `capacity`, `ignored` (slopes below half of
    n / F), `carried` (neurons per feature), `tilt` (norm of the column of W_in over that of the row of W_out) and `error`
    (active-only MSE over that of a feature given up). `overlap_WHERE` and `chance_WHERE`: mean Jaccard overlap of the
    sets of carriers over pairs of features, and of random sets of these sizes, within `favoured`, within `others`, and `between`
    them. `dedicated`: neurons with more than half of their squared input weight on one feature. `slope_K`, `capacity_K`: means
    over the K-th of ten slices of the features.
    """
    first = jnp.arange(config.features) < config.favoured
    slope, sets, wanted = measure.slopes(network), carriers(network), data.target(config, x)
    on = x != 0
    each = {
        "slope": slope,
        "capacity": capacity(network.w_in[...]),
        "ignored": slope < config.neurons / config.features / 2,
        "carried": sets.sum(0),
        "tilt": jnp.linalg.norm(network.w_in[...], axis=0) / jnp.linalg.norm(network.w_out[...], axis=1),
        "error": jnp.sum(jnp.square(network(x) - wanted) * on, 1) / jnp.sum(jnp.square(wanted) * on, 1),
    }
    found = {}
    for group, members in zip(GROUPS, (first, ~first), strict=True):
        found |= {f"{name}_{group}": jnp.mean(values, where=members) for name, values in each.items()}
        found[f"ignored_{group}"] = jnp.sum(each["ignored"] & members)
        found[f"slope_sd_{group}"] = jnp.std(slope, where=members)
    overlap, by_chance = measure.overlaps(sets), expected[sets.sum(0)[:, None], sets.sum(0)[None, :]]
    apart = ~jnp.eye(config.features, dtype=bool)
    pairs = {"favoured": first[:, None] & first & apart, "others": ~first[:, None] & ~first & apart, "between": first[:, None] & ~first}
    for where, these in pairs.items():
        found[f"overlap_{where}"] = jnp.mean(overlap, where=these)
        found[f"chance_{where}"] = jnp.mean(by_chance, where=these)
    found["dedicated"] = (measure.specialization(network) > 0.5).sum()
    part = jnp.arange(config.features) * PARTS // config.features
    for name in ("slope", "capacity"):
        found |= {f"{name}_{k}": jnp.mean(each[name], where=part == k) for k in range(PARTS)}
    return found


def read(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`knobs.readings` and `readings` of every network, and how far its neurons' footprints overlap: arrays (seeds,).

    A neuron's footprint is as in section 7: the features whose error rises when it is silenced. `footprints` is their mean
    overlap over pairs of neurons, `footprints_chance` that of random sets of these sizes; on a sixteenth of the inputs.
    """
    config = replace(config, start="small", steps=1, batch=1)  # how it was trained is no matter here: one program for all
    x = data.whole(data.key(0, "importance"), config, options.inputs)
    found = knobs.of_ensemble(networks, config, options)
    found |= measure.each(readings, networks, config, x, jnp.asarray(chance(config.neurons)))
    error = measure.ensemble_errors(networks, config, max(256, options.inputs // 4096 * 256))
    hurt = np.asarray(error["silenced"] - error["error"][:, :, None] > options.harmed)
    found["footprints"] = np.array([measure.pairs(np.asarray(jax.jit(measure.overlaps)(sets))).mean() for sets in hurt])
    found["footprints_chance"] = np.array([theory.mean_overlap(config.features, sets.sum(0)) for sets in hurt])
    return found


# ---- in words


PAIRS = {f"carriers, {where}": (f"overlap_{where}", f"chance_{where}") for where in (*GROUPS, "between")} | {
    "footprints": ("footprints", "footprints_chance")
}


def over_chance(networks: pd.DataFrame) -> dict[str, np.ndarray]:
    """Overlap over that of random sets, by what overlaps, (networks,); NaN where there are no two of them, or they are empty."""
    ratios = {name: networks[found] / networks[chance] for name, (found, chance) in PAIRS.items()}
    return {name: ratio.where(np.isfinite(ratio)).to_numpy() for name, ratio in ratios.items()}


def within(config: Config, mean: pd.Series) -> str:
    """By how much the slopes of a group differ, over their mean; of groups of two features or more."""
    sizes = zip(GROUPS, (config.favoured, config.features - config.favoured), strict=True)
    parts = [f"{100 * mean[f'slope_sd_{group}'] / mean[f'slope_{group}']:.1f} % ({group})" for group, size in sizes if size > 1]
    return " and ".join(parts) or "nothing, being of one feature each,"


def race(over: pd.Series) -> str:
    """Where the start with own neurons wins, in words; `over` is the other's loss over its own, by weight."""
    if over.empty:
        return "not known"
    at = np.exp(metrics.crossing(np.log(over.index), over.to_numpy()))
    first, last = over.index[[0, -1]]
    everywhere = f"from {first:g} to {last:g}" if len(over) > 1 else f"at {first:g}"
    if not np.isfinite(at):
        return f"{'everywhere' if over[first] > 1 else 'nowhere'}, {everywhere}"
    return f"up to weight {at:.0f}" if over[first] > 1 else f"from weight {at:.0f} on"


def last(weight: float, mean: pd.Series, predicted: np.ndarray | None) -> str:
    """What is left for the least important tenth of a smooth profile, and what theory has for it, if anything."""
    slopes = mean[[f"slope_{k}" for k in range(PARTS)]].to_numpy()
    k = np.flatnonzero(np.isfinite(slopes))[-1]
    theory = f", where theory for an even code has a slope of {predicted[k]:.3f}" if predicted is not None else ""
    capacity = mean[f"capacity_{k}"]
    return f"At first weight {weight:,.0f} the least important tenth has a slope of {slopes[k]:.4f} and a capacity of {capacity:.5f}{theory}."


def word(each: Iterable[bool]) -> str:
    """The verdict of a rule that asks for all of them."""
    asked = list(each)
    return "not tested" if not asked else "holds" if all(asked) else "holds in part" if any(asked) else "fails"


def overlaps(over: dict[str, np.ndarray], even: np.ndarray, mean: pd.Series) -> str:
    """The evidence on footprints: overlap over chance at weight 100, with that of footprints at weight 1, and capacities."""
    about = {name: f"{np.nanmean(values):.2f}" if np.isfinite(values).any() else "undefined" for name, values in (over | {"even": even}).items()}
    before = f" ({about['even']} at weight 1)" if np.isfinite(even).any() else ""
    return (
        f"Overlap over chance at weight 100: neurons' footprints {about['footprints']}{before}, carriers of favoured features "
        f"{about['carriers, favoured']}, of others {about['carriers, others']}; capacity of a favoured feature "
        f"{mean.capacity_favoured:.2f}, of another {mean.capacity_others:.3f}."
    )
