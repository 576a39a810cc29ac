"""Statistics of vectors, sets and curves; nothing here knows a network."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import Array


def correlation(a: Array, b: Array) -> Array:
    """Pearson's correlation of two vectors; NaN if one is constant, up to rounding."""
    constant = (jnp.ptp(a) < 1e-6 * jnp.abs(a).max()) | (jnp.ptp(b) < 1e-6 * jnp.abs(b).max())
    return jnp.where(constant, jnp.nan, jnp.corrcoef(a, b)[0, 1])


def residual(y: Array, x: Array) -> Array:
    """What is left of `y` after its least-squares line in `x`; NaN for two points, whose line says nothing."""
    if len(y) < 3:
        return jnp.full(len(y), jnp.nan)
    x = x - x.mean()
    return y - y.mean() - x * (x @ y) / (x @ x)


def line_r2(x: Array, y: Array) -> Array:
    """R**2 of the least-squares straight line through `y` against `x`."""
    return 1 - jnp.square(residual(y, x)).sum() / jnp.square(y - y.mean()).sum()


def overlaps(sets: Array) -> Array:
    """Jaccard overlap of every pair of sets, (sets, sets); `sets` is (members, sets) of booleans.

    Two empty sets overlap by 0.
    """
    sets = sets.astype(jnp.float32)
    both = sets.T @ sets
    either = sets.sum(0)[:, None] + sets.sum(0)[None, :] - both
    return both / jnp.maximum(either, 1)


def pairs(square: Array) -> Array:
    """The entries of a symmetric matrix above its diagonal, one per pair."""
    return square[np.triu_indices(square.shape[0], 1)]


def participation_ratio(parts: Array) -> Array:
    """How many of the last axis carry the whole, (sum)**2 / sum of squares: 1 for one of them, all for all alike."""
    return jnp.square(parts.sum(-1)) / jnp.square(parts).sum(-1)


def ratio(error: np.ndarray, naive: np.ndarray) -> np.ndarray:
    """An error over the naive plan's, entry by entry; NaN where that makes none, as with a neuron for every feature."""
    return error / np.where(np.greater(naive, 0), naive, np.nan)


def crossing(at: np.ndarray, ratio: np.ndarray) -> float:
    """Where a ratio of two errors first passes 1, on straight lines between the points; NaN if it never does."""
    passed = np.flatnonzero(np.diff(ratio > 1))
    if not len(passed):
        return np.nan
    i = passed[0]
    return float(at[i] + (1 - ratio[i]) / (ratio[i + 1] - ratio[i]) * (at[i + 1] - at[i]))


def crossings(at: Sequence[float], values: np.ndarray, threshold: float | np.ndarray) -> np.ndarray:
    """Where values (..., points) first pass a threshold, on straight lines in log(at); NaN where they never do."""
    relative = values / threshold
    if not relative.size:
        return np.full(relative.shape[:-1], np.nan)
    return np.exp(np.apply_along_axis(lambda line: crossing(np.log(at), line), -1, relative))


def between(at: Sequence[float], passed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two points of a grid between which all networks pass a threshold, (...); NaN where none does.

    Args:
        at: the grid, rising. passed: from `crossings`, (networks, ...).
    """
    grid = np.append(at, np.nan)  # NaN is sorted last
    low, high = (pick.reduce(passed, initial=np.nan) for pick in (np.fmin, np.fmax))
    return grid[np.searchsorted(grid, low * (1 + 1e-9), "right") - 1], grid[np.searchsorted(grid, high * (1 - 1e-9))]


PARTS = 10  # slices of the features, in order of importance, that a table keeps the means of


def sliced(values: np.ndarray) -> np.ndarray:
    """Means over slices of the features, in order of importance, (PARTS,); NaN for a slice without a feature."""
    part = np.arange(len(values)) * PARTS // len(values)
    return np.array([values[part == k].mean() if (part == k).any() else np.nan for k in range(PARTS)])
