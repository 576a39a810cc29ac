"""The power q of the error: what sharing can gain at each, where it begins, and how even it is.

With one feature on at a time (p to 0) the error of a network is x times a column of R - I, R its response to single
features. Its loss over the naive plan's is then `sum(abs(R - I)**q) / (F - n)`, whatever x > 0 is drawn. R has rank n at
most, so for q = 2 that is at least 1 (Eckart and Young), and every orthogonal projection ties with the naive plan. No
entry of a projection minus I is larger than 1, and so all projections but the naive plan lose for q < 2 and win for q > 2.
"""

import numpy as np
from scipy.special import gammaln

from lib import data, knobs, measure, theory
from lib.config import Config, Measurement
from lib.model import Network


def alone(response: np.ndarray, exponent: float, neurons: int) -> float:
    """Loss of a response R (features, features) with one feature on at a time, over the naive plan's."""
    return float((np.abs(response - np.eye(len(response))) ** exponent).sum() / (len(response) - neurons))


def projection(features: int, neurons: int, seed: int = 0) -> np.ndarray:
    """The orthogonal projection on a random subspace, (features, features)."""
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(features, neurons)))[0]
    return basis @ basis.T


def least_interference(features: int, dims: int, exponent: float) -> float:
    """Least mean over i of sum_{j != i} abs(r_ij / r_ii)**q, rank `dims`, r_ii all alike, no entry above them.

    The squares are bounded by Welch's energy. Above q = 2 powers are least if all are of one size (which a hundred
    vectors in ten dimensions cannot attain, see `theory.gerzon_bound`), below if they are 1 or 0.
    """
    energy = theory.interference_energy(features, dims)
    return energy if exponent <= 2 else energy ** (exponent / 2) * (features - 1) ** (1 - exponent / 2)


def random_interference(features: int, dims: int, exponent: float) -> float:
    """Expected sum_{j != i} abs(cos_ij)**q of unit vectors in random directions."""
    parts = gammaln(dims / 2) + gammaln((exponent + 1) / 2) - gammaln(0.5) - gammaln((dims + exponent) / 2)
    return (features - 1) * float(np.exp(parts))


def even(interference: float, exponent: float, share: float) -> tuple[float, float]:
    """The best slope s of a code that serves all features alike, and its loss over the naive plan's, for p to 0.

    Minimises (1 - s)**q + interference * s**q. `share` is neurons / features, what the naive plan serves.
    """
    slope = 1 / (1 + interference ** (1 / (exponent - 1)))
    return slope, (1 - slope) ** (exponent - 1) / (1 - share)


def readings(network: Network, config: Config, x: np.ndarray, forced: tuple) -> dict[str, np.ndarray]:
    """`knobs.readings`, and the sd over features relative to the mean of slopes, `slope_cv`, and of active-only MSEs, `error_cv`.

    Args:
        forced: evaluation samples, from `data.forced`.
    """
    found, error = knobs.readings(network, config, x), measure.errors(network, config, *forced)["error"]
    return found | {"slope_cv": found["slope_sd"] / found["slope_mean"], "error_cv": error.std() / error.mean()}


def read(networks: Network, config: Config, inputs: int) -> dict[str, np.ndarray]:
    """`readings` of every network of an ensemble, all on the same samples: for each name an array (seeds,)."""
    forced = data.forced(data.key(0, "errors"), config, Measurement.samples)
    return knobs.of_ensemble(networks, config, inputs, readings, (forced,))
