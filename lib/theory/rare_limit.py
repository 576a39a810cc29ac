"""One feature on at a time (p to 0): the power of the error, and weights in the loss."""

from math import comb

import numpy as np
from scipy.optimize import minimize

from lib.config import Config
from lib.theory import bounds


def limit_loss(response: np.ndarray, exponent: float, neurons: int) -> float:
    """Loss of a response R (features, features) with one feature on at a time, over the naive plan's."""
    return float((np.abs(response - np.eye(len(response))) ** exponent).sum() / (len(response) - neurons))


def least_loss(exponent: float, features: int, neurons: int) -> float:
    """Bound from below on `limit_loss` of every response of this rank, whatever made it, for a power of 1 or more.

    Let P be the orthogonal projector on the kernel of R. Then (R - I) P = -P, and by Hoelder, with 1/q + 1/r = 1,
    tr P <= |R - I|_q |P|_r. Up to q = 2 the entries of P, none above 1, give sum |P|**r <= sum P**2 = tr P, and so
    sum |R - I|**q >= tr P >= F - n: the naive plan. Above 2 the squares in a row of P add up to its diagonal entry d,
    so its sum of |P|**r is at most d**r + (F - 1)**(1 - r/2) (d - d**2)**(r/2), a concave function of d: all rows alike
    are the worst case. That gives the loss of an even code with the least interference.
    """
    if exponent <= 2:
        return 1.0
    return shared_slope(bounds.least_interference(features, neurons, exponent), exponent, neurons / features)[1]


def chance_of_reach(features: int, neurons: int) -> float:
    """Chance that a random subspace holds a vector with all entries positive, without which no ReLU projects on it.

    The entries of a vector in it are the products of one vector with the rows of a basis, so that all rows must lie on
    one side of some plane: Wendel (1962).
    """
    return sum(comb(features - 1, k) for k in range(neurons)) / 2 ** (features - 1)


def shared_slope(interference: float, exponent: float, share: float) -> tuple[float, float]:
    """The best slope s of a code that serves all features alike, and its loss over the naive plan's, for p to 0.

    Minimises (1 - s)**q + interference * s**q. `share` is neurons / features, what the naive plan serves; if that
    is all, it has no loss, and there is no ratio.
    """
    slope = 1 / (1 + interference ** (1 / (exponent - 1)))
    return slope, (1 - slope) ** (exponent - 1) / np.float64(1 - share)


def even_code(slope: float, features: int) -> np.ndarray:
    """b of a code that treats all pairs alike, (features, features), so that features of one weight have this slope."""
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
    """The codes by name, for this slope at weight 1, if between 0 and 1; `apart` only where there is room for it."""
    if not 0 < slope < 1:
        return {}
    found = {"even": even_code(slope, config.features)}
    if config.favoured <= config.neurons:
        found["apart"] = apart_code(slope, config.features, config.neurons, config.favoured)
    return found


def best_slopes(weights: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, float]:
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
