"""The slope without training: one output is its own signal, scaled, plus crosstalk; minimise the expected L4 loss.

All features are taken alike, and row i of the map to have the least interference that its dimensions allow.
Crosstalk `sum_j r_j x_j` is a sum of independent terms, so its cumulants are `(sum_j r_j**k) * kappa_k(x)`, and the
expected fourth power of the error follows exactly. Nothing is fitted to a trained network.
"""

from dataclasses import dataclass, replace
from math import comb

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from lib.config import Config
from lib.theory.bounds import interference_energy, interference_fourth, target_moment


@dataclass(frozen=True)
class Prediction:
    """What a theory says of one configuration: `slope` (R_ii), `loss` (L4), `active_only` (MSE) and `fourth`, the sum
    over a row of fourth powers of crosstalk, sum_{j != i} (R_ij / R_ii)**4, where the theory assumes one."""

    slope: float
    loss: float
    active_only: float
    fourth: float = np.nan


NONE = Prediction(np.nan, np.nan, np.nan)


def uniform_moments(low: float, high: float = 1.0) -> np.ndarray:
    """E[x**k], k = 0..4, of Uniform(low, high)."""
    power = np.arange(1, 6)
    return (high**power - low**power) / (power * (high - low))


def moments(cumulants: np.ndarray) -> np.ndarray:
    """E[c**k], k = 0..4, from the first four cumulants."""
    k1, k2, k3, k4 = cumulants
    return np.array(
        [1, k1, k2 + k1**2, k3 + 3 * k2 * k1 + k1**3, k4 + 4 * k3 * k1 + 3 * k2**2 + 6 * k2 * k1**2 + k1**4]
    )


def cumulants(moments: np.ndarray) -> np.ndarray:
    """The first four cumulants from E[x**k], k = 0..4."""
    _, m1, m2, m3, m4 = moments
    return np.array(
        [m1, m2 - m1**2, m3 - 3 * m2 * m1 + 2 * m1**3, m4 - 4 * m3 * m1 - 3 * m2**2 + 12 * m2 * m1**2 - 6 * m1**4]
    )


def mean_error(power: int, gain: float, signal: np.ndarray, crosstalk: np.ndarray) -> float:
    """E[(gain * x - c)**power] for independent x and c with these moments."""
    return sum(
        comb(power, k) * gain ** (power - k) * signal[power - k] * (-1) ** k * crosstalk[k] for k in range(power + 1)
    )


def row_sums(features: int, dims: int, offset: float, scale: float) -> np.ndarray:
    """sum_{j != i} r_ij**k, k = 1..4, of a code with entries `offset + scale * cos_ij` and the least interference.

    Each sum of powers of the cosines is at its least: -1, the Welch energy, -1 and its like of the fourth order, as in
    a spherical 4-design. With too few vectors for one, the cubes stay at the least that fits the other three.
    """
    others = features - 1
    first, second, fourth = -1.0, interference_energy(features, dims), interference_fourth(features, dims)
    room = max((second - first**2 / others) * (fourth - second**2 / others), 0.0)
    third = max(-1.0, first * second / others - np.sqrt(room))
    sums = (others, first, second, third, fourth)
    return np.array(
        [sum(comb(k, i) * offset ** (k - i) * scale**i * sums[i] for i in range(k + 1)) for k in (1, 2, 3, 4)]
    )


def linear(config: Config) -> Prediction:
    """A linear network: every input passes, positive or negative; all dimensions carry cosines.

    The active value is x ~ Uniform(low, 1); the error is `target - s x - c`.
    """
    split = max(config.low, 0.0)  # a target ReLU(x) asks something else of the values below zero
    positive = (1 - split) / (1 - config.low)
    above, below = uniform_moments(split), uniform_moments(min(config.low, 0.0), 0.0) if config.low < 0 else np.zeros(5)
    whole = uniform_moments(config.low)
    sparse = cumulants(config.p * whole + np.eye(5)[0] * (1 - config.p))

    def errors(scale, power):
        c = moments(sparse * row_sums(config.features, config.neurons, 0.0, scale))
        wanted = mean_error(power, 1 - scale, above, c)
        gain = 1 - scale if config.target == "identity" else -scale
        other = mean_error(power, gain, below, c) if config.low < 0 else 0
        return positive * wanted + (1 - positive) * other, c[power]

    return _best(config, lambda v, power: errors(v[0], power), [0.4], lambda v: v[0])


def rectified(config: Config) -> Prediction:
    """A ReLU network with the target ReLU(x): only positive inputs pass, one dimension makes the weights positive.

    A ReLU passes a positive sum unchanged and silences a negative input if a neuron's weights are positive.
    Positive weights are a common offset plus a code with one dimension less. The theory neglects what a negative
    input takes away from a positive one in the neurons they share, see `set_code`. One neuron leaves no dimension for a
    code: every output then hears all features alike, which is also the limit of few dimensions, whose interference has
    no bound.
    """
    errors = _of_rectified(config)
    if config.neurons == 1:
        return _best(config, lambda v, power: errors((v[0], 0.0), power), [0.4], lambda v: v[0])
    fourth = lambda v: row_sums(config.features, config.neurons - 1, *v)[3]
    return _best(config, errors, [0.02, 0.4], lambda v: v[0] + v[1], fourth)


def _of_rectified(config: Config):
    """`errors(v, power)` of `_best` for `rectified`, v the offset and the scale of the code."""
    split = max(config.low, 0.0)
    positive = (1 - split) / (1 - config.low)
    values = uniform_moments(split)
    rate = config.p * positive
    sparse = cumulants(rate * values + np.eye(5)[0] * (1 - rate))

    def errors(v, power):
        c = moments(sparse * row_sums(config.features, max(config.neurons - 1, 1), *v))
        return positive * mean_error(power, 1 - v[0] - v[1], values, c) + (1 - positive) * c[power], c[power]

    return errors


def balance(config: Config, slopes: np.ndarray) -> dict[str, np.ndarray]:
    """Both sides of the loss of `rectified` if every feature has this slope, as shares of the loss of silence.

    Returns: `on`, what an output loses while its feature is on, about (1 - slope)**4, and `off`, what the others'
        crosstalk costs while it is off, (slopes,) each, at the offset, up to the slope, of least loss; NaN where
        `predict` is.
    """
    if predict(replace(config, activation="relu")) is NONE:
        return dict.fromkeys(("on", "off"), np.full(len(slopes), np.nan))
    errors, silence = _of_rectified(config), config.p * target_moment(config, 4)

    def parts(offset, slope):
        on, off = errors((offset, slope - offset), 4)
        return np.array([config.p * on, (1 - config.p) * off]) / silence

    def least(slope):
        if config.neurons == 1 or slope == 0:  # no code beside the offset
            return parts(slope, slope)
        return parts(minimize_scalar(lambda at: parts(at, slope).sum(), bounds=(0, slope)).x, slope)

    return dict(zip(("on", "off"), np.array([least(slope) for slope in slopes]).T, strict=True))


def _best(config: Config, errors, start: list[float], slope, fourth=lambda v: np.nan) -> Prediction:
    """Minimises the expected loss; `errors(v, power)` gives the mean error**power of a feature that is on, and off."""

    def loss(v):
        on, off = errors(v, 4)
        return (config.p * on + (1 - config.p) * off) / config.p

    found = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12, "maxiter": 4000})
    best, s = found.x, float(slope(found.x))
    return Prediction(
        s, float(loss(best) * config.p), float(errors(best, 2)[0]), float(fourth(best) / np.float64(s) ** 4)
    )


def predict(config: Config) -> Prediction:
    """The theory for this kind of network; NaN for a ReLU network that must return negative values: there is none."""
    if config.activation == "linear":
        return linear(config)
    signed = config.target == "identity" and config.low < 0
    return NONE if signed else rectified(config)


def curve(config: Config, name: str, values) -> np.ndarray:
    """Predicted slope with parameter `name` at each of `values`, (values,)."""
    return np.array([predict(replace(config, **{name: value})).slope for value in values])
