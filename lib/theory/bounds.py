"""Closed forms: what the naive plan pays, and what any code in so few dimensions must pay."""

import numpy as np

from lib.config import Config


def target_moment(config: Config, power: int) -> float:
    """E[target**power] of a feature that is on, x ~ Uniform(low, 1)."""
    bottom = config.low if config.target == "identity" else config.low * (config.low > 0)
    return (1 - bottom ** (power + 1)) / ((power + 1) * (1 - config.low))


def naive_errors(config: Config) -> np.ndarray:
    """Active-only MSE of the naive plan, (features,): one perfect feature per neuron, zero for the others.

    "Perfect" is meant as the post means it; for the target x on signed inputs one ReLU cannot do that.
    """
    return (np.arange(config.features) >= config.neurons) * target_moment(config, 2)


def naive_noise(config: Config, entries: float) -> float:
    """Standard deviation of the naive plan's error if it is averaged over that many active entries."""
    dropped = 1 - config.neurons / config.features
    return np.sqrt(dropped * (target_moment(config, 4) - target_moment(config, 2) ** 2) / entries)


def naive_metrics(config: Config) -> dict[str, float]:
    """The naive plan in three metrics, each a mean over features: what it pays for the features it drops.

    Returns: `active_only` (MSE while a feature is on), `all_outputs` (MSE over every output) and `l4` (the
    training loss, mean of error**4 over every output).
    """
    dropped = 1 - config.neurons / config.features
    second, fourth = target_moment(config, 2), target_moment(config, 4)
    return {
        "active_only": dropped * second,
        "all_outputs": dropped * config.p * second,
        "l4": dropped * config.p * fourth,
    }


def naive_under_load(config: Config, loads: np.ndarray) -> dict[str, np.ndarray]:
    """The three metrics of the naive plan with exactly k features on, by theory, each (len(loads),)."""
    dropped, share = 1 - config.neurons / config.features, np.asarray(loads) / config.features
    square, fourth = (dropped * target_moment(config, power) for power in (2, 4))
    return {"active": np.full(len(share), square), "mse": square * share, "l4": fourth * share}


def least_squared_error(features: int, neurons: int) -> int:
    """The least squared Frobenius error of any map of rank `neurons` to the identity (Eckart and Young)."""
    return features - neurons


def linear_floor(config: Config) -> float:
    """Least squared error over all outputs, in units of silence, of any plan that is linear in what it must return.

    With a constant, of rank `neurons`: the covariance has equal eigenvalues, and as many are left (Eckart and Young).
    """
    first, second = config.p * target_moment(config, 1), config.p * target_moment(config, 2)
    return (1 - config.neurons / config.features) * (1 - first**2 / second)


def interference_energy(features: int, dims: int) -> float:
    """Least mean over i of sum_{j != i} cos_ij**2 for unit vectors: a tight frame has exactly that (Welch)."""
    return features / dims - 1


def interference_fourth(features: int, dims: int) -> float:
    """Least mean over i of sum_{j != i} cos_ij**4 for unit vectors, so for tied codes only; the larger of two bounds.

    The one is Welch's of the next order, for real vectors; the other holds because a mean fourth power
    is at least the square of the mean square, which few vectors (at most `gerzon_bound`) can attain.
    """
    flat = interference_energy(features, dims) ** 2 / (features - 1)
    return max(3 * features / (dims * (dims + 2)) - 1, flat)


def welch_bound(features: int, dims: int) -> float:
    """Least possible largest abs(cosine) between any two of so many unit vectors (Welch 1974)."""
    return np.sqrt(interference_energy(features, dims) / (features - 1))


def gerzon_bound(dims: int) -> int:
    """No more lines than this can be equiangular, and Welch's bound be attained, in so many dimensions."""
    return dims * (dims + 1) // 2


def least_interference(features: int, dims: int, exponent: float) -> float:
    """Least mean over i of sum_{j != i} abs(r_ij / r_ii)**q, rank `dims`, r_ii all alike, no entry above them.

    The squares are bounded by Welch's energy. Above q = 2 powers are least if all are of one size (which a hundred
    vectors in ten dimensions cannot attain, see `gerzon_bound`), below if they are 1 or 0.
    """
    energy = interference_energy(features, dims)
    return energy if exponent <= 2 else energy ** (exponent / 2) * (features - 1) ** (1 - exponent / 2)
