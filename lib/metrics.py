"""One error counted three ways, for a trained network and for plans that need no training.

*Active-only MSE* looks at a feature's output while that feature is on (the post's measure), *MSE over all outputs* also
while it is off, and the *L4 loss*, on which the networks are trained, takes the fourth power at all outputs.

A plan is any function from inputs (features, samples) to outputs of the same shape; a `Network` is one.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array
from scipy.optimize import minimize_scalar

from lib import data, measure, model, theory
from lib.config import Config
from lib.model import Network

METRICS = {"active": "active-only MSE", "mse": "MSE over all outputs", "l4": "L4 loss"}
TOP = 8  # the highest power of the error that is measured


def with_offset(config: Config, constant: float) -> Callable[[Array], Array]:
    """The naive plan, but the outputs that it gives up return a constant instead of zero."""
    naive, offset = model.naive(config), constant * (jnp.arange(config.features) >= config.neurons)
    return lambda x: naive(x) + offset[:, None]


def summed(config: Config, constant: float) -> Network:
    """Each neuron adds up F / n neighbouring features and returns the sum, times a constant, to each of them.

    With 100 features and 10 neurons, neuron k serves features 10 k to 10 k + 9.
    """
    served = np.arange(config.features) * config.neurons // config.features == np.arange(config.neurons)[:, None]
    w_in = jnp.asarray(served, jnp.float32)
    return Network(w_in, constant * w_in.T)


FAMILIES = {"naive plan with a constant": with_offset, "features summed": summed}  # plans with one constant to choose


def powers(plan: Callable, config: Config, x: Array) -> dict[str, Array]:
    """Mean of abs(error)**q for q = 1..TOP: `active` over the features that are on, `all` over all outputs, (TOP,) each.

    Args:
        x: (features, samples), samples a multiple of `CHUNK`.
    """

    def sums(x):
        error, on = jnp.abs(plan(x) - data.target(config, x)), x != 0
        raised = [error**q for q in range(1, TOP + 1)]
        active, every = (jnp.stack([jnp.mean(e * w, 0) for e in raised]) for w in (on, 1))
        return {"active": active, "all": every, "on": on.mean(0)}

    mean = measure.mean_over_samples(sums, x)
    return {"active": mean["active"] / mean["on"], "all": mean["all"]}


def three(mean: Mapping[str, Array]) -> dict[str, Array]:
    """The three metrics out of what `powers` returns, by the names in `METRICS`."""
    return {"active": mean["active"][..., 1], "mse": mean["all"][..., 1], "l4": mean["all"][..., 3]}


def tuned(family: Callable, config: Config, x: Array) -> dict[str, tuple[float, float]]:
    """For each metric, the constant from 0 to 1 with which the plan `family(config, constant)` errs least, and that error.

    An output is a straight line in the constant, so a metric is a polynomial of at most fourth degree in it, and
    five values fix that. Where the constant does not matter it is 0; where there is no error, since no feature is
    on in `x`, both are NaN.
    """

    def at(constant, config, x):
        return three(powers(family(config, constant), config, x))

    grid, best = np.linspace(0, 1, 5), {}
    for name, values in measure.each(at, grid, config, x).items():
        if np.ptp(values) > 0:
            curve = np.polynomial.Polynomial.fit(grid, values, 4)
            best[name] = float(minimize_scalar(curve, bounds=(0, 1), method="bounded", options={"xatol": 1e-7}).x)
        else:
            best[name] = 0.0 * np.ptp(values)  # 0, or NaN
    found = measure.each(at, np.array(list(best.values())), config, x)
    return {name: (constant, float(found[name][i])) for i, (name, constant) in enumerate(best.items())}


def rivals(config: Config, inputs: int) -> pd.DataFrame:
    """The plans with a constant, the best for each metric: columns p, plan, metric, constant, ratio (to the naive plan's error)."""
    x = data.whole(data.key(0, "rivals"), config, inputs)
    naive = three(jax.jit(powers)(model.naive(config), config, x))
    rows = [
        (config.p, plan, metric, constant, float(over(error, float(naive[metric]))))
        for plan, family in FAMILIES.items()
        for metric, (constant, error) in tuned(family, config, x).items()
    ]
    return pd.DataFrame(rows, columns=["p", "plan", "metric", "constant", "ratio"])


def table(counted: Mapping[str, Mapping[str, np.ndarray]], config: Config, x: Array) -> pd.DataFrame:
    """Every plan in every metric, a row each: columns plan, metric, seed, constant, error.

    The plans that take a constant get the best one for each metric; it is NaN for those that take none.

    Args:
        counted: by name, what `powers` returns for an ensemble, with a leading axis of seeds.
        x: the samples that it was measured on.
    """
    naive = three(jax.jit(powers)(model.naive(config), config, x))
    rows = [("naive plan", metric, 0, np.nan, float(error)) for metric, error in naive.items()]
    for plan, family in FAMILIES.items():
        rows += [(plan, metric, 0, *found) for metric, found in tuned(family, config, x).items()]
    for plan, mean in counted.items():
        for metric, errors in three(mean).items():
            rows += [(plan, metric, seed, np.nan, float(error)) for seed, error in enumerate(errors)]
    return pd.DataFrame(rows, columns=["plan", "metric", "seed", "constant", "error"])


def naive_under_load(config: Config, loads: np.ndarray) -> dict[str, np.ndarray]:
    """The three metrics of the naive plan with exactly k features on, by theory, each (len(loads),)."""
    dropped, share = 1 - config.neurons / config.features, np.asarray(loads) / config.features
    square, fourth = (dropped * theory.target_moment(config, power) for power in (2, 4))
    return {"active": np.full(len(share), square), "mse": square * share, "l4": fourth * share}


def over(error: np.ndarray, naive: np.ndarray) -> np.ndarray:
    """An error over the naive plan's, entry by entry; NaN where that makes none, as with a neuron for every feature."""
    return error / np.where(np.greater(naive, 0), naive, np.nan)


def crossing(at: np.ndarray, ratio: np.ndarray) -> float:
    """Where a ratio of two errors first passes 1, on straight lines between the points; NaN if it never does."""
    passed = np.flatnonzero(np.diff(ratio > 1))
    if not len(passed):
        return np.nan
    i = passed[0]
    return float(at[i] + (1 - ratio[i]) / (ratio[i + 1] - ratio[i]) * (at[i + 1] - at[i]))
