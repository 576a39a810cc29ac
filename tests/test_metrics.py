"""Three metrics, and the plans that need no training: closed forms, and float64 numpy beside them."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from lib import claims, data, measure, model, paths
from lib.baselines import plans
from lib.config import Config
from lib.model import Network
from lib.theory import bounds

SMALL = Config(features=7, neurons=3, p=0.3)


def network(seed=0):
    rng = np.random.default_rng(seed)
    w_in, w_out = rng.normal(size=(3, 7)), rng.normal(size=(7, 3)) / 3
    return Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(w_out, jnp.float32)), w_in, w_out


def error_by_hand(w_in, w_out, x):
    return w_out @ np.maximum(w_in @ x, 0) - np.maximum(x, 0)


# ---- samples


@pytest.mark.parametrize("low", [-1.0, 0.4])
def test_spread_samples_have_the_training_distribution(low):
    config = Config(features=20, neurons=1, p=0.1, low=low)
    x = data.evaluation_samples(data.key(0, "test"), config, 2**12)
    assert x.shape == (20, 4096) and x.dtype == np.float32
    assert np.abs((x != 0).sum(1) - 409.6).max() < 2, "each feature is on its share of the time, almost exactly"
    assert stats.kstest(x[x != 0], stats.uniform(low, 1 - low).cdf).statistic < 0.01
    on = (x != 0).astype(float)
    assert abs((on @ on.T)[np.triu_indices(20, 1)].mean() - 4096 * 0.01) < 1, "pairs meet as often as by chance"
    assert not np.array_equal(x, data.evaluation_samples(data.key(1, "test"), config, 2**12)) and np.array_equal(
        x, data.evaluation_samples(data.key(0, "test"), config, 2**12)
    )


def test_spread_samples_measure_with_less_noise():
    ours, *_ = network()
    key = data.key(0, "test")
    spread = [data.evaluation_samples(data.key(seed, "test"), SMALL, 2**10) for seed in range(12)]
    plain = [data.sample(jax.random.fold_in(key, seed), SMALL, 1024) for seed in range(12)]
    a, b = (np.std([measure_three(ours, SMALL, x)["mse"] for x in many]) for many in (spread, plain))
    assert a < b / 2


# ---- metrics


def measure_three(plan, config, x):
    return {
        name: float(value) for name, value in measure.metrics(measure.power_means(plan, config, jnp.asarray(x))).items()
    }


def test_powers_of_the_error():
    ours, w_in, w_out = network()
    x = data.evaluation_samples(data.key(0, "test"), SMALL, 2**9)
    found = measure.power_means(ours, SMALL, jnp.asarray(x))
    error, on = np.abs(error_by_hand(w_in, w_out, x.astype(float))), x != 0
    for q in range(1, measure.TOP + 1):
        np.testing.assert_allclose(found["all"][q - 1], (error**q).mean(), rtol=1e-4)
        np.testing.assert_allclose(found["active"][q - 1], (error[on] ** q).mean(), rtol=1e-4)
    expected = {"active": (error[on] ** 2).mean(), "mse": (error**2).mean(), "l4": (error**4).mean()}
    assert measure_three(ours, SMALL, x) == pytest.approx(expected, rel=1e-4)


def test_the_naive_plan_in_three_metrics():
    """Ninety outputs of zero: 0.9 E[t**2] where the feature is on, p times that over all, 0.9 p E[t**4] in L4."""
    config = Config()
    found = measure_three(model.naive(config), config, data.evaluation_samples(data.key(0, "test"), config, 2**16))
    assert found == pytest.approx({"active": 0.9 / 6, "mse": 0.9 * 0.02 / 6, "l4": 0.9 * 0.02 / 10}, rel=3e-3)


@pytest.mark.parametrize("target", ["relu", "identity"])
def test_under_load_switches_on_exactly_k(target):
    config = Config(features=7, neurons=3, target=target)
    ours, w_in, w_out = network()
    rank, value = data.ordered(data.key(0, "overload"), config, 512)
    loads = jnp.array([1, 3, 7])
    found = measure.overload(ours, config, rank, value, loads)
    for place, k in enumerate(loads):
        x = np.where(rank < k, np.asarray(value, float), 0)
        error = w_out @ np.maximum(w_in @ x, 0) - (np.maximum(x, 0) if target == "relu" else x)
        np.testing.assert_allclose(found["mse"][place], (error**2).mean(), rtol=1e-4)
        np.testing.assert_allclose(found["l4"][place], (error**4).mean(), rtol=1e-4)


def test_the_naive_plan_under_load():
    config, loads = Config(features=20, neurons=5), np.array([1, 7, 20])
    draws = data.ordered(data.key(0, "overload"), config, 16_384)
    found = measure.overload(model.naive(config), config, *draws, jnp.asarray(loads))
    for name, expected in bounds.naive_under_load(config, loads).items():
        np.testing.assert_allclose(found[name], expected, rtol=0.03, err_msg=name)


def test_where_a_ratio_passes_one():
    at = np.array([1, 2, 4, 8])
    assert measure.crossing(at, np.array([0.5, 0.9, 1.1, 3])) == pytest.approx(3)
    assert measure.crossing(at, np.array([2, 0.5, 0.4, 3])) == pytest.approx(1 + 2 / 3), "the first time, either way"
    assert np.isnan(measure.crossing(at, np.array([0.1, 0.2, 0.3, 0.4])))


# ---- plans


def test_the_best_constant_for_outputs_that_are_given_up():
    """The mean of the target where squares count, over all outputs p times that; for L4, the root of a cubic."""
    config = Config(features=20, neurons=5, p=0.1)
    found = plans.tuned(plans.with_offset, config, data.evaluation_samples(data.key(0, "test"), config, 2**15))
    m = [1, *(bounds.target_moment(config, power) for power in range(1, 5))]  # E[t**q] of a feature that is on
    l4 = lambda b: sum(c * m[4 - i] * (-b) ** i for i, c in enumerate((1, 4, 6, 4, 1)))  # noqa: E731
    best = optimize.minimize_scalar(lambda b: 0.1 * l4(b) + 0.9 * b**4, bounds=(0, 1), method="bounded").x
    constants = {name: constant for name, (constant, _) in found.items()}
    assert constants == pytest.approx({"active": m[1], "mse": 0.1 * m[1], "l4": best}, rel=5e-3)
    errors = {"active": m[2] - m[1] ** 2, "mse": 0.1 * m[2] - (0.1 * m[1]) ** 2, "l4": 0.1 * l4(best) + 0.9 * best**4}
    assert {name: error for name, (_, error) in found.items()} == pytest.approx(
        {name: 0.75 * error for name, error in errors.items()}, rel=5e-3
    )


def test_features_summed_on_paper():
    plan = plans.summed(Config(features=6, neurons=3), 0.5)
    x = np.array([0.25, 0.5, 0, 0, -0.75, 0.25], np.float32)
    assert plan(x).tolist() == [0.375, 0.375, 0, 0, 0, 0]
    uneven = np.asarray(plans.summed(Config(features=8, neurons=3), 1.0).w_in)
    assert (uneven.sum(0) == 1).all() and set(uneven.sum(1)) == {2, 3}, "every feature has one neuron"


def test_a_table_has_every_plan_in_every_metric():
    x = data.evaluation_samples(data.key(0, "test"), SMALL, 2**9)
    ensemble = jax.tree.map(lambda *one: np.stack(one), network(0)[0], network(1)[0])
    table = plans.comparison({"two": measure.each(measure.power_means, ensemble, SMALL, x)}, SMALL, x)
    counts = table.groupby(["plan", "metric"]).size().unstack()
    assert counts.loc["two"].eq(2).all() and counts.drop("two").eq(1).all(axis=None) and len(counts) == 4
    assert table[table.plan == "two"].error.tolist() == pytest.approx(
        [measure_three(network(seed)[0], SMALL, x)[name] for name in measure.METRICS for seed in (0, 1)], rel=1e-5
    )
    error = table.groupby(["plan", "metric"]).error.first().unstack()
    assert (error.loc["naive plan with a constant"] <= error.loc["naive plan"] * (1 + 1e-5)).all(), (
        "the best constant may be zero"
    )


# ---- what was found


def test_the_committed_metrics_tell_the_story():
    """Half by one metric, twice by another, a third by the one it was trained for; and sums beat it in the first."""
    mean = pd.read_csv(paths.ROOT / "data" / "01_metrics.csv").groupby(["plan", "metric"]).error.mean().unstack()
    ratio = mean.loc["trained"] / mean.loc["naive plan"]
    assert ratio.to_dict() == pytest.approx({"active": 0.497, "mse": 2.04, "l4": 0.323}, rel=0.02)
    assert mean.active.idxmin() == "features summed" and mean.l4.idxmin() == "trained"


def test_the_committed_crossings_tell_the_story():
    table = pd.read_csv(paths.ROOT / "data" / "06_crossings.csv")
    mean = table[table.plan == "trained"].groupby("metric").k.mean()
    assert mean.active == pytest.approx(43.5, abs=1.5) and mean.l4 == pytest.approx(22.9, abs=1) and np.isnan(mean.mse)


# ---- intervals


def test_the_interval_of_a_mean():
    values = np.random.default_rng(0).normal(3, 1, 12)
    half = stats.t.ppf(0.975, 11) * values.std(ddof=1) / np.sqrt(12)
    assert claims.interval(values) == pytest.approx((values.mean() - half, values.mean() + half))
    assert claims.interval(np.ones(4)) == (1, 1) and claims.interval([2.0]) == (2, 2)


def test_networks_with_common_samples_count_as_one_draw():
    """Eight times the same number is one number."""
    few = np.array([1.0, 2.0, 4.0])
    half = stats.t.ppf(0.975, 2) * few.std(ddof=1) / np.sqrt(3)
    assert claims.interval(np.repeat(few, 8)) == pytest.approx((few.mean() - half, few.mean() + half))


def test_rivals_are_measured_against_the_naive_plan_on_the_same_samples():
    found = plans.rivals(SMALL, 4096).set_index(["plan", "metric"])
    x = data.evaluation_samples(data.key(0, "rivals"), SMALL, 4096)
    naive = measure_three(model.naive(SMALL), SMALL, x)
    for (plan, metric), row in found.iterrows():
        best = measure_three(plans.FAMILIES[plan](SMALL, row.constant), SMALL, x)[metric]
        assert row.ratio == pytest.approx(float(best) / float(naive[metric]), rel=1e-4) and row.p == SMALL.p
    assert (found.ratio.xs("naive plan with a constant") <= 1).all(), "zero is one of the constants"
