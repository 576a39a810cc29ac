"""The theory of the slope against explicit codes, draws and known limits."""

import numpy as np
import pytest

from lib.config import Config
from lib.theory import mean_field
from tests.test_theory import icosahedron


def test_moments_and_cumulants_are_each_other_inverted():
    moments = mean_field.uniform_moments(-0.3, 1)
    x = np.linspace(-0.3, 1, 200_001)
    np.testing.assert_allclose(moments, [(x**k).mean() for k in range(5)], atol=1e-5)
    np.testing.assert_allclose(mean_field.moments(mean_field.cumulants(moments)), moments)


def test_the_error_of_one_output_against_draws():
    """A row of weights, sparse inputs: the expected fourth power is exact."""
    rng = np.random.default_rng(0)
    row, p, gain = np.array([0.3, -0.2, 0.5]), 0.3, 0.6
    x = np.where(rng.random((2_000_000, 3)) < p, rng.random((2_000_000, 3)), 0)
    own = rng.random(2_000_000)
    sparse = mean_field.cumulants(p * mean_field.uniform_moments(0) + np.eye(5)[0] * (1 - p))
    c = mean_field.moments(sparse * [(row**k).sum() for k in (1, 2, 3, 4)])
    expected = mean_field.mean_error(4, gain, mean_field.uniform_moments(0), c)
    assert expected == pytest.approx(((gain * own - x @ row) ** 4).mean(), rel=0.01)


def test_power_sums_of_an_explicit_code():
    """The icosahedron's twelve corners, balanced and a 5-design: every sum at its least."""
    v = np.concatenate([icosahedron(), -icosahedron()])
    r = 0.1 + 0.4 * (v @ v.T)[0, 1:]
    np.testing.assert_allclose(mean_field.row_sums(12, 3, 0.1, 0.4), [(r**k).sum() for k in (1, 2, 3, 4)])


@pytest.mark.parametrize("neurons", [2, 10, 50, 90])
def test_power_sums_belong_to_some_distribution(neurons):
    """The moment matrix of the cosines must not be indefinite."""
    m1, m2, m3, m4 = mean_field.row_sums(100, neurons, 0, 1) / 99
    assert np.linalg.eigvalsh([[1, m1, m2], [m1, m2, m3], [m2, m3, m4]]).min() > -1e-12


def test_one_feature_at_a_time():
    """As p goes to 0 only single features count: (1 - s)**3 = s**3 B with B the fourth-power interference."""
    config = Config(p=1e-7, target="identity")
    assert mean_field.linear(config).slope == pytest.approx(1 / (1 + 1.5 ** (1 / 3)), abs=1e-4)
    assert mean_field.linear(Config(p=1e-7)).slope == pytest.approx(1 / (1 + 4 ** (1 / 3)), abs=1e-4)  # and both signs


def test_with_a_neuron_each_the_copy_is_perfect():
    assert mean_field.linear(Config(features=20, neurons=20, target="identity")).slope == pytest.approx(1, abs=0.01)


def test_negative_inputs_count_for_nothing_in_the_rectified_theory():
    """Half the rate on (0, 1) is the same problem."""
    signed, positive = mean_field.rectified(Config(p=0.02)), mean_field.rectified(Config(p=0.01, low=0))
    assert signed.slope == pytest.approx(positive.slope, abs=1e-5)


def test_no_scale_does_better():
    """The loss of an explicit linear code with the least interference, by draws, at the predicted slope and beside it."""
    config = Config(features=6, neurons=3, p=0.2, target="identity")
    slope, gram = mean_field.linear(config).slope, icosahedron() @ icosahedron().T
    rng = np.random.default_rng(0)
    x = np.where(rng.random((400_000, 6)) < 0.2, rng.uniform(-1, 1, (400_000, 6)), 0)
    loss = {s: ((s * x @ gram - x) ** 4).mean() for s in (slope, 0.93 * slope, 1.07 * slope)}
    assert min(loss, key=loss.get) == slope
    assert mean_field.linear(config).loss == pytest.approx(loss[slope], rel=0.02)
