"""Closed forms and theories against draws, explicit codes, searches and known limits."""

from itertools import combinations

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog, minimize, minimize_scalar

from lib import data, measure, model
from lib.baselines import plans
from lib.config import Config
from lib.model import Network
from lib.theory import bounds, chance, mean_field, rare_limit, set_code


def unit_vectors(count, dims, seed=0):
    v = np.random.default_rng(seed).normal(size=(count, dims))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def mean_power(v, power):
    gram = np.abs(v @ v.T)
    return ((gram - np.diag(np.diag(gram))) ** power).sum(1).mean()


def icosahedron():
    """Six lines in three dimensions: equiangular, and every bound at once."""
    g = (1 + 5**0.5) / 2
    v = np.array([[0, 1, g], [0, 1, -g], [1, g, 0], [1, -g, 0], [g, 0, 1], [-g, 0, 1]])
    return v / np.linalg.norm(v, axis=1, keepdims=True)


# ---- the naive plan


def test_moments_of_the_target():
    for target, low in (("relu", -1.0), ("relu", -0.3), ("relu", 0.4), ("identity", -1.0), ("identity", 0.0)):
        config, x = Config(target=target, low=low), np.linspace(low, 1, 200_001)
        for power in (2, 4):
            drawn = np.mean(np.asarray(data.target(config, x)) ** power)
            assert bounds.target_moment(config, power) == pytest.approx(drawn, abs=1e-4)


def test_the_noise_of_measuring_the_naive_plan():
    """Against many evaluations of the dropped features, each on a plain sample."""
    config = Config(features=20, neurons=5, p=0.2)
    rng = np.random.default_rng(0)
    wanted = np.maximum(rng.uniform(-1, 1, (2000, 15, 40)), 0)  # 40 active entries of each dropped feature
    measured = (wanted**2).mean(2).sum(1) / 20
    assert bounds.naive_noise(config, 20 * 40) == pytest.approx(measured.std(), rel=0.06)


@pytest.mark.parametrize("config", [Config(), Config(features=20, neurons=3, p=0.3, target="identity", low=0.2)])
def test_the_naive_plan_in_three_metrics(config):
    """Against draws: the first outputs are perfect, the others zero."""
    rng = np.random.default_rng(0)
    on = rng.random((100_000, config.features)) < config.p
    x = np.where(on, rng.uniform(config.low, 1, on.shape), 0)
    wanted = np.where(x > 0, x, 0) if config.target == "relu" else x
    error = wanted * (np.arange(config.features) >= config.neurons)
    drawn = {"active_only": (error**2).sum() / on.sum(), "all_outputs": (error**2).mean(), "l4": (error**4).mean()}
    assert bounds.naive_metrics(config) == pytest.approx(drawn, rel=0.015)


# ---- bounds: random codes lie above, the best ones attain them


def test_the_rank_bound_is_attained_by_a_projection_and_by_no_random_map():
    rng = np.random.default_rng(0)
    projection = np.asarray(measure.response(plans.projecting(Config(features=12, neurons=4))), float)
    attained = np.square(projection - np.eye(12)).sum()
    assert attained == pytest.approx(bounds.least_squared_error(12, 4))
    for _ in range(100):
        other = rng.normal(size=(12, 4)) @ rng.normal(size=(4, 12))
        other *= np.trace(other) / (other**2).sum()  # its own best scale
        assert np.square(other - np.eye(12)).sum() > 8


def test_random_vectors_lie_above_the_bounds_and_six_lines_of_the_icosahedron_attain_them_all():
    for features, dims in ((6, 3), (30, 5), (100, 10), (12, 9)):
        energy, fourth = bounds.interference_energy(features, dims), bounds.interference_fourth(features, dims)
        for v in (unit_vectors(features, dims, seed) for seed in range(20)):
            assert mean_power(v, 2) >= energy and mean_power(v, 4) >= fourth
            assert abs(v @ v.T - np.eye(features)).max() >= bounds.welch_bound(features, dims)
    v = icosahedron()
    assert len(v) == bounds.gerzon_bound(3) and bounds.gerzon_bound(10) == 55
    assert abs(v @ v.T - np.eye(6)).max() == pytest.approx(bounds.welch_bound(6, 3))
    assert mean_power(v, 2) == pytest.approx(bounds.interference_energy(6, 3))
    assert mean_power(v, 4) == pytest.approx(bounds.interference_fourth(6, 3))


@pytest.mark.parametrize("exponent", [1.5, 2.0, 2.5, 4.0, 6.0])
def test_interference_of_random_vectors_and_its_bound(exponent):
    drawn = [mean_power(unit_vectors(30, 6, seed), exponent) for seed in range(200)]
    assert chance.random_interference(30, 6, exponent) == pytest.approx(np.mean(drawn), rel=0.02)
    assert min(drawn) > bounds.least_interference(30, 6, exponent)


# ---- chance


def test_the_overlap_of_random_sets():
    ranks = np.random.default_rng(0).random((2, 40_000, 100)).argsort(2)
    a, b = ranks[0] < 37, ranks[1] < 30
    assert chance.expected_overlap(100, 37, 30) == pytest.approx(((a & b).sum(1) / (a | b).sum(1)).mean(), rel=0.003)
    assert chance.expected_overlap(5, 5, 5) == 1 and chance.expected_overlap(5, 0, 0) == 0
    pairs = [chance.expected_overlap(20, a, b) for a, b in ((3, 7), (3, 9), (7, 9))]
    assert chance.mean_overlap(20, np.array([7, 3, 9])) == pytest.approx(np.mean(pairs))
    table = chance.overlap_table(5)
    assert table[2, 3] == chance.expected_overlap(5, 2, 3) and table[0, 4] == 0 and table[5, 5] == 1


def test_rows_of_random_weights():
    w = np.sort(abs(np.random.default_rng(0).normal(size=(40_000, 100))), 1)[:, ::-1]
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


def test_a_linear_network_degrades_in_a_straight_line():
    """Crosstalk of independent inputs of mean zero adds up; only the noise of the samples bends the line."""
    config, rng = Config(features=20, neurons=5, activation="linear"), np.random.default_rng(0)
    matrices = (jnp.asarray(0.3 * rng.normal(size=shape), jnp.float32) for shape in ((5, 20), (20, 5)))
    draws, loads = data.ordered(data.key(0, "test"), config, 65_536), jnp.arange(1, 21)
    active = measure.overload(Network(*matrices, "linear"), config, *draws, loads)["active"]
    assert measure.line_r2(loads.astype(jnp.float32), active) > 0.9995


# ---- the slope as a mean field


def test_moments_and_cumulants_are_each_other_inverted():
    moments = mean_field.uniform_moments(-0.3, 1)
    x = np.linspace(-0.3, 1, 200_001)
    np.testing.assert_allclose(moments, [(x**k).mean() for k in range(5)], atol=1e-5)
    np.testing.assert_allclose(mean_field.moments(mean_field.cumulants(moments)), moments)


def test_the_error_of_one_output_against_draws():
    """A row of weights, sparse inputs: the expected fourth power is exact."""
    rng = np.random.default_rng(0)
    row, p, gain = np.array([0.3, -0.2, 0.5]), 0.3, 0.6
    x = np.where(rng.random((1_000_000, 3)) < p, rng.random((1_000_000, 3)), 0)
    own = rng.random(1_000_000)
    sparse = mean_field.cumulants(p * mean_field.uniform_moments(0) + np.eye(5)[0] * (1 - p))
    c = mean_field.moments(sparse * [(row**k).sum() for k in (1, 2, 3, 4)])
    expected = mean_field.mean_error(4, gain, mean_field.uniform_moments(0), c)
    assert expected == pytest.approx(((gain * own - x @ row) ** 4).mean(), rel=0.01)


def test_power_sums_of_an_explicit_code():
    """The icosahedron's twelve corners, balanced and a 5-design: every sum at its least."""
    v = np.concatenate([icosahedron(), -icosahedron()])
    r = 0.1 + 0.4 * (v @ v.T)[0, 1:]
    np.testing.assert_allclose(mean_field.row_sums(12, 3, 0.1, 0.4), [(r**k).sum() for k in (1, 2, 3, 4)])
    for neurons in (2, 10, 50, 90):  # the moment matrix of the cosines must not be indefinite
        m1, m2, m3, m4 = mean_field.row_sums(100, neurons, 0, 1) / 99
        assert np.linalg.eigvalsh([[1, m1, m2], [m1, m2, m3], [m2, m3, m4]]).min() > -1e-12


def test_limits_of_the_mean_field():
    """As p goes to 0 only single features count: (1 - s)**3 = s**3 B with B the fourth-power interference."""
    one_at_a_time = Config(p=1e-7, target="identity")
    assert mean_field.linear(one_at_a_time).slope == pytest.approx(1 / (1 + 1.5 ** (1 / 3)), abs=1e-4)
    both_signs = mean_field.linear(Config(p=1e-7))  # ReLU(x) of a negative input is 0: half of the weight on crosstalk
    assert both_signs.slope == pytest.approx(1 / (1 + 4 ** (1 / 3)), abs=1e-4)
    assert mean_field.linear(Config(features=20, neurons=20, target="identity")).slope == pytest.approx(1, abs=0.01)
    signed, positive = mean_field.rectified(Config(p=0.02)), mean_field.rectified(Config(p=0.01, low=0))
    assert signed.slope == pytest.approx(positive.slope, abs=1e-5), "negative inputs count for nothing"


def test_no_scale_does_better():
    """The loss of an explicit linear code with the least interference, by draws, at the predicted slope and beside."""
    config = Config(features=6, neurons=3, p=0.2, target="identity")
    slope, gram = mean_field.linear(config).slope, icosahedron() @ icosahedron().T
    rng = np.random.default_rng(0)
    x = np.where(rng.random((400_000, 6)) < 0.2, rng.uniform(-1, 1, (400_000, 6)), 0)
    loss = {s: ((s * x @ gram - x) ** 4).mean() for s in (slope, 0.93 * slope, 1.07 * slope)}
    assert min(loss, key=loss.get) == slope
    assert mean_field.linear(config).loss == pytest.approx(loss[slope], rel=0.02)
    active = np.square(slope * x @ gram - x)[x != 0].mean()
    assert mean_field.linear(config).active_only == pytest.approx(active, rel=0.02)


# ---- one feature at a time: the power of the error

FEW = Config(features=30, neurons=6)
SUMS = np.asarray(measure.response(plans.summed(FEW, 6 / 30)), float)


def test_all_projections_tie_at_two_and_part_on_either_side():
    """On a random subspace and on sums of neighbours; and no map of that rank wins at two."""
    for response in (np.asarray(measure.response(plans.projecting(FEW)), float), SUMS):
        assert response @ response == pytest.approx(response, abs=1e-6)
        assert rare_limit.limit_loss(response, 2.0, 6) == pytest.approx(1, abs=1e-6)
        assert rare_limit.limit_loss(response, 1.9, 6) > 1.01 and rare_limit.limit_loss(response, 2.1, 6) < 0.99
    naive = np.asarray(measure.response(model.naive(FEW)), float)
    assert [rare_limit.limit_loss(naive, q, 6) for q in (1.5, 2.0, 4.0)] == [1, 1, 1]
    rng = np.random.default_rng(0)
    for _ in range(100):
        assert rare_limit.limit_loss(0.1 * rng.normal(size=(30, 6)) @ rng.normal(size=(6, 30)), 2.0, 6) > 1


@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0, 4.0, 8.0])
def test_the_best_even_code(exponent):
    """Against a search; at 2 a tight frame has slope n / F and ties. Two codes attain the least interference."""
    interference = bounds.least_interference(30, 6, exponent)
    found = minimize_scalar(lambda s: (1 - s) ** exponent + interference * s**exponent, bounds=(0, 1), method="bounded")
    slope, ratio = rare_limit.shared_slope(interference, exponent, 0.2)
    assert slope == pytest.approx(found.x, abs=1e-4) and ratio == pytest.approx(found.fun / 0.8)
    if exponent == 2:
        assert (slope, ratio) == pytest.approx((0.2, 1))
    if exponent > 2:  # four vectors of a simplex in three dimensions
        assert bounds.least_interference(4, 3, exponent) == pytest.approx(3 * (1 / 3) ** exponent)
    if exponent < 2:  # sums of neighbours
        assert (abs(SUMS / SUMS[0, 0]) ** exponent).sum(1).mean() - 1 == pytest.approx(interference, rel=1e-5)


# ---- one feature at a time: weights in the loss


def test_even_weights_give_the_slope_that_the_code_was_made_for():
    slopes, loss = rare_limit.best_slopes(np.ones(8), rare_limit.even_code(0.4, 8))
    assert slopes == pytest.approx(0.4, abs=1e-5)
    assert loss == pytest.approx(8 * (0.6**4 + 0.4**4 * (0.6 / 0.4) ** 3), rel=1e-6)
    assert rare_limit.even_code(0.4, 8)[0, 0] * 8 == pytest.approx((1 / 0.4 - 1) ** 3), "1 / (1 + B**(1/3)), section 9"


def test_favoured_features_at_right_angles_by_draws():
    """Mean fourth powers of cosines beside those of random directions, to which an even code is scaled."""
    between = rare_limit.apart_code(0.4, 6, 4, 2) / rare_limit.even_code(0.4, 6)
    alike, random = np.full(4, 1 / 2), unit_vectors(20_000, 4)  # the same squared cosine with every axis; and any
    expected = (alike**4).mean() / (random**4).mean()
    assert between[2:, :2] == pytest.approx(expected, rel=0.05) and (between[:2, 2:] == between[2:, :2].T).all()
    assert (between[:2, :2] == 0).all() and (between[2:, 2:] == 1).all()


@pytest.mark.parametrize("code", ["any", "apart"])
def test_the_balance_is_the_least_loss_over_all_gains(code):
    """Both gains of every feature set free: same loss, same slopes, e / o as the fourth root of the weight."""
    rng = np.random.default_rng(0)
    b = (lambda a: 0.3 * (a + a.T))(rng.random((6, 6))) if code == "any" else rare_limit.apart_code(0.4, 6, 2, 2)
    weights = rng.uniform(1, 30, 6)

    def loss(gains):
        o, e = np.exp(gains).reshape(2, 6)
        return (weights * np.abs(1 - o * e) ** 4).sum() + (b * np.outer(weights * o**4, e**4)).sum()

    free = min((minimize(loss, rng.normal(-0.5, 0.2, 12), tol=1e-12) for _ in range(4)), key=lambda found: found.fun)
    o, e = np.exp(free.x).reshape(2, 6)
    slopes, least = rare_limit.best_slopes(weights, b)
    assert least == pytest.approx(free.fun, rel=1e-5)
    assert slopes == pytest.approx(o * e, abs=5e-3)
    assert e / o / (e / o)[0] == pytest.approx((weights / weights[0]) ** 0.25, rel=0.03)


def test_theory_wants_a_slope_and_room():
    config = Config(features=8, neurons=2, favoured=2)
    assert list(rare_limit.codes(0.4, config)) == ["even", "apart"]
    assert list(rare_limit.codes(0.4, Config(features=8, neurons=2, favoured=3))) == ["even"]
    assert [rare_limit.codes(slope, config) for slope in (np.nan, -0.1, 0.0, 1.0)] == [{}] * 4


# ---- one feature at a time: every response of a rank, and the subspaces that a ReLU can reach


def best_response(features, neurons, exponent, seed):
    """The least loss over the naive plan's that a search over all responses of a rank finds, and the response."""
    rng = np.random.default_rng(seed)

    def cost(w):
        a, b = w[: features * neurons].reshape(features, neurons), w[features * neurons :].reshape(neurons, features)
        error = a @ b - np.eye(features)
        size = np.sqrt(error**2 + 1e-12)
        slope = exponent * error * size ** (exponent - 2)
        return (size**exponent).sum(), np.concatenate([(slope @ b.T).ravel(), (a.T @ slope).ravel()])

    start = rng.normal(size=2 * features * neurons)
    a, b = np.split(minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 150}).x, 2)
    response = a.reshape(features, neurons) @ b.reshape(neurons, features)
    return rare_limit.limit_loss(response, exponent, neurons), response


@pytest.mark.parametrize("exponent", [1.3, 1.7, 2.0, 2.3, 3.0, 6.0])
def test_no_response_of_a_rank_beats_the_bound(exponent):
    """Neither at random nor after a search; up to two the naive plan attains it, and below two alone."""
    rng = np.random.default_rng(0)
    for features, neurons in ((5, 2), (6, 3), (4, 1)):
        least = rare_limit.least_loss(exponent, features, neurons)
        for scale in (0.05, 0.2, 1):
            other = scale * rng.normal(size=(features, neurons)) @ rng.normal(size=(neurons, features))
            assert (
                rare_limit.limit_loss(other, exponent, neurons) > least
                and rare_limit.limit_loss(other, 1.0, neurons) > 1
            )
        searched = [best_response(features, neurons, exponent, seed) for seed in range(4)]
        loss, response = min(searched, key=lambda found: found[0])
        assert loss > least - 1e-6
        if exponent <= 2:
            assert loss == pytest.approx(1, abs=1e-3), "attained"
        if exponent in (1.3, 1.7):
            assert response == pytest.approx(np.round(response), abs=0.02), "by entries of 0 and 1 only"
    naive = np.diag(np.arange(5) < 2).astype(float)
    assert (
        rare_limit.limit_loss(naive, exponent, 2)
        == rare_limit.limit_loss(naive, 1.0, 2)
        == 1
        >= rare_limit.least_loss(exponent, 5, 2)
    )


@pytest.mark.parametrize("exponent", [2.5, 4.0, 8.0])
def test_equal_angles_attain_the_bound_above_two(exponent):
    v = icosahedron()
    slope, _ = rare_limit.shared_slope(bounds.least_interference(6, 3, exponent), exponent, 0.5)
    assert rare_limit.limit_loss(slope * v @ v.T, exponent, 3) == pytest.approx(rare_limit.least_loss(exponent, 6, 3))


def test_the_function_in_the_proof_is_concave():
    """A row of a projector with diagonal entry d has at most this sum of powers; no even row may be the exception."""
    d = np.linspace(1e-4, 1 - 1e-4, 2001)
    for power in (1.0, 1.2, 1.5, 1.9, 1.999):
        for features in (2, 3, 100):
            most = d**power + (features - 1) ** (1 - power / 2) * (d - d**2) ** (power / 2)
            assert np.diff(most, 2).max() < 1e-12


@pytest.mark.parametrize("neurons", [1, 4, 12])
def test_a_relu_reaches_a_projection_exactly(neurons):
    config = Config(features=12, neurons=neurons)
    network = plans.projecting(config)
    response = np.asarray(measure.response(network), float)
    assert response == pytest.approx(response @ response, abs=1e-4) and response == pytest.approx(response.T, abs=1e-4)
    assert np.trace(response) == pytest.approx(neurons, abs=1e-4)
    x = abs(np.random.default_rng(0).normal(size=(12, 50)))  # not only one at a time: all that is not negative
    assert np.asarray(network(jnp.asarray(x, jnp.float32))) == pytest.approx(response @ x, abs=1e-3)


def test_a_random_subspace_is_hardly_ever_within_reach():
    """Against linear programs that look for a positive vector; a hundred features with ten neurons have no chance."""
    rng = np.random.default_rng(0)
    for features, neurons in ((6, 2), (6, 3), (8, 6)):
        basis = rng.normal(size=(100, features, neurons))
        found = [linprog(np.zeros(neurons), -b, -np.ones(features), bounds=(None, None)).status == 0 for b in basis]
        assert np.mean(found) == pytest.approx(rare_limit.chance_of_reach(features, neurons), abs=0.12)
    assert rare_limit.chance_of_reach(100, 10) < 1e-17 and rare_limit.chance_of_reach(10, 10) == 1


# ---- a code of sets


def test_the_polynomials_of_evenness_add_up_to_nothing_over_all_sets():
    """And Delsarte's inequalities hold for any sets, here random ones; each new set alone has 1."""
    polynomials, chance_of = set_code.evenness(7, 3)
    assert polynomials @ chance_of == pytest.approx([1, 0, 0, 0], abs=1e-12) and polynomials[:, -1] == pytest.approx(1)
    for seed in range(50):
        sets = np.random.default_rng(seed).random((9, 7)).argsort(1) < 3
        shared = (sets[:, None] & sets).sum(2)
        assert polynomials[:, shared].sum((1, 2)).min() > -1e-9


def test_overlaps_of_least_crosstalk():
    """All pairs of six neurons, each once, are even in every degree; no other fifteen features do better, here sets."""
    cost = (np.arange(3) - 0.8) ** 4
    assert set_code.least_overlaps(cost, 15, 6, 2) == pytest.approx([6, 8, 0])
    for seed in range(50):
        sets = np.random.default_rng(seed).random((15, 6)).argsort(1) < 2
        shared = (sets[:, None] & sets).sum(2)
        assert cost[shared].sum(1).mean() - cost[2] > 6 * cost[0] + 8 * cost[1] - 1e-9


@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_the_expected_error_of_an_explicit_code_of_sets(low):
    """All pairs of six neurons, twenty features each, in one network, by draws."""
    config = Config(features=300, neurons=6, p=0.006, low=low)
    sets = np.resize([[a in pair for a in range(6)] for pair in combinations(range(6), 2)], (300, 6))
    levels, overlaps = np.array([0.45, -0.05, -0.08]), np.bincount((sets & sets[:1]).sum(1)) - [0, 0, 1.0]
    draws = set_code.draw(config, 2, overlaps, 2**16)
    w_in, w_out = (np.where(sets, 0.45, other) for other in levels[1:])
    rng = np.random.default_rng(0)
    on = rng.random((40_000, 300)) < 0.006
    x = np.where(on, rng.uniform(low, 1, on.shape), 0)
    error = np.maximum(x @ w_in, 0) @ w_out.T - np.maximum(x, 0)
    for power in (2, 4):
        (active, _), (silent, _) = set_code.expected(levels, draws, config, 2, power)
        assert active == pytest.approx((error[on] ** power).mean(), rel=0.03)
        assert silent == pytest.approx((error[~on] ** power).mean(), rel=0.04)


def test_slopes_of_the_expected_error():
    config, levels = Config(features=20, neurons=5, p=0.1), np.array([0.4, -0.04, -0.1])
    draws = set_code.draw(config, 2, np.array([6.0, 11, 2]), 512)
    for which in (0, 1):
        value = lambda at: set_code.expected(at, draws, config, 2)[which][0]  # noqa: B023
        steps = 1e-6 * np.eye(3)
        numeric = [(value(levels + step) - value(levels - step)) / 2e-6 for step in steps]
        assert set_code.expected(levels, draws, config, 2)[which][1] == pytest.approx(numeric, rel=1e-4)


def test_limits_of_the_code_of_sets():
    """A neuron for each feature: the naive plan, without error. One at a time: the closed form. No ReLU: none."""
    size, told, *_ = set_code.best(Config(features=3, neurons=3))
    assert (size, told.slope) == (1, pytest.approx(1, abs=0.03)) and told.loss == pytest.approx(0, abs=1e-8)
    config = Config(features=15, neurons=6, p=1e-7, low=0.0)
    told, levels, overlaps = set_code.of_size(config, 2)
    crosstalk = set_code.one_at_a_time(levels, config, 2) @ overlaps
    assert told.loss / 1e-7 == pytest.approx(0.2 * (1 - told.slope) ** 4 + crosstalk, rel=0.01)
    assert np.isnan(set_code.predict(Config(activation="linear")).slope)


def test_balance_is_least_at_the_predicted_slope_and_adds_up_to_the_predicted_loss():
    knob = np.linspace(0, 1, 201)
    for config in (Config(), Config(neurons=20, p=0.05), Config(features=12, neurons=4, p=0.1, low=0.0)):
        cost, told = mean_field.balance(config, knob), mean_field.predict(config)
        both = cost["on"] + cost["off"]
        assert abs(knob[both.argmin()] - told.slope) < 0.004
        silence = config.p * bounds.target_moment(config, 4)
        assert both.min() * silence == pytest.approx(told.loss, rel=1e-3)
        assert both[0] == pytest.approx(1) and (np.diff(cost["off"]) > -0.01).all()
    rare = mean_field.balance(Config(p=1e-6), knob)["on"]
    np.testing.assert_allclose(rare, (1 - knob) ** 4, atol=1e-3)  # a feature alone
    assert np.isnan(mean_field.balance(Config(target="identity"), knob)["on"]).all()
    alone = mean_field.balance(Config(features=2, neurons=1), [0.0, 0.5])
    assert alone["on"][0] == 1 and alone["off"][0] == 0
