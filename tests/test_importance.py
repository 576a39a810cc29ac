"""What weighs more: the balance of the theory, and what is read off a network."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from lib import claims, data, measure, model
from lib.claims import words
from lib.config import Config, Measurement
from lib.experiments import importance
from lib.theory import chance, rare_limit

CONFIG = Config(features=8, neurons=2, p=0.3, favoured=2, importance=20.0)


def test_even_weights_give_the_slope_that_the_code_was_made_for():
    slopes, loss = rare_limit.best_slopes(np.ones(8), rare_limit.even_code(0.4, 8))
    assert slopes == pytest.approx(0.4, abs=1e-5)
    assert loss == pytest.approx(8 * (0.6**4 + 0.4**4 * (0.6 / 0.4) ** 3), rel=1e-6)
    assert rare_limit.even_code(0.4, 8)[0, 0] * 8 == pytest.approx((1 / 0.4 - 1) ** 3), "1 / (1 + B**(1/3)), section 9"


@pytest.mark.parametrize("code", ["any", "apart"])
def test_the_balance_is_the_least_loss_over_all_gains(code):
    """Both gains of every feature set free, by numpy: same loss, same slopes, e / o as the fourth root of the weight."""
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


def test_capacities_are_the_diagonal_of_orthonormal_bases_and_at_most_the_rank():
    w_in = np.random.default_rng(1).normal(size=(3, 9))
    found = np.asarray(measure.capacity(jnp.asarray(w_in)))
    wanted = [(w @ w) ** 2 / sum((w @ v) ** 2 for v in w_in.T) for w in w_in.T]
    assert found == pytest.approx(np.array(wanted), rel=1e-4) and found.sum() <= 3
    assert measure.capacity(jnp.eye(3, 9)).tolist() == [1] * 3 + [0] * 6


def reading(network, config=CONFIG):
    x = data.evaluation_samples(data.key(0, "test"), config, 4096)
    return {
        k: float(v)
        for k, v in importance.readings(network, config, x, jnp.asarray(chance.overlap_table(config.neurons))).items()
    }


def test_the_naive_plan_reads_as_itself():
    found = reading(model.naive(CONFIG))
    wanted = {"slope_favoured": 1, "slope_others": 0, "capacity_favoured": 1, "capacity_others": 0, "error_favoured": 0, "error_others": 1,
              "ignored_favoured": 0, "ignored_others": 6, "carried_favoured": 1, "overlap_favoured": 0, "dedicated": 2}  # fmt: skip
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, abs=1e-6), name
    assert found["chance_favoured"] == pytest.approx(1 / 2), "two sets of one, of two neurons"


def test_groups_that_keep_to_their_own_neurons_overlap_within_and_not_between():
    """Two favoured features on neuron 0, six others on neuron 1."""
    own = jnp.repeat(jnp.eye(2), jnp.array([2, 6]), axis=1)
    found = reading(model.Network(own, own.T / 2))
    assert (found["overlap_favoured"], found["overlap_others"], found["overlap_between"]) == (1, 1, 0)
    assert found["slope_favoured"] == found["slope_others"] == 1 / 2
    assert found["capacity_favoured"] == pytest.approx(1 / 2) and found["capacity_others"] == pytest.approx(1 / 6)


def test_the_table_by_chance_is_that_of_random_sets():
    expected = chance.overlap_table(5)
    assert expected[2, 3] == chance.expected_overlap(5, 2, 3) and expected[0, 4] == 0 and expected[5, 5] == 1


def test_what_is_read_does_not_depend_on_how_it_was_trained():
    rng = np.random.default_rng(2)
    draw = lambda *shape: jnp.asarray(rng.normal(size=shape), jnp.float32)  # noqa: E731
    networks = model.Network(draw(2, 2, 8), draw(2, 8, 2))
    one, two = (
        importance.read(networks, dataclasses.replace(CONFIG, **other), Measurement(inputs=512))
        for other in ({}, {"steps": 7, "start": "naive"})
    )
    assert set(one) == set(two) and all(np.array_equal(one[name], two[name], equal_nan=True) for name in one)
    assert {values.shape for values in one.values()} == {(2,)}
    assert importance.read(networks, CONFIG, Measurement(inputs=512, harmed=100))["footprints_chance"].tolist() == [
        0,
        0,
    ]
    assert (one["footprints_chance"] > 0).any(), "the cut is the one that was asked for"


@pytest.mark.parametrize("ratio, said", [
    ({}, "not known"), ({1: 0.9}, "nowhere, at 1"), ({1: 0.9, 100: 0.95}, "nowhere, from 1 to 100"), ({1: 1.2, 100: 1.1}, "everywhere, from 1 to 100"),
    ({1: 0.9, 100: 1.1}, "from weight 10 on"), ({1: 1.1, 100: 0.9}, "up to weight 10"),
])  # fmt: skip
def test_where_own_neurons_win_in_words(ratio, said):
    assert words.better_start(pd.Series(ratio, dtype=float)) == said


def test_theory_wants_a_slope_and_room():
    config = dataclasses.replace(CONFIG, favoured=2)
    assert list(rare_limit.codes(0.4, config)) == ["even", "apart"]
    assert list(rare_limit.codes(0.4, dataclasses.replace(config, favoured=3))) == ["even"]
    assert [rare_limit.codes(slope, config) for slope in (np.nan, -0.1, 0.0, 1.0)] == [{}] * 4


def test_a_rule_that_asks_for_nothing_is_not_tested():
    assert [claims.verdict(each) for each in ([], [True], [True, False], [False])] == [
        "not tested",
        "holds",
        "holds in part",
        "fails",
    ]
