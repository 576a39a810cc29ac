"""The theory of the power of the error, and what is read off its sweep."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from lib import measure, model
from lib.baselines import plans
from lib.claims import words
from lib.config import Config, Measurement
from lib.experiments import power
from lib.theory import bounds, chance, rare_limit

CONFIG = Config(features=30, neurons=6)


def maps():
    """Two projections that are no naive plan: on a random subspace, and on sums of neighbours."""
    return rare_limit.projection(30, 6), np.asarray(measure.response(plans.summed(CONFIG, 6 / 30)), float)


def test_all_projections_tie_at_two_and_part_on_either_side():
    naive = np.asarray(measure.response(model.naive(CONFIG)), float)
    for response in maps():
        assert response @ response == pytest.approx(response, abs=1e-6)
        assert rare_limit.limit_loss(response, 2.0, 6) == pytest.approx(1, abs=1e-6)
        assert rare_limit.limit_loss(response, 1.9, 6) > 1.01 and rare_limit.limit_loss(response, 2.1, 6) < 0.99
    assert [rare_limit.limit_loss(naive, q, 6) for q in (1.5, 2.0, 4.0)] == [1, 1, 1]


def test_no_map_of_that_rank_wins_at_two():
    rng = np.random.default_rng(0)
    for _ in range(100):
        assert rare_limit.limit_loss(0.1 * rng.normal(size=(30, 6)) @ rng.normal(size=(6, 30)), 2.0, 6) > 1


@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0, 4.0, 8.0])
def test_the_best_even_code(exponent):
    """Against a search; at 2 a tight frame has slope n / F and ties."""
    interference = bounds.least_interference(30, 6, exponent)
    found = minimize_scalar(lambda s: (1 - s) ** exponent + interference * s**exponent, bounds=(0, 1), method="bounded")
    slope, ratio = rare_limit.shared_slope(interference, exponent, 0.2)
    assert slope == pytest.approx(found.x, abs=1e-4) and ratio == pytest.approx(found.fun / 0.8)
    if exponent == 2:
        assert (slope, ratio) == pytest.approx((0.2, 1))


@pytest.mark.parametrize("exponent", [1.5, 2.0, 2.5, 4.0, 6.0])
def test_interference_of_random_vectors_and_its_bound(exponent):
    rng, drawn = np.random.default_rng(0), []
    for _ in range(200):
        v = rng.normal(size=(30, 6))
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        drawn.append(((abs(v @ v.T) ** exponent).sum() - 30) / 30)
    assert chance.random_interference(30, 6, exponent) == pytest.approx(np.mean(drawn), rel=0.02)
    assert min(drawn) > bounds.least_interference(30, 6, exponent)


def test_the_bound_is_attained_by_equal_cosines_and_by_groups():
    """Four vectors of a simplex in three dimensions; below 2, sums of neighbours."""
    for exponent in (2.5, 4.0):
        assert bounds.least_interference(4, 3, exponent) == pytest.approx(3 * (1 / 3) ** exponent)
    groups = maps()[1]
    assert (abs(groups / groups[0, 0]) ** 1.5).sum(1).mean() - 1 == pytest.approx(
        bounds.least_interference(30, 6, 1.5), rel=1e-5
    )


def test_reads_of_an_even_network_have_no_spread():
    config = Config(features=8, neurons=2, p=0.2, exponent=3.0)
    sums = np.repeat(np.eye(2), 4, 1)
    networks = model.Network(np.stack([sums, sums]), np.stack([sums.T, sums.T]) / 3)
    found = power.read(networks, config, Measurement(samples=1024, inputs=1024))
    assert found["slope_cv"] == pytest.approx([0, 0], abs=1e-6) and (found["error_cv"] < 0.05).all()


def test_rows_by_kind_are_labelled_also_where_nothing_varies():
    """One power, which only the usual training takes: its table has no column for it."""
    base = Config(features=6, neurons=2, seeds=2)
    kinds = power.points(base, base, (7.0,))
    part = power.by_kind(pd.DataFrame({"seed": [0, 1], "loss": [0.5, 0.6]}), kinds)
    assert list(part["usual"].exponent) == [7, 7] and list(part["usual"].start) == ["small", "small"]
    assert all(part[kind].empty for kind in kinds if kind != "usual")
    assert power.paired_means(part["usual"], part["long"], ["loss"]).empty and not len(
        power.change(part["slow"], "loss")[0]
    )


def test_rows_by_kind_follow_the_points():
    base = Config(features=6, neurons=2, seeds=2)
    kinds = power.points(base, base, (2.0, 4.0, 6.0))
    points = sum(kinds.values(), [])
    rows = pd.DataFrame(
        [(seed, c.exponent, c.steps) for c in points for seed in range(c.seeds)], columns=["seed", "q", "steps"]
    )
    part = power.by_kind(rows, kinds)
    assert sum(map(len, part.values())) == len(rows) and all(
        (table.q == table.exponent).all() for table in part.values()
    )
    assert (part["longest"].steps == 20 * base.steps).all() and len(part["longest"]) == 8
    beside = power.paired_means(part["usual"], part["long"], ["steps"])
    assert list(beside.index) == [2] and list(beside.loc[2, "steps"]) == [base.steps, 5 * base.steps]


def test_sentences_on_powers_that_were_not_swept():
    assert words.spoken({4: "four.", 2: "two."}, [2.0, 4.0]) == "four. two."
    assert words.spoken({4: "four.", 2: "two."}, [2.0]) == "two. Not among the powers: *q* = 4."
