"""Codes of sets with one feature on at a time, in closed form; complete ones have every set of so many neurons.

Sets of k neurons and three levels: a weight is one number where the set has the neuron, and elsewhere one number in
W_in and one in W_out. An answer then depends on the overlap o of two sets alone, and is a straight line in o:
R(o) = (c - d) (c - e) o + a constant, for levels c, e, d. What e does, d can do as well, so e = 0 here.

With all C(n, k) sets R is a matrix of the Johnson scheme J(n, k): it has one eigenvalue for every degree j = 0 to k,
C(n, j) - C(n, j - 1) times (Delsarte 1973). Straight lines in o are what degrees 0 and 1 span, 1 + (n - 1) = n
dimensions. From n = 6 on degree 2 alone has more than n, so no other R with that symmetry has rank n.
"""

from itertools import combinations
from math import comb

import numpy as np
from scipy import stats
from scipy.optimize import minimize_scalar

from lib.theory.rare_limit import shared_slope


def sets(neurons: int, size: int) -> np.ndarray:
    """All sets of so many neurons, (neurons, sets) of booleans."""
    chosen = np.array(list(combinations(range(neurons), size)))
    return (chosen[:, :, None] == np.arange(neurons)).any(1).T


def complete_overlaps(neurons: int, size: int) -> np.ndarray:
    """How many of all other sets share 0, 1, ... neurons with a set, (size + 1,)."""
    number = [comb(size, both) * comb(neurons - size, size - both) for both in range(size + 1)]
    return np.array([*number[:-1], 0.0])


def random_overlaps(features: int, neurons: int, size: int) -> np.ndarray:
    """The same for sets drawn at random, expected."""
    return (features - 1) * stats.hypergeom(neurons, size, size).pmf(np.arange(size + 1))


def interference(tilt: float, overlaps: np.ndarray, exponent: float) -> float:
    """sum over the others of abs(R_ij / R_ii)**q, if the decoder's other weights are `tilt` times the carrying ones."""
    part = np.arange(len(overlaps)) / (len(overlaps) - 1)
    return float((overlaps * np.abs(part + tilt * (1 - part)) ** exponent).sum())


def best(overlaps: np.ndarray, exponent: float) -> tuple[float, float, float]:
    """The tilt of least interference, and with it the best slope and the loss over that of silence, for p to 0.

    The interference is convex in the tilt, so its minimum is the only one.
    """
    least = {"bounds": (1 - len(overlaps), 0), "method": "bounded", "options": {"xatol": 1e-10}}
    found = minimize_scalar(interference, args=(overlaps, exponent), **least)
    return float(found.x), *map(float, shared_slope(found.fun, exponent, 0.0))


def levels(slope: float, tilt: float, size: int) -> np.ndarray:
    """Levels, as in `handmade.by_hand`, of a code with this slope."""
    carrying = (slope / size) ** 0.5
    return np.array([carrying, 0.0, tilt * carrying])
