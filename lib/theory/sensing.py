"""Compressed sensing's yardstick: how many sparse numbers can be read from few random linear measurements of them."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import norm


def transition(numbers: int, measurements: int, signs: int = 2) -> float:
    """How many numbers may be other than zero until the least sum of absolute values is no longer the right answer.

    Below it that reader, a linear program, is right nearly always, above it nearly never, for Gaussian measurements
    without noise and without a ReLU, when there are many of both: Donoho, Maleki and Montanari 2009.

    Args:
        signs: 2 if a number may have either sign, 1 if all are positive and the reader knows.
    """
    delta = min(measurements / numbers, 1.0)

    def share(z):  # of the measurements
        tail = signs * ((1 + z * z) * norm.cdf(-z) - z * norm.pdf(z))
        return (1 - tail / delta) / (1 + z * z - tail)

    best = minimize_scalar(lambda z: -share(z), bounds=(0, 10), method="bounded")
    return float(np.clip(share(best.x), 0, 1) * measurements)
