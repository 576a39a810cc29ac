"""Atoms, the directions that a reader of hidden numbers proposes, beside the true ones of ONE network."""

from collections.abc import Mapping

import numpy as np
from scipy.optimize import linear_sum_assignment

CLOSE = 0.95  # cosine above which an atom is a feature's


def rays(w_in: np.ndarray, sign: int = 1) -> np.ndarray:
    """The direction in which each feature alone moves the hidden numbers, (features, neurons), rows of length 1.

    Args:
        w_in: (neurons, features). sign: 1 for positive inputs, whose value the network is to return; -1 for negative
            ones, which leave a *shadow*: another direction that reports nothing.

    Returns: rows of zeros where no neuron answers.
    """
    return unit(np.maximum(sign * np.asarray(w_in), 0).T)


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; those of no length stay zeros."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(length > 0, rows / np.maximum(length, 1e-30), 0)


def score(atoms: np.ndarray, w_in: np.ndarray) -> Mapping[str, float]:
    """How many atoms are features.

    Args:
        atoms: (atoms, neurons), of any length.

    Returns: `found`, features with an atom of their own, cosine above `CLOSE`, each atom given to one feature at most;
    `atoms`, how many were proposed; `shadows`, atoms close to the ray of a negative input and to no feature's;
    `spurious`, atoms close to neither.
    """
    atoms = unit(np.asarray(atoms, float).reshape(-1, len(w_in)))
    own, shadow = (atoms @ rays(w_in, sign).T > CLOSE for sign in (1, -1))
    rows, columns = linear_sum_assignment(own, maximize=True)
    found, near = int(own[rows, columns].sum()), own.any(1)
    return {
        "found": found,
        "atoms": len(atoms),
        "shadows": int((~near & shadow.any(1)).sum()),
        "spurious": int((~near & ~shadow.any(1)).sum()),
    }


def f1(found: np.ndarray, count: np.ndarray, features: int) -> np.ndarray:
    """Harmonic mean of the share of features that are found and of the share of atoms that found one."""
    return 2 * found / (features + count)
