"""Plans that nobody trained: the naive plan with a constant, and plain sums."""

from collections.abc import Callable, Mapping
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array
from scipy.optimize import minimize_scalar

from lib import data, measure, model
from lib.config import Config
from lib.model import Network


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


def projecting(config: Config, seed: int = 0) -> Network:
    """A network whose response is the orthogonal projection on a random one of the subspaces that a ReLU can reach.

    Rows of W_in that are positive pass a ReLU as they are; their pseudoinverse makes W_out W_in the projection on their
    span. So it is any subspace with a basis of vectors that are not negative, which is one that holds a vector that is
    positive wherever not all of it is zero: add small multiples of the others to that.
    """
    w_in = np.abs(np.random.default_rng(seed).normal(size=(config.neurons, config.features)))
    return Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(np.linalg.pinv(w_in), jnp.float32))


FAMILIES = {"naive plan with a constant": with_offset, "features summed": summed}  # plans with one constant to choose


def tuned(family: Callable, config: Config, x: Array) -> dict[str, tuple[float, float]]:
    """For each metric, the constant from 0 to 1 with which `family(config, constant)` errs least, and that error.

    An output is a straight line in the constant, so a metric is a polynomial of at most fourth degree in it, and
    five values fix that. Where the constant does not matter it is 0; where there is no error, since no feature is
    on in `x`, both are NaN.
    """
    grid, best = np.linspace(0, 1, 5), {}
    for name, values in measure.each(_errors(family), grid, config, x).items():
        if np.ptp(values) > 0:
            curve = np.polynomial.Polynomial.fit(grid, values, 4)
            best[name] = float(minimize_scalar(curve, bounds=(0, 1), method="bounded", options={"xatol": 1e-7}).x)
        else:
            best[name] = 0.0 * np.ptp(values)  # 0, or NaN
    found = measure.each(_errors(family), np.resize([*best.values()], len(grid)), config, x)  # the same program again
    return {name: (constant, float(found[name][i])) for i, (name, constant) in enumerate(best.items())}


@cache
def _errors(family: Callable) -> Callable:
    """The metrics of a plan of this family, from its constant: one function for each, so that it is compiled once."""
    return lambda constant, config, x: measure.metrics(measure.power_means(family(config, constant), config, x))


def rivals(config: Config, inputs: int) -> pd.DataFrame:
    """Plans with the best constant for each metric: columns p, plan, metric, constant, ratio (to the naive error)."""
    x = data.evaluation_samples(data.key(0, "rivals"), config, inputs)
    naive = measure.metrics(jax.jit(measure.power_means)(model.naive(config), config, x))
    rows = [
        (config.p, plan, metric, constant, float(measure.ratio(error, float(naive[metric]))))
        for plan, family in FAMILIES.items()
        for metric, (constant, error) in tuned(family, config, x).items()
    ]
    return pd.DataFrame(rows, columns=["p", "plan", "metric", "constant", "ratio"])


def comparison(counted: Mapping[str, Mapping[str, np.ndarray]], config: Config, x: Array) -> pd.DataFrame:
    """Every plan in every metric, a row each: columns plan, metric, seed, constant, error.

    The plans that take a constant get the best one for each metric; it is NaN for those that take none.

    Args:
        counted: by name, what `measure.power_means` returns for an ensemble, with a leading axis of seeds.
        x: the samples that it was measured on.
    """
    naive = measure.metrics(jax.jit(measure.power_means)(model.naive(config), config, x))
    rows = [("naive plan", metric, 0, np.nan, float(error)) for metric, error in naive.items()]
    for plan, family in FAMILIES.items():
        rows += [(plan, metric, 0, *found) for metric, found in tuned(family, config, x).items()]
    for plan, mean in counted.items():
        for metric, errors in measure.metrics(mean).items():
            rows += [(plan, metric, seed, np.nan, float(error)) for seed, error in enumerate(errors)]
    return pd.DataFrame(rows, columns=["plan", "metric", "seed", "constant", "error"])
