"""What can be said without training: closed forms beside which a measured number is read."""

from functools import cache
from itertools import combinations

import numpy as np
from scipy import stats
from scipy.integrate import quad
from scipy.special import gammaln

from lib.config import Config


def target_moment(config: Config, power: int) -> float:
    """E[target**power] of a feature that is on, x ~ Uniform(low, 1), for an even power."""
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
    return {"active_only": dropped * second, "all_outputs": dropped * config.p * second, "l4": dropped * config.p * fourth}


# ---- what any code in so few dimensions must pay


def least_squared_error(features: int, neurons: int) -> int:
    """The least squared Frobenius error of any map of rank `neurons` to the identity (Eckart and Young)."""
    return features - neurons


def interference_energy(features: int, dims: int) -> float:
    """Least mean over i of sum_{j != i} cos_ij**2 for unit vectors: a tight frame has exactly that (Welch)."""
    return features / dims - 1


def interference_fourth(features: int, dims: int) -> float:
    """Least mean over i of sum_{j != i} cos_ij**4 for unit vectors, the larger of two bounds.

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


# ---- what chance gives


@cache
def expected_overlap(features: int, first: int, second: int) -> float:
    """Expected Jaccard overlap of two independent random sets of these sizes (their common part is hypergeometric)."""
    both = np.arange(min(first, second) + 1)
    either = np.maximum(first + second - both, 1)
    return float((stats.hypergeom(features, first, second).pmf(both) * both / either).sum())


def _largest(survival, entries: int, count: int) -> float:
    """Expected sum of the `count` largest of `entries` independent values, each above t with probability survival(t)."""
    above = lambda t: stats.binom.sf(np.arange(count), entries, survival(t)).sum()  # noqa: E731
    return quad(above, 0, 60, limit=200, points=(1, 3, 10))[0]


def expected_specialization(features: int) -> float:
    """Expected max w**2 / sum w**2 of a row of independent normal weights, at any scale.

    The ratio does not depend on the sum, so its mean is a ratio of means.
    """
    return _largest(stats.chi2(1).sf, features, 1) / features


def expected_share(features: int, count: int) -> float:
    """Expected share of the `count` largest in the sum of abs(w), independent normal weights; to first order in 1/features."""
    return _largest(lambda t: 2 * stats.norm.sf(t), features, count) / (features * np.sqrt(2 / np.pi))


def expected_touched(features: int, threshold: float, sd: float) -> float:
    """Expected number of normal weights of this standard deviation whose size exceeds the threshold."""
    return features * 2 * stats.norm.sf(threshold / sd)


def expected_off_to_diag(features: int, dims: int, *, unit: bool) -> float:
    """Expected sum_{j != i} abs(M_ij) / M_ii of a random tied map, M = V V^T, with a row of V per feature.

    Rows of unit length in random directions, or rows of independent normal weights.
    """
    if unit:
        return (features - 1) * np.exp(gammaln(dims / 2) - gammaln((dims + 1) / 2)) / np.sqrt(np.pi)
    return (features - 1) * np.exp(gammaln((dims - 1) / 2) - gammaln(dims / 2)) / np.sqrt(np.pi)


def mean_overlap(features: int, sizes: np.ndarray) -> float:
    """Expected mean Jaccard overlap over all pairs of independent random sets of these sizes; NaN for a single set."""
    pairs = [expected_overlap(features, a, b) for a, b in combinations(map(int, sorted(sizes)), 2)]
    return float(np.mean(pairs)) if pairs else np.nan
