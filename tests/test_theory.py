"""Closed forms against draws."""

import numpy as np
import pytest

from lib import data, theory
from lib.config import Config


@pytest.mark.parametrize(("target", "low"), [("relu", -1.0), ("relu", -0.3), ("relu", 0.4), ("identity", -1.0), ("identity", 0.0)])
@pytest.mark.parametrize("power", [2, 4])
def test_moments_of_the_target(target, low, power):
    config = Config(target=target, low=low)
    x = np.linspace(low, 1, 200_001)
    assert theory.target_moment(config, power) == pytest.approx(np.mean(np.asarray(data.target(config, x)) ** power), abs=1e-4)


def test_the_naive_plan_of_the_post():
    """Ninety features given up, each at E[ReLU(x)**2] = 1/6."""
    errors = theory.naive_errors(Config())
    assert (errors == 0).sum() == 10 and errors.mean() == pytest.approx(0.9 / 6)


def test_the_noise_of_measuring_the_naive_plan():
    """Against many evaluations of the dropped features, each on a plain sample."""
    config = Config(features=20, neurons=5, p=0.2)
    rng = np.random.default_rng(0)
    wanted = np.maximum(rng.uniform(-1, 1, (2000, 15, 40)), 0)  # 40 active entries of each dropped feature
    measured = (wanted**2).mean(2).sum(1) / 20
    assert theory.naive_noise(config, 20 * 40) == pytest.approx(measured.std(), rel=0.06)
