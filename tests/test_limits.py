"""What no network of a width can beat: formulas against samples, floors against searches and what attains them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from lib import measure, model
from lib.baselines import plans
from lib.config import Config
from lib.experiments import optimum
from lib.model import Network
from lib.theory import bounds, limits, mean_field, rare_limit

SMALL = Config(features=6, neurons=3, p=0.2, activation="linear", target="identity")


def sampled(config, count=400_000):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (config.features, count)) * (rng.random((config.features, count)) < config.p)


def wanted(config, x):
    return np.maximum(x, 0) if config.target == "relu" else x


def of_rank(config, seed, scale=0.4):
    left, right = np.random.default_rng(seed).normal(size=(2, config.features, config.neurons))
    return scale * left @ right.T / config.neurons


# ---- a linear network


@pytest.mark.parametrize("target", ["identity", "relu"])
@pytest.mark.parametrize("p", [0.05, 0.8])
def test_the_loss_of_a_linear_network_is_that_of_samples(target, p):
    config = replace(SMALL, target=target, p=p)
    response, x = of_rank(config, 1), sampled(config)
    error = response @ x - wanted(config, x)
    assert limits.linear_loss(response, config)[0] == pytest.approx((error**4).mean(), rel=0.02)


@pytest.mark.parametrize("target", ["identity", "relu"])
def test_its_slope_is_that_of_differences(target):
    config, rng = replace(SMALL, target=target), np.random.default_rng(2)
    response, way, step = of_rank(SMALL, 1), rng.normal(size=(6, 6)), 1e-5
    ahead, behind = (limits.linear_loss(response + sign * step * way, config)[0] for sign in (1, -1))
    slope = limits.linear_loss(response, config)[1]
    assert (slope * way).sum() == pytest.approx((ahead - behind) / (2 * step), rel=1e-6)


@pytest.mark.parametrize("p", [1e-4, 0.05, 0.59, 1.0])
@pytest.mark.parametrize("size", [(6, 3), (5, 1), (7, 6)])
def test_no_linear_network_is_below_its_floor(size, p):
    """Not at random, and not after a search."""
    config = replace(SMALL, features=size[0], neurons=size[1], p=p)
    floor, silence = limits.linear_floor(config), p * bounds.target_moment(config, 4)
    assert all(limits.linear_loss(of_rank(config, seed), config)[0] > floor for seed in range(20))
    assert optimum.linear(config, 2)["loss"].min() * silence > floor * (1 - 1e-6)
    assert 0 < floor < bounds.naive_metrics(config)["l4"] * (1 + 1e-9)


def icosahedron():
    """Its six axes, (6, 3), of length 1: all cosines are 1 / sqrt(5)."""
    golden = (1 + 5**0.5) / 2
    axes = np.array([(0, 1, golden), (0, 1, -golden), (1, golden, 0), (1, -golden, 0), (golden, 0, 1), (-golden, 0, 1)])
    return axes / (1 + golden**2) ** 0.5


def test_equal_angles_attain_the_floor_of_linear_networks():
    gram = icosahedron() @ icosahedron().T
    best = min(limits.linear_loss(s * gram, SMALL)[0] for s in np.linspace(0.3, 0.9, 20001))
    assert best == pytest.approx(limits.linear_floor(SMALL), rel=1e-6)


def test_a_search_ends_where_the_theory_of_tied_codes_says():
    """24 vectors in 4 dimensions can have the least fourth powers of all; from each start to eight digits."""
    config = replace(SMALL, features=24, neurons=4, p=0.05)
    silence = config.p / 5
    losses = optimum.linear(config, 3)["loss"]
    assert losses == pytest.approx(mean_field.linear(config).loss / silence, rel=1e-8)


def test_chords_give_the_convex_curve_below():
    bumpy = lambda d: abs(abs(d - 0.5) - 0.25)  # noqa: E731 (two valleys, at 1/4 and 3/4)
    assert limits.below(bumpy, 0.5) == pytest.approx(0, abs=0.01)
    assert limits.below(lambda d: d**2, 0.3) == pytest.approx(0.09, abs=1e-6)


# ---- one feature at a time


@pytest.mark.parametrize("seed", range(3))
def test_a_relu_network_without_negative_weights_does_what_a_linear_map_does(seed):
    rng = np.random.default_rng(seed)
    decoder, encoder = rng.normal(size=(9, 4)), rng.normal(size=(4, 9))
    w_out, w_in = limits.nonnegative(decoder, encoder)
    assert w_in.shape == (4, 9) and w_in.min() >= 0
    linear, ours = decoder @ encoder, w_out @ np.maximum(w_in, 0)
    assert np.abs(ours - np.eye(9)) == pytest.approx(np.abs(linear - np.eye(9)), abs=1e-9)


def test_the_best_code_for_rare_features_has_the_closed_form():
    config = Config(features=24, neurons=4)
    found = optimum.rare(config, 2)
    b, share = bounds.interference_fourth(24, 4), 4 / 24
    assert found["loss"] / (1 - share) == pytest.approx(rare_limit.shared_slope(b, 4.0, share)[1], rel=1e-8)
    for q in (2.0, 3.0, 6.0):
        assert (optimum.rare(replace(config, exponent=q), 2)["loss"] > limits.rare_floor(config, q) * (1 - 1e-9)).all()


# ---- any numbers


def fourth_powers(hidden, w_out, x):
    error = w_out @ hidden.reshape(-1, x.shape[1]) - x
    return (error**4).mean(), 4 / x.size * (w_out.T @ error**3).ravel()


@pytest.mark.parametrize("size", [(6, 3), (5, 1), (8, 2)])
@pytest.mark.parametrize("p", [0.1, 0.6, 1.0])
def test_no_numbers_at_all_are_below_the_floors(size, p):
    """The best hidden numbers for each input: least squares for the squared error, a search for the fourth power."""
    config = Config(features=size[0], neurons=size[1], p=p)
    x = np.maximum(sampled(config, 200), 0)
    for seed in range(4):
        w_out = np.random.default_rng(seed).uniform(-0.2, 1, size)
        hidden = np.linalg.lstsq(w_out, x, rcond=None)[0]
        assert ((w_out @ hidden - x) ** 2).mean() > 0.9 * limits.least_mse(config)
        found = minimize(fourth_powers, hidden.ravel(), (w_out, x), jac=True, method="L-BFGS-B").fun
        assert found > 0.9 * limits.least_l4(config)


def test_equal_angles_attain_the_floor_of_any_numbers_for_rare_features():
    config, eye = Config(features=6, neurons=3, p=1e-4), np.eye(6)
    ends = [minimize(fourth_powers, np.full(3, 0.1), (icosahedron(), eye[:, [j]]), jac=True).fun for j in range(6)]
    rate, fourth = config.features * config.p / 2, 1 / 5  # of a feature above zero, and E[x**4] of such
    assert limits.least_l4(config) == pytest.approx(rate * fourth * np.mean(ends), rel=1e-3)


def test_sums_of_the_targets_attain_the_least_squared_error():
    config = Config(features=6, neurons=3, p=0.4)
    x = np.maximum(sampled(config), 0)
    pairs = np.kron(np.eye(3), np.full((2, 2), 0.5))  # means of neighbours; a sum of ReLUs is no ReLU of a sum
    assert ((pairs @ x - x) ** 2).mean() == pytest.approx(limits.least_mse(config), rel=0.01)
    constant = x.mean(axis=1, keepdims=True) * (np.arange(6) >= 3)[:, None]
    naive = np.where(np.arange(6)[:, None] < 3, x, constant)
    assert ((naive - x) ** 2).mean() == pytest.approx(limits.least_mse(config), rel=0.01)


@pytest.mark.parametrize("p", [0.01, 0.2, 0.7])
def test_no_relu_network_is_below_its_floor(p):
    config = Config(features=8, neurons=3, p=p)
    ways = [plans.projecting(config, seed) for seed in range(3)] + [plans.summed(config, 0.4), model.naive(config)]
    x = np.asarray(sampled(config, 200_000), np.float32)
    for way in ways:
        assert float(measure.metrics_and_loss(way, config, x)["l4"]) > limits.relu_floor(config)
    assert limits.relu_floor(config) > limits.linear_floor(config) / 17


def test_floors_vanish_with_a_neuron_for_every_feature():
    config = Config(features=4, neurons=4)
    assert limits.least_mse(config) == limits.least_l4(config) == 0
    assert limits.linear_floor(config) == pytest.approx(0, abs=1e-9)


# ---- searches on samples


@pytest.mark.parametrize("p", [0.03, 0.5, 1.0])
def test_weighted_draws_have_the_moments_of_inputs(p):
    config = Config(features=5, neurons=2, p=p)
    x, weight = optimum.draws(config, 60_000, 0)
    assert (x**4 @ weight) == pytest.approx(p / 5, rel=0.05)
    pairs = p**2 / 9  # E[x1**2 x2**2]
    assert (x[0] ** 2 * x[1] ** 2) @ weight == pytest.approx(pairs, rel=0.05)


def test_the_weighted_loss_is_the_loss_on_samples():
    config = Config(features=5, neurons=2, p=0.3)
    network = plans.projecting(config)
    loss, slope = optimum.weighed(network, config.task(), *optimum.draws(config, 60_000, 0))
    error = np.asarray(network(sampled(config).astype(np.float32))) - np.maximum(sampled(config), 0)
    assert float(loss) == pytest.approx((error**4).mean(), rel=0.03)
    assert isinstance(slope, Network) and np.isfinite(np.asarray(slope.w_in)).all()


@pytest.mark.parametrize("start", ["by hand", "rare code", "naive plan"])
def test_a_search_lowers_the_loss_and_says_so_on_other_samples(start):
    config = Config(features=6, neurons=2, p=0.1, seeds=1)
    found = optimum.search(config, start)
    before, after = optimum.scores([optimum.begin(config, start), Network(found["w_in"], found["w_out"])], config)
    assert after < before * (1 + 1e-3)
    assert limits.relu_floor(config) / (config.p / 10) < after
