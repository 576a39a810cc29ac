"""What a network does for features that weigh more in the loss, and what it should do: section 13.

Theory: one feature on at a time (p to 0). Output i answers feature j alone by `o_i e_j cos_ij`, with a gain e of every
feature on its way in and o on its way out, so that a slope is `o_i e_i`. With weights I and b_ij = cos_ij**4 the loss is

    sum_i I_i (1 - o_i e_i)**4 + sum_ij b_ij I_i o_i**4 e_j**4.

Take the terms ij and ji together. At given slopes s their sum is least, for all pairs at once, where `e_i / o_i` goes as
I_i**(1/4), whatever the code, and then it is 2 b_ij u_i u_j with u_i = I_i**(1/2) s_i**2. What is left depends on the slopes alone:

    sum_i I_i (1 - s_i)**4 + sum_ij b_ij u_i u_j.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.optimize import minimize

from lib import data, knobs, measure, theory
from lib.config import Config, Measurement
from lib.model import Network

GROUPS = ("favoured", "others")
PARTS = 10  # slices of the features, in order of importance, that a table keeps the means of


# ---- theory


def even_code(slope: float, features: int) -> np.ndarray:
    """b of a code that treats all pairs alike, (features, features), such that features of one weight have this slope."""
    return np.full((features, features), (1 / slope - 1) ** 3 / features)


def apart_code(slope: float, features: int, neurons: int) -> np.ndarray:
    """As `even_code`, but the first features, one for each neuron, are at right angles to each other.

    The others then have cosines with them whose squares add up to 1, and whose fourth powers are least if all are
    alike: 1 / neurons**2 each, where random directions have 3 / (neurons (neurons + 2)).
    """
    b = even_code(slope, features)
    b[:neurons] *= (neurons + 2) / (3 * neurons)
    b[neurons:, :neurons] = b[:neurons, neurons:].T
    b[:neurons, :neurons] = 0
    return b


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


def read(networks: Network, config: Config, inputs: int) -> dict[str, np.ndarray]:
    """`knobs.readings` and `readings` of every network, and how far its neurons' footprints overlap: arrays (seeds,).

    A neuron's footprint is as in section 7: the features whose error rises when it is silenced. `footprints` is their mean
    overlap over pairs of neurons, `footprints_chance` that of random sets of these sizes; on a sixteenth of the inputs.
    """
    config = replace(config, start="small", steps=1, batch=1)  # how it was trained is no matter here: one program for all
    x = data.whole(data.key(0, "importance"), config, inputs)
    found = knobs.of_ensemble(networks, config, inputs)
    found |= measure.each(readings, networks, config, x, jnp.asarray(chance(config.neurons)))
    error = measure.ensemble_errors(networks, config, max(256, inputs // 4096 * 256))
    hurt = np.asarray(error["silenced"] - error["error"][:, :, None] > Measurement.harmed)
    found["footprints"] = np.array([measure.pairs(np.asarray(jax.jit(measure.overlaps)(sets))).mean() for sets in hurt])
    found["footprints_chance"] = np.array([theory.mean_overlap(config.features, sets.sum(0)) for sets in hurt])
    return found
