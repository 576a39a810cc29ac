"""One law for slope and loss over features F, neurons n, probability p and power q, without a constant to fit.

A code that serves all features alike, and whose interference is the least that n dimensions allow, chooses its slope s:

    loss / loss of silence = (1 - s)**q  +  D (1 - s)**(q - 2) s**2  +  (rare + crowd) s**q.

The first term is what a feature lacks. `rare` is crosstalk of one other feature, `crowd` what several at once add,
D crosstalk into a feature that is on itself, to second order. Negative inputs are left out, and so is that crosstalk
of features which share all their neurons has one sign: in a crowd the law is too high.
"""

from functools import cache

import numpy as np
from scipy import stats
from scipy.optimize import minimize_scalar
from scipy.special import gamma
from scipy.stats import qmc

from lib.config import Config
from lib.theory import bounds, chance
from lib.theory.mean_field import NONE, Prediction

WORK = 2**18  # draws x features on


def least(features: int, neurons: int, exponent: float) -> float:
    """The least sum_{j != i} abs(cos_ij)**q that we know of for so many directions: the larger of two bounds.

    The one has all cosines alike, the other all directions as even as a sphere; the second is a theorem for even q
    (Welch 1974), and taken over to others.
    """
    sphere = chance.random_interference(features, neurons, exponent) * features / (features - 1) - 1
    return max(bounds.least_interference(features, neurons, exponent), sphere)


@cache
def _sums(most: int) -> np.ndarray:
    """Partial sums of squares, of 1 to `most` values spread evenly over (0, 1), (draws, most)."""
    draws = 2 ** max(round(np.log2(WORK / most)), 4)
    return np.cumsum(qmc.Sobol(most, rng=np.random.default_rng(0)).random(draws) ** 2, axis=1)


@cache
def together(number: float, exponent: float) -> float:
    """E[(sum of x**2)**(q / 2)] over a Poisson number of x ~ Uniform(0, 1), its mean given; to about a thousandth."""
    most = 2 ** int(np.ceil(np.log2(number + 8 * number**0.5 + 8)))
    chances = stats.poisson(number).pmf(np.arange(1, most + 1))
    return float(chances @ (_sums(most) ** (exponent / 2)).mean(0))


def crowd(features: int, energy: float, rate: float, exponent: float) -> float:
    """What several features at once add to E[abs(crosstalk)**q] of one at a time, over rate E[x**q].

    Given the inputs crosstalk is taken as normal, its variance that of `energy`, spread over the others. At q = 2 this
    is 0, at q = 4 exactly 5/3 rate energy**2.
    """
    number, moment = rate * features, 1 / (exponent + 1)
    normal = 2 ** (exponent / 2) * gamma((exponent + 1) / 2) / gamma(0.5)
    more = together(number, exponent) - number * moment
    return normal * (energy / features) ** (exponent / 2) * more / (rate * moment)


def predict(config: Config) -> Prediction:
    """Slope and loss by the law; NaN for what it does not cover: no ReLU, other values than Uniform(-1 or 0, 1)."""
    q, features, neurons = config.exponent, config.features, config.neurons
    if config.activation != "relu" or config.target != "relu" or config.low not in (-1, 0) or q < 2:
        return NONE
    rate, energy = config.p / (1 - config.low), bounds.interference_energy(features, neurons)
    every = least(features, neurons, q) + crowd(features, energy, rate, q)
    own = q * (q + 1) / 2 * rate * energy / 3
    loss = lambda s: (1 - s) ** q + own * (1 - s) ** (q - 2) * s**2 + every * s**q
    found = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-10})
    return Prediction(float(found.x), float(found.fun) * rate / (q + 1), np.nan)
