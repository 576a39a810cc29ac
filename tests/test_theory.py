"""Closed forms against draws."""

import jax.numpy as jnp
import numpy as np
import pytest

from lib import data, measure
from lib.config import Config
from lib.model import Network
from lib.theory import bounds, chance


@pytest.mark.parametrize(
    ("target", "low"), [("relu", -1.0), ("relu", -0.3), ("relu", 0.4), ("identity", -1.0), ("identity", 0.0)]
)
@pytest.mark.parametrize("power", [2, 4])
def test_moments_of_the_target(target, low, power):
    config = Config(target=target, low=low)
    x = np.linspace(low, 1, 200_001)
    assert bounds.target_moment(config, power) == pytest.approx(
        np.mean(np.asarray(data.target(config, x)) ** power), abs=1e-4
    )


def test_the_naive_plan_of_the_post():
    """Ninety features given up, each at E[ReLU(x)**2] = 1/6."""
    errors = bounds.naive_errors(Config())
    assert (errors == 0).sum() == 10 and errors.mean() == pytest.approx(0.9 / 6)


def test_the_noise_of_measuring_the_naive_plan():
    """Against many evaluations of the dropped features, each on a plain sample."""
    config = Config(features=20, neurons=5, p=0.2)
    rng = np.random.default_rng(0)
    wanted = np.maximum(rng.uniform(-1, 1, (2000, 15, 40)), 0)  # 40 active entries of each dropped feature
    measured = (wanted**2).mean(2).sum(1) / 20
    assert bounds.naive_noise(config, 20 * 40) == pytest.approx(measured.std(), rel=0.06)


@pytest.mark.parametrize("config", [Config(), Config(features=20, neurons=3, p=0.3, target="identity", low=0.2)])
def test_the_naive_plan_in_three_metrics(config):
    """Against a loop over draws: the first outputs are perfect, the others zero."""
    rng = np.random.default_rng(0)
    on = rng.random((200_000, config.features)) < config.p
    x = np.where(on, rng.uniform(config.low, 1, on.shape), 0)
    wanted = np.where(x > 0, x, 0) if config.target == "relu" else x
    error = wanted * (np.arange(config.features) >= config.neurons)
    metrics = bounds.naive_metrics(config)
    assert metrics["active_only"] == pytest.approx((error**2).sum() / on.sum(), rel=0.01)
    assert metrics["all_outputs"] == pytest.approx((error**2).mean(), rel=0.01)
    assert metrics["l4"] == pytest.approx((error**4).mean(), rel=0.01)


# ---- bounds: random codes lie above, the best ones attain them


def unit_vectors(count, dims, seed=0):
    v = np.random.default_rng(seed).normal(size=(count, dims))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def mean_power(v, power):
    gram = v @ v.T
    return ((gram - np.diag(np.diag(gram))) ** power).sum(1).mean()


def icosahedron():
    """Six lines in three dimensions: equiangular, and every bound at once."""
    g = (1 + 5**0.5) / 2
    v = np.array([[0, 1, g], [0, 1, -g], [1, g, 0], [1, -g, 0], [g, 0, 1], [-g, 0, 1]])
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def test_the_rank_bound_is_attained_by_a_projection_and_by_no_random_map():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(12, 4)))[0]
    error = lambda m: ((m - np.eye(12)) ** 2).sum()  # noqa: E731
    assert error(basis @ basis.T) == pytest.approx(bounds.least_squared_error(12, 4))
    for _ in range(100):
        other = rng.normal(size=(12, 4)) @ rng.normal(size=(4, 12))
        assert error(other * (np.trace(other) / (other**2).sum())) > 8  # at its own best scale


@pytest.mark.parametrize("features, dims", [(6, 3), (30, 5), (100, 10), (12, 9)])
def test_random_vectors_lie_above_the_bounds(features, dims):
    for seed in range(20):
        v = unit_vectors(features, dims, seed)
        assert mean_power(v, 2) >= bounds.interference_energy(features, dims)
        assert mean_power(v, 4) >= bounds.interference_fourth(features, dims)
        assert abs(v @ v.T - np.eye(features)).max() >= bounds.welch_bound(features, dims)


def test_six_lines_of_the_icosahedron_attain_them_all():
    v = icosahedron()
    assert len(v) == bounds.gerzon_bound(3)
    assert abs(v @ v.T - np.eye(6)).max() == pytest.approx(bounds.welch_bound(6, 3))
    assert mean_power(v, 2) == pytest.approx(bounds.interference_energy(6, 3))
    assert mean_power(v, 4) == pytest.approx(bounds.interference_fourth(6, 3))


def test_no_hundred_equiangular_lines_in_ten_dimensions():
    assert bounds.gerzon_bound(10) == 55


# ---- chance


def test_the_overlap_of_random_sets():
    rng = np.random.default_rng(0)
    ranks = rng.random((2, 40_000, 100)).argsort(2)
    a, b = ranks[0] < 37, ranks[1] < 30
    assert chance.expected_overlap(100, 37, 30) == pytest.approx(((a & b).sum(1) / (a | b).sum(1)).mean(), rel=0.003)
    assert chance.expected_overlap(5, 5, 5) == 1 and chance.expected_overlap(5, 0, 0) == 0


def test_rows_of_random_weights():
    rng = np.random.default_rng(0)
    w = np.sort(abs(rng.normal(size=(40_000, 100))), 1)[:, ::-1]
    assert chance.expected_specialization(100) == pytest.approx((w[:, 0] ** 2 / (w**2).sum(1)).mean(), rel=0.005)
    for count in (1, 10):
        assert chance.expected_share(100, count) == pytest.approx((w[:, :count].sum(1) / w.sum(1)).mean(), rel=0.005)
    assert chance.expected_touched(100, 0.05, 0.2) == pytest.approx((w * 0.2 > 0.05).sum(1).mean(), rel=0.002)


@pytest.mark.parametrize("unit", [True, False])
def test_signal_and_interference_of_random_maps(unit):
    rng = np.random.default_rng(0)
    measured = []
    for _ in range(400):
        v = rng.normal(size=(50, 8))
        m = v @ v.T / (np.linalg.norm(v, axis=1)[:, None] * np.linalg.norm(v, axis=1) if unit else 1)
        measured.append(((abs(m).sum(1) - np.diag(m)) / np.diag(m)).mean())
    assert chance.expected_off_to_diag(50, 8, unit=unit) == pytest.approx(np.mean(measured), rel=0.005)


def test_the_mean_overlap_of_several_sets():
    pairs = [chance.expected_overlap(20, a, b) for a, b in ((3, 7), (3, 9), (7, 9))]
    assert chance.mean_overlap(20, np.array([7, 3, 9])) == pytest.approx(np.mean(pairs))


def test_a_linear_network_degrades_in_a_straight_line():
    """Crosstalk of independent inputs of mean zero adds up; only the noise of the samples bends the line."""
    config, rng = Config(features=20, neurons=5, activation="linear"), np.random.default_rng(0)
    network = Network(
        *(jnp.asarray(0.3 * rng.normal(size=shape), jnp.float32) for shape in ((5, 20), (20, 5))), "linear"
    )
    draws = data.ordered(data.key(0, "test"), config, 65_536)
    loads = jnp.arange(1, 21)
    assert (
        measure.line_r2(loads.astype(jnp.float32), measure.overload(network, config, *draws, loads)["active"]) > 0.9995
    )
