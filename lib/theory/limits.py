"""What no ten numbers can do: exact losses of linear networks, and floors under all networks of a width.

Losses are means over outputs, for inputs that are Uniform(-1, 1) with probability p and else 0. A *floor* is certified:
nothing of that width is below it. With P the projector on what a map of rank n, or a readout from n numbers, cannot
reach, each floor rests on tr P >= F - n and on how small a row of a projector can be.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from lib.config import Config
from lib.theory import rare_limit
from lib.theory.bounds import target_moment

GRID = 200  # values of a diagonal entry of P at which a floor is looked up


def linear_loss(response: np.ndarray, config: Config) -> tuple[float, np.ndarray]:
    """Expected L4 loss of `y = M x`, and its slope by M, (features, features). Exact: no samples.

    A sum of independent symmetric terms has E[e**4] = 3 (sum of variances)**2 + sum of fourth cumulants. For the target
    ReLU(x) = x / 2 + |x| / 2 the error is that from x / 2, less |x| / 2, of which only even powers are left.
    """
    square, fourth = config.p / 3, config.p / 5  # E[x**2], E[x**4]
    rectified = config.target == "relu"
    error = response - np.eye(len(response)) / (2 if rectified else 1)
    power, excess = (error**2).sum(1), fourth - 3 * square**2
    loss = 3 * square**2 * power**2 + excess * (error**4).sum(1)
    slope = 12 * square**2 * power[:, None] * error + 4 * excess * error**3
    if rectified:
        own = np.diag(error)
        loss += fourth * (1.5 * own**2 + 1 / 16) + 1.5 * square**2 * (power - own**2)
        slope += 3 * square**2 * (error - np.diag(own)) + 3 * fourth * np.diag(own)
    return float(loss.mean()), slope / len(response)


def linear_floor(config: Config) -> float:
    """Certified: no linear network of this width has a lower L4 loss, for the target x.

    A row e of I - M meets row P_i of the projector on the kernel of M in e P_i = d, its diagonal entry. What e can make
    of P_i at a given loss is concave in the squares of P_i's entries, since the loss is convex in those of e. So the
    loss is least if all entries of P_i but d are of one size: e is then one slope s and one size of crosstalk, and
    `row` takes the best s. Rows may have unlike d, of a mean of 1 - n / F or more: the convex curve below `row`.
    """
    square, fourth, share = config.p / 3, config.p / 5, 1 - config.neurons / config.features
    excess = fourth - 3 * square**2
    if excess < 0:  # p above 0.6: sum e**4 <= (sum e**2)**2
        return fourth * share**2

    def row(d: float) -> float:
        energy = lambda s: s**2 * d / (1 - d)
        cost = lambda s: (
            3 * square**2 * ((1 - s) ** 2 + energy(s)) ** 2
            + excess * ((1 - s) ** 4 + energy(s) ** 2 / (config.features - 1))
        )
        return minimize_scalar(cost, bounds=(0, 1), method="bounded", options={"xatol": 1e-9}).fun

    return below(row, share)


def below(curve, at: float) -> float:
    """The largest convex function under `curve` on [0, 1), at one point: the lowest chord over it, on a grid."""
    ends = np.linspace(0, 1 - 1e-9, GRID)
    low, high = ends[ends < at], ends[ends > at]
    left, right = (np.array([curve(d) for d in side]) for side in (low, high))
    gap = high[None] - low[:, None]
    chords = (left[:, None] * (high[None] - at) + right[None] * (at - low[:, None])) / gap
    return float(min(curve(at), chords.min(initial=np.inf)))


def relu_floor(config: Config) -> float:
    """Certified: no ReLU network of this width without biases has a lower L4 loss, for the target ReLU(x).

    ReLU(z) - ReLU(-z) = z, so y(x) - y(-x) = M x: in each ReLU network sits a linear one with the target x. Its error
    is a difference of two of ours, and |a - b|**4 <= 8 (|a|**4 + |b|**4). The other floor, `least_l4`, holds as well.
    """
    return max(linear_floor(config) / 16, least_l4(config))


def variance(config: Config) -> float:
    """Variance of one output's target."""
    return config.p * target_moment(config, 2) - (config.p * target_moment(config, 1)) ** 2


def least_mse(config: Config) -> float:
    """Certified: the least MSE over all outputs of any n numbers, whatever functions of the input, and a linear readout
    with or without constants. With y = W h(x) the part of the target outside the span of W is missed, and its expected
    square is at least (F - n) times the variance of one target.
    """
    return (1 - config.neurons / config.features) * variance(config)


def least_l4(config: Config) -> float:
    """Certified: an L4 loss that no n numbers and no linear readout without constants go below, for the target ReLU(x).

    The least error for a target t is convex in t. So with k features above zero we may take all but one at their mean,
    b = (k - 1) / (2 (F - 1)) everywhere, and what is left of the one is t - b: the rare limit's floor, weighed by the
    chance of each k. Where many are on the square of `least_mse` is more.
    """
    number = np.arange(1, config.features + 1)
    others = (number - 1) / (2 * max(config.features - 1, 1))
    alone = binom(config.features, config.p / 2).pmf(number) @ ((1 - others) ** 5 / 5) / config.features
    return float(max(alone * rare_floor(config, 4.0), least_mse(config) ** 2))


def rare_floor(config: Config, exponent: float) -> float:
    """The floor of the rare limit, sum |R - I|**q over features: `rare_limit.least_loss` without the naive plan."""
    share = 1 - config.neurons / config.features
    return rare_limit.least_loss(exponent, config.features, config.neurons) * share if share else 0.0


def nonnegative(decoder: np.ndarray, encoder: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A ReLU network with the same |R - I| as the linear map `decoder @ encoder`, and no negative weight in W_in.

    Turn the sign of feature j in both matrices: entries of R change sign in row and column j, R_jj does not. So all
    columns of the encoder can be brought to one side of a plane. There is a basis in which none has a negative entry.

    Args:
        decoder: (features, neurons); encoder: (neurons, features), no column zero.

    Returns: W_out and W_in.
    """
    whole, _ = np.linalg.qr(encoder.T)  # (features, neurons), the same row space
    change = whole.T @ encoder.T  # encoder.T = whole @ change
    size = np.linalg.norm(whole, axis=1, keepdims=True)
    ways = np.random.default_rng(0).normal(size=(len(encoder), 2000))
    ways /= np.linalg.norm(ways, axis=0)
    up = ways[:, (np.abs(whole @ ways) / size).min(0).argmax()]  # as far as can be from all planes
    sign = np.sign(whole @ up)
    turned = sign[:, None] * whole
    room = ((turned @ up) / np.maximum(-turned, 1e-12).max(1)).min()
    basis = up[:, None] + min(room, 1.0) * np.eye(len(encoder))
    w_out = (sign[:, None] * decoder) @ change.T @ np.linalg.inv(basis).T
    return w_out, np.maximum(turned @ basis, 0).T
