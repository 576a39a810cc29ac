"""Features that weigh more in the loss: what section 13 trains and reads."""

from collections.abc import Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from lib import data, measure
from lib.config import RAREST, Config, Measurement
from lib.experiments import sweep
from lib.model import Network
from lib.theory import chance

GROUPS = ("favoured", "others")
SMOOTH = (2, 3, 10, 30, 100, 300, 1000, 3000, 10_000)  # weights of the most important feature of a smooth profile


def points(base: Config, weights: Sequence[float]) -> dict[str, list[Config]]:
    """What section 13 trains, by kind of training: all weights from two starts, some longer, and smooth profiles."""
    near = by_closeness(weights)
    at = lambda *values: [w for w in values if w in weights]
    weigh = lambda weights, **other: [replace(base, importance=float(w), **other) for w in weights]
    smooth = [w for w in SMOOTH if w in weights or w / 10 in weights]
    few = [w for w in (100, 1000) if w in smooth]
    five, twenty = sweep.longer(base).steps, sweep.longer(base, 20).steps
    return {
        "small": weigh(near),
        "naive": weigh(near[-4:] + near[:-4], start="naive"),  # so that the check takes weight 100, which is drawn
        "smooth": weigh(smooth, profile="geometric"),
        "smooth, 5 x steps": weigh(few, profile="geometric", steps=five),
        "small, 5 x steps": weigh(at(1, 10, 100, 300, 1000), steps=five),
        "naive, 5 x steps": weigh(at(1, 10, 100, 300, 1000), steps=five, start="naive"),
        "small, 20 x steps": weigh(at(100, 300, 1000), steps=twenty),
        "smooth, p / 10": weigh(few, profile="geometric", p=max(base.p / 10, RAREST)),
    }


def by_closeness(weights: Sequence[float]) -> list[float]:
    """The weights, those closest to 100 first."""
    return sorted(weights, key=lambda w: abs(w - 100))


def drawn(base: Config, weights: Sequence[float]) -> dict[str, Config]:
    """The network whose encoder is drawn, by what it is called."""
    heavy = by_closeness(weights)[0]
    one = replace(base, importance=float(heavy), seeds=1)
    return {f"weight {heavy:g}, {start} start": replace(one, start=start) for start in ("small", "naive")}


def among(weights: Sequence[float], *wanted: float) -> list[float]:
    """Those of `wanted` that are among the weights; if none is, the first four weights."""
    return [w for w in wanted if w in weights] or sorted(weights)[:4]


def readings(network: Network, config: Config, x: Array, expected: Array) -> dict[str, Array]:
    """What each group of features gets, a number each: the first `config.favoured` features, and the others.

    Args:
        x: samples (features, samples); `expected`: from `chance.overlap_table`.

    Returns: by group NAME_favoured and NAME_others: `slope`, `slope_sd`, `capacity`, `ignored` (slopes below half of
    n / F), `carried` (neurons per feature), `tilt` (norm of the column of W_in over that of the row of W_out, neurons
    balanced), `error` (active-only MSE over that of a feature given up). `overlap_WHERE` and `chance_WHERE`: mean
    Jaccard overlap of the sets of carriers over pairs of features, and of random sets of these sizes, within
    `favoured`, within `others` and `between` them. `dedicated`: neurons with over half of their squared input weight on
    one feature. `slope_K`, `capacity_K`: means over the K-th of ten slices of the features.
    """
    first = jnp.arange(config.features) < config.favoured
    slope, sets, wanted = measure.slopes(network), measure.carriers(network), data.target(config, x)
    on, even = x != 0, measure.balanced(network)
    each = {
        "slope": slope,
        "capacity": measure.capacity(network.w_in[...]),
        "ignored": slope < config.neurons / config.features / 2,
        "carried": sets.sum(0),
        "tilt": jnp.linalg.norm(even.w_in[...], axis=0) / jnp.linalg.norm(even.w_out[...], axis=1),
        "error": measure.sampled_error(network, config, x) / measure.active_only(jnp.square(wanted), on, 1),
    }
    found = {}
    for group, members in zip(GROUPS, (first, ~first), strict=True):
        found |= {f"{name}_{group}": jnp.mean(values, where=members) for name, values in each.items()}
        found[f"ignored_{group}"] = jnp.sum(each["ignored"] & members)
        found[f"slope_sd_{group}"] = jnp.std(slope, where=members)
    overlap, by_chance = measure.overlaps(sets), expected[sets.sum(0)[:, None], sets.sum(0)[None, :]]
    apart = ~jnp.eye(config.features, dtype=bool)
    pairs = {
        "favoured": first[:, None] & first[None] & apart,
        "others": ~first[:, None] & ~first[None] & apart,
        "between": first[:, None] & ~first[None],
    }
    for where, these in pairs.items():
        found[f"overlap_{where}"] = jnp.mean(overlap, where=these)
        found[f"chance_{where}"] = jnp.mean(by_chance, where=these)
    found["dedicated"] = (measure.specialization(network) > 0.5).sum()
    part = jnp.arange(config.features) * measure.PARTS // config.features
    for name in ("slope", "capacity"):
        found |= {f"{name}_{k}": jnp.mean(each[name], where=part == k) for k in range(measure.PARTS)}
    return found


def read(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`measure.readings` and `readings` of every network, and how far its neurons' footprints overlap: arrays (seeds,).

    A footprint is as in section 7: the features whose error rises when the neuron is silenced. `footprints` is their
    mean overlap over pairs of neurons, `footprints_chance` that of random sets as large, on a sixteenth of the inputs.
    """
    config = config.task()
    x = data.evaluation_samples(data.key(0, "importance"), config, options.inputs)
    found = measure.read(networks, config, options)
    found |= measure.each(readings, networks, config, x, jnp.asarray(chance.overlap_table(config.neurons)))
    error = measure.ensemble_errors(networks, config, max(256, options.inputs // 4096 * 256))
    hurt = np.asarray(error["silenced"] - error["error"][:, :, None] > options.harmed)
    found["footprints"] = np.array([measure.pairs(np.asarray(jax.jit(measure.overlaps)(sets))).mean() for sets in hurt])
    found["footprints_chance"] = np.array([chance.mean_overlap(config.features, sets.sum(0)) for sets in hurt])
    return found


PAIRS = {f"carriers, {where}": (f"overlap_{where}", f"chance_{where}") for where in (*GROUPS, "between")} | {
    "footprints": ("footprints", "footprints_chance")
}


def over_chance(networks: pd.DataFrame) -> dict[str, np.ndarray]:
    """Overlap over that of random sets, by what overlaps, (networks,); NaN where there are no two."""
    ratios = {name: networks[found] / networks[chance] for name, (found, chance) in PAIRS.items()}
    return {name: ratio.where(np.isfinite(ratio)).to_numpy() for name, ratio in ratios.items()}


def race(over: pd.Series) -> float:
    """The weight from which on one start ends lower: `over` is the other's loss over its, by weight; NaN for none."""
    down = over.iloc[::-1]  # from the largest weight on: at the least one both starts tie
    return float(np.exp(measure.crossing(np.log(down.index), down.to_numpy()))) if len(over) else np.nan
