"""Codes of sets in closed form, the law, and what section 17 reads, against draws, searches and known limits."""

from dataclasses import replace
from itertools import combinations
from math import comb

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from lib import data, measure, model
from lib.baselines import handmade
from lib.config import Config
from lib.experiments import codes, scale, sweep
from lib.model import Network
from lib.theory import bounds, complete, mean_field, rare_limit, scaling

PAIRS = complete.sets(7, 2)


def answers(levels, sets=PAIRS):
    """R of the network that has these levels."""
    return np.asarray(measure.response(handmade.by_hand(sets, levels)), float)


def overlap(sets=PAIRS):
    return sets.T.astype(int) @ sets.astype(int)


# ---- complete codes


def test_all_sets_are_there_once_and_share_as_many_neurons_as_counted():
    for neurons, size in ((7, 2), (6, 3), (4, 4), (3, 1)):
        sets = complete.sets(neurons, size)
        assert sorted(map(tuple, sets.T.tolist())) == sorted(
            tuple(k in chosen for k in range(neurons)) for chosen in combinations(range(neurons), size)
        )
        shared = overlap(sets)[0, 1:]
        assert np.array_equal(np.bincount(shared, minlength=size + 1), complete.complete_overlaps(neurons, size))


def test_the_answer_is_a_straight_line_in_the_overlap_whatever_the_levels():
    rng, shared = np.random.default_rng(0), overlap()
    for carrying, encoder, decoder in rng.uniform((0.1, -0.3, -0.3), (0.6, 0.3, 0.3), (20, 3)):
        response = answers(np.array([carrying, encoder, decoder]))
        slope = (carrying - decoder) * (carrying - max(encoder, 0))
        at_none = response[shared == 0][0]
        np.testing.assert_allclose(response, at_none + slope * shared, atol=1e-5)


def test_only_straight_lines_in_the_overlap_have_the_symmetry_and_a_rank_of_no_more_than_the_neurons():
    """The Johnson scheme: degree j has C(n, j) - C(n, j - 1) dimensions, and straight lines are degrees 0 and 1."""
    neurons, size = 7, 3
    shared = overlap(complete.sets(neurons, size))
    every = lambda values: np.linalg.eigvalsh(np.array(values)[shared])
    line = every(0.3 + 0.2 * np.arange(size + 1))
    assert (np.abs(line) > 1e-9).sum() == neurons
    found = every([0.1, 0.7, -0.4, 1.3])  # no straight line: four different eigenvalues
    _, counts = np.unique(found.round(9), return_counts=True)
    dimensions = [comb(neurons, j) - (comb(neurons, j - 1) if j else 0) for j in range(size + 1)]
    assert sorted(counts) == sorted(dimensions)
    assert all(comb(n, 2) - n > n for n in range(6, 30)) and comb(5, 2) - 5 <= 5


@pytest.mark.parametrize("neurons, size, exponent", [(7, 2, 4.0), (6, 3, 4.0), (6, 2, 3.0), (6, 5, 2.5)])
def test_the_best_complete_code_is_what_a_search_over_all_three_levels_finds(neurons, size, exponent):
    sets, features = complete.sets(neurons, size), comb(neurons, size)
    tilt, slope, loss = complete.best(complete.complete_overlaps(neurons, size), exponent)

    def searched(levels):
        return (np.abs(answers(levels, sets) - np.eye(features)) ** exponent).sum() / features

    assert searched(complete.levels(slope, tilt, size)) == pytest.approx(loss, rel=1e-5)
    starts = ([0.5, 0.0, -0.1], [0.4, 0.2, -0.2], [0.5, -0.1, 0.1])
    least = min(minimize(searched, start, method="Nelder-Mead", options={"maxiter": 1500}).fun for start in starts)
    assert least == pytest.approx(loss, rel=1e-3) and least > loss * (1 - 1e-5)
    if features > neurons:
        assert loss > rare_limit.least_loss(exponent, features, neurons) * (1 - neurons / features)


def test_ten_neurons_two_and_three_a_feature_to_six_digits():
    two = complete.best(complete.complete_overlaps(10, 2), 4.0)
    root = 3.5 ** (1 / 3)  # 16 ((1 + t) / 2)**3 / 2 + 28 t**3 = 0
    assert two[0] == pytest.approx(-1 / (2 * root + 1), rel=1e-6)
    assert two[1:] == pytest.approx((0.570690, 0.0791251), rel=1e-5)
    assert complete.best(complete.complete_overlaps(10, 3), 4.0)[1:] == pytest.approx((0.426144, 0.188977), rel=1e-5)


def test_random_sets_overlap_as_drawn():
    config = Config(features=40, neurons=8)
    drawn = [overlap(handmade.draw(config, 3, seed))[np.triu_indices(40, 1)] for seed in range(40)]
    counts = np.bincount(np.concatenate(drawn), minlength=4) / len(drawn) * 2 / 40
    told = complete.random_overlaps(40, 8, 3)
    assert told.sum() == pytest.approx(39)
    np.testing.assert_allclose(counts[:3], told[:3], rtol=0.1)


# ---- random sets by size


def test_silence_is_the_loss_of_returning_nothing():
    for changes in ({}, {"exponent": 3.0, "low": 0.0}, {"target": "identity", "exponent": 2.5}, {"low": 0.4}):
        config = Config(features=20, neurons=2, p=0.3, **changes)
        x = data.evaluation_samples(data.key(0, "test"), config, 4096)
        wanted = np.asarray(data.target(config, x), float)
        assert codes.silence(config) == pytest.approx((np.abs(wanted) ** config.exponent).mean(), rel=2e-3)


def test_a_fit_from_the_rare_limit_is_no_worse_than_from_half_volume_and_never_ends_silent():
    for exponent, p, size in ((4.0, 0.02, 3), (2.5, 0.01, 1)):  # the second, from half volume, ends silent
        config = Config(p=p, exponent=exponent)
        x, sets = data.evaluation_samples(data.key(0, "fit"), config, 1024), handmade.draw(config, size, 0)
        plain, ours = handmade.by_hand(sets, handmade.fit(sets, config, x)), codes.made(config, size, [sets], 1024)
        loss = [float(handmade.training_loss(it, config, x)) for it in (model.at(ours, 0), plain, jnp.zeros_like)]
        assert loss[0] < 1.002 * loss[1] and loss[0] < 0.95 * loss[2]


def test_changes_are_where_loss_curves_cross():
    p = np.array([0.01, 0.1])
    loss = {1: (1.3, 0.8), 2: (1.0, 1.0), 3: (0.9, 1.2), 4: (1.5, 1.1)}
    rows = [(p[i], 4.0, size, 0, values[i]) for size, values in loss.items() for i in (0, 1)]
    found = codes.changes(pd.DataFrame(rows, columns=["p", "exponent", "size", "draw", "loss"])).iloc[0]
    assert found["3 to 2"] == pytest.approx(0.01 * 10 ** (0.1 / 0.3))
    over = 1 / 1.3, 1 / 0.8
    assert found["2 to 1"] == pytest.approx(0.01 * 10 ** ((1 - over[0]) / (over[1] - over[0])))
    assert np.isnan(found["4 to 3"])


# ---- what networks are read for


def test_a_complete_code_is_read_as_one():
    levels = complete.levels(0.5, -0.1, 2)
    config = Config(features=21, neurons=7, p=0.1)
    network = handmade.by_hand(PAIRS, levels)
    found = codes.readings(network, config, data.evaluation_samples(data.key(0, "test"), config, 512))
    assert (found["found_2"], found["found_3"], found["undecided"]) == (21, 0, 0)
    copied = np.array([0, 0, *range(2, 21)])
    twice = Network(network.w_in[:, copied], network.w_out[copied])
    assert codes.readings(twice, config, np.zeros((21, 512), np.float32))["found_2"] == 20
    assert found["slope_mean"] == pytest.approx(0.5, abs=1e-6)


def test_points_keep_the_features_on_and_begin_with_the_smallest():
    base = sweep.threefold(Config(), 16)
    points = scale.points(base, (1, 3, 10, 30))
    assert [(it.features, it.neurons, it.seeds) for it in points[:4]] == [
        *((100, 10, 8), (300, 30, 8), (1000, 100, 8), (3000, 300, 2))
    ]
    assert {round(it.features * it.p, 9) for it in points} == {2.0}
    assert [it for number, it in enumerate(points) if sweep.again(it, number, 64)] == [points[0]]
    assert scale.points(replace(base, features=5000, neurons=5), (3, 30))[0].features == 5000
    for neurons in (1, 10, 40):
        many = codes.complete_points(Config(features=50, neurons=neurons))
        assert len(many) == 8 and all(comb(it.neurons, 2) == it.features for it in many[:2])


# ---- the law


def test_the_sum_of_squares_of_a_poisson_number_has_the_moments_that_its_cumulants_say():
    for number in (0.05, 1.0, 7.0):
        first, second, third = number / 3, number / 5, number / 7
        moments = {2.0: first, 4.0: second + first**2, 6.0: third + 3 * second * first + first**3}
        for exponent, value in moments.items():
            assert scaling.together(number, exponent) == pytest.approx(value, rel=2e-3)


def test_a_crowd_is_nothing_for_squares_and_gaussian_for_fourth_powers():
    assert scaling.crowd(100, 9.0, 0.01, 2.0) == pytest.approx(0, abs=1e-4)
    assert scaling.crowd(100, 9.0, 0.01, 4.0) == pytest.approx(5 / 3 * 0.01 * 81, rel=5e-3)
    rng = np.random.default_rng(0)  # the sixth power of crosstalk, drawn
    number = rng.poisson(1.0, 400_000)
    on = np.arange(number.max())[:, None] < number
    together = (rng.normal(size=on.shape) * 0.3 * rng.random(on.shape) * on).sum(0)
    one = 0.3**6 * 15 / 7  # E[r**6] E[x**6]
    found = scaling.crowd(100, 9.0, 0.01, 6.0) * 0.01 / 7
    assert found == pytest.approx((together**6).mean() - one, rel=0.1)


def test_least_is_both_theorems_and_the_law_in_its_limits():
    assert scaling.least(100, 10, 4.0) == pytest.approx(bounds.interference_fourth(100, 10))
    assert scaling.least(100, 10, 2.0) == pytest.approx(bounds.interference_energy(100, 10))
    assert scaling.least(1000, 100, 4.0) == pytest.approx(bounds.least_interference(1000, 100, 4.0))
    rare = Config(p=1e-8)
    slope, loss = rare_limit.shared_slope(scaling.least(100, 10, 4.0), 4.0, 0.0)
    found = scaling.predict(rare)
    assert (found.slope, found.loss / codes.silence(rare)) == pytest.approx((slope, loss), rel=1e-4)
    assert scaling.predict(Config(target="identity")) is mean_field.NONE
    assert scaling.predict(Config(exponent=2.0)).slope == pytest.approx(0.1, rel=0.05)


def test_the_law_rises_with_all_that_helps():
    slope = lambda **changes: scaling.predict(Config(**changes)).slope
    assert slope(neurons=20) > slope() > slope(p=0.04) and slope(exponent=5.0) > slope()
    assert slope(features=1000, neurons=100, p=0.002) > slope(features=300, neurons=30, p=0.02 / 3) > slope()


# ---- the committed numbers


def test_the_law_is_within_a_fifth_of_every_committed_calm_point():
    table = scale.beside_law(scale.averaged(pd.concat(map(scale.committed, scale.SWEEPS))))
    calm = table[table.crowding <= scale.CALM]
    off = calm.slope_law / calm.slope - 1
    assert len(calm) > 100 and np.sqrt((off**2).mean()) < 0.06 and abs(off).max() < 0.2
    assert (calm.loss_law < 1.02 * calm.loss).all()
