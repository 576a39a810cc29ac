"""What chance gives: expected values for random weights, random directions and random sets."""

from functools import cache
from itertools import combinations

import numpy as np
from scipy import stats
from scipy.integrate import quad
from scipy.special import gammaln


@cache
def expected_overlap(features: int, first: int, second: int) -> float:
    """Expected Jaccard overlap of two independent random sets of these sizes (their common part is hypergeometric)."""
    both = np.arange(min(first, second) + 1)
    either = np.maximum(first + second - both, 1)
    return float((stats.hypergeom(features, first, second).pmf(both) * both / either).sum())


def mean_overlap(features: int, sizes: np.ndarray) -> float:
    """Expected mean Jaccard overlap over all pairs of independent random sets of these sizes; NaN for a single set."""
    pairs = [expected_overlap(features, a, b) for a, b in combinations(map(int, sorted(sizes)), 2)]
    return float(np.mean(pairs)) if pairs else np.nan


def overlap_table(neurons: int) -> np.ndarray:
    """Expected Jaccard overlap of random sets of neurons, by their sizes, (neurons + 1, neurons + 1)."""
    sizes = range(neurons + 1)
    return np.array([[expected_overlap(neurons, a, b) for b in sizes] for a in sizes])


def _largest(survival, entries: int, count: int) -> float:
    """Expected sum of the `count` largest of `entries` independent values, each above t with chance survival(t)."""
    above = lambda t: stats.binom.sf(np.arange(count), entries, survival(t)).sum()
    return quad(above, 0, 60, limit=200, points=(1, 3, 10))[0]


def expected_specialization(features: int) -> float:
    """Expected max w**2 / sum w**2 of a row of independent normal weights, at any scale.

    The ratio does not depend on the sum, so its mean is a ratio of means.
    """
    return _largest(stats.chi2(1).sf, features, 1) / features


def expected_share(features: int, count: int) -> float:
    """Expected share of the `count` largest in sum abs(w), independent normal weights; to first order in 1/features."""
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


def random_interference(features: int, dims: int, exponent: float) -> float:
    """Expected sum_{j != i} abs(cos_ij)**q of unit vectors in random directions."""
    parts = gammaln(dims / 2) + gammaln((exponent + 1) / 2) - gammaln(0.5) - gammaln((dims + exponent) / 2)
    return (features - 1) * float(np.exp(parts))
