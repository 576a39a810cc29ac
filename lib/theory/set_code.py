"""Slope and loss of a code of sets, negative inputs included. Nothing is fitted to a network.

Every feature has a set of k neurons, with one weight in both matrices; all other weights have one size in W_in and
one in W_out. Two things are then left to choose. The *overlaps*: A(o) of the other features share o neurons with a
feature. No code can have any A >= 0: Delsarte's inequalities (1973) hold, one for each degree of evenness, and of all
A that satisfy them we take the one with the least crosstalk, a linear program. The *levels*: they minimise the expected
L4 loss over inputs (values and number of features on) and, given their overlap with a feature, over the positions of
the others' sets, by fixed evenly spread draws. Last, k itself is tried. The sets of two others are taken as independent
given their overlaps with the feature, which adds some 1 / features to the error.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize, stats
from scipy.stats import qmc

from lib.config import Config
from lib.theory.bounds import target_moment
from lib.theory.mean_field import NONE, Prediction

DRAWS, WORK = 16384, 4_000_000  # draws of inputs; neurons x features on x draws, above which there are fewer of them


@dataclass(frozen=True)
class Draws:
    """Features on beside a feature: sum of values (draws,), that of each neuron's (draws, neurons), weights (draws,),
    and the value of the feature itself (draws,). Its own set comes first."""

    total: np.ndarray
    shared: np.ndarray
    weight: np.ndarray
    own: np.ndarray


def evenness(neurons: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Hahn polynomials of the overlap, 1 for a set with itself, (degrees, size + 1), and the chance of each overlap.

    Summed over all pairs of any sets, themselves included, each polynomial is at least 0, and 0 if the code is even in
    that degree: of degree 1 if all neurons carry alike many features, of degree 2 if all pairs do.
    """
    chance = stats.hypergeom(neurons, size, size).pmf(np.arange(size + 1))
    product = lambda a, b: (chance * a * b).sum()
    found = []
    for degree in range(min(size, neurons - size) + 1):
        new = (np.arange(size + 1) / size) ** degree
        for old in found:
            new = new - product(new, old) / product(old, old) * old
        found.append(new / new[-1])
    return np.array(found), chance


def least_overlaps(cost: np.ndarray, features: int, neurons: int, size: int) -> np.ndarray:
    """How many others have which overlap with a feature, (size + 1,), at the least sum of cost that a code may have."""
    polynomials, chance = evenness(neurons, size)
    there = [(0, None if possible else 0) for possible in chance > 0]
    one = np.ones((1, size + 1))
    if len(polynomials) == 1:
        return optimize.linprog(cost, A_eq=one, b_eq=[features - 1], bounds=there).x
    bound = np.ones(len(polynomials) - 1)
    return optimize.linprog(cost, -polynomials[1:], bound, one, [features - 1], there).x


def one_at_a_time(levels: np.ndarray, config: Config, size: int) -> np.ndarray:
    """E[output**4] while one other feature is on, by its overlap, (size + 1,)."""
    carrying, encoder, decoder = levels
    both = np.arange(size + 1)
    beside = (size - both) * carrying + (config.neurons - 2 * size + both) * decoder  # neurons outside the other's set
    inside = both * carrying + (size - both) * decoder
    fifth, split = config.low**5, max(config.low, 0.0) ** 5
    passed = max(carrying, 0) * inside + max(encoder, 0) * beside
    turned = max(-carrying, 0) * inside + max(-encoder, 0) * beside
    return ((1 - split) * passed**4 + (split - fifth) * turned**4) / (5 * (1 - config.low))


def draw(config: Config, size: int, overlaps: np.ndarray, draws: int = DRAWS) -> Draws:
    """Draws for each likely number of other features on; values and overlaps are spread evenly (Sobol)."""
    rng = np.random.default_rng(0)
    number = np.arange(config.features)
    chance = stats.binom(config.features - 1, config.p).pmf(number)
    matters = chance * (number + 0.3)
    likely = (matters > 1e-4 * matters.max()) | ((number < 3) & (chance > 0))
    work = config.neurons * max((matters * number).sum() / matters.sum(), 1.0)
    shares = min(draws, WORK / work) * np.maximum(matters[likely] / matters[likely].sum(), 0.03)
    ends = np.cumsum(overlaps) / overlaps.sum()
    value = lambda unit: config.low + (1 - config.low) * unit
    parts = []
    for others, probability, share in zip(number[likely], chance[likely], shares, strict=True):
        count = 2 ** max(round(np.log2(share)), 3)
        total, shared = np.zeros(count), np.zeros((count, config.neurons))
        own, *units = qmc.Sobol(2 * others + 1, rng=rng).random(count).T
        for x, chosen in zip(value(np.array(units[::2])), units[1::2], strict=True):
            both = np.minimum(np.searchsorted(ends, chosen), size)[:, None]
            order = rng.random((count, config.neurons))
            place = lambda part: part.argsort(1).argsort(1)
            inside = np.hstack([place(order[:, :size]) < both, place(order[:, size:]) < size - both])
            total, shared = total + x, shared + x[:, None] * inside
        parts.append((total, shared, np.full(count, probability / count), value(own)))
    return Draws(*map(np.concatenate, zip(*parts, strict=True)))


def expected(levels: np.ndarray, draws: Draws, config: Config, size: int, power: int = 4):
    """E[error**power] of an output while its feature is on, and while it is off, each with its slope by the levels."""
    carrying, encoder, decoder = levels
    mine = np.arange(config.neurons) < size
    w_in, w_out = np.where(mine, carrying, encoder), np.where(mine, carrying, decoder)
    before = encoder * draws.total[:, None] + (carrying - encoder) * draws.shared
    rest = draws.total[:, None] - draws.shared
    wanted = np.maximum(draws.own, 0) if config.target == "relu" else draws.own
    found = []
    for own, target in ((draws.own, wanted), (np.zeros_like(draws.own), 0.0)):
        hidden = np.maximum(before + own[:, None] * w_in, 0)
        strong, other = hidden[:, :size].sum(1), hidden[:, size:].sum(1)
        error = carrying * strong + decoder * other - target
        by_output = power * draws.weight * error ** (power - 1)
        by_hidden = by_output[:, None] * w_out * (hidden > 0)
        at_own = own @ by_hidden
        slope = [
            by_output @ strong + np.vdot(by_hidden, draws.shared) + at_own[:size].sum(),
            np.vdot(by_hidden, rest) + at_own[size:].sum(),
            by_output @ other,
        ]
        found.append((draws.weight @ error**power, np.array(slope)))
    return found


def fit(draws: Draws, config: Config, size: int, start: np.ndarray) -> tuple[np.ndarray, float]:
    """The levels of least loss, over the loss of silence, and that ratio."""
    silence = config.p * target_moment(config, 4)

    def loss(levels):
        (on, by_on), (off, by_off) = expected(levels, draws, config, size)
        both = lambda a, b: (config.p * a + (1 - config.p) * b) / silence
        return both(on, off), both(by_on, by_off)

    box = [(0.01, 2), (-1, 1), (-1, 1)]
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=box, options={"ftol": 1e-6})
    return found.x, float(found.fun)


@lru_cache(256)
def of_size(config: Config, size: int) -> tuple[Prediction, np.ndarray, np.ndarray]:
    """The best code with sets of this size: what it does, its three levels, its overlaps."""
    levels = np.array([(2 * size) ** -0.5, -0.03, -0.1])
    for count in (DRAWS // 8, DRAWS):  # least crosstalk of these levels, best levels for that
        overlaps = least_overlaps(one_at_a_time(levels, config, size), config.features, config.neurons, size)
        draws = draw(config, size, overlaps, count)
        levels, loss = fit(draws, config, size, levels)
    slope = size * levels[0] ** 2 + (config.neurons - size) * max(levels[1], 0.0) * levels[2]
    active = expected(levels, draws, config, size, 2)[0][0]
    return Prediction(float(slope), loss * config.p * target_moment(config, 4), float(active)), levels, overlaps


@lru_cache(256)
def best(config: Config) -> tuple[int, Prediction, np.ndarray, np.ndarray]:
    """The size of least loss: one neuron per feature, or where steps up or down from three end; then as `of_size`."""
    loss = lambda size: of_size(config, size)[0].loss if 1 <= size <= config.neurons else np.inf
    size = min(3, config.neurons)
    step = 1 if loss(size + 1) < loss(size) else -1
    while loss(size + step) < loss(size):
        size += step
    size = min((size, 1), key=loss)
    return size, *of_size(config, size)


def predict(config: Config) -> Prediction:
    """What the best code of sets does; NaN but for a ReLU network that returns no negative values."""
    wants_negative = config.target == "identity" and config.low < 0
    return NONE if config.activation != "relu" or wants_negative else best(config.task())[1]
