"""Where a quantity does not exist: one network, one neuron, two features, a neuron for every feature, nothing on."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from lib import claims, data, measure
from lib.baselines import nulls, plans
from lib.config import Config, Measurement
from lib.experiments import predicted
from lib.theory import chance, mean_field


def test_two_points_leave_nothing_beyond_a_line():
    two = jnp.array([1.0, 2.0])
    assert np.isnan(measure.residual(two, two)).all() and np.isnan(measure.line_r2(two, two))


def test_numbers_that_do_not_exist_are_nan():
    """One neuron has no pair; with a neuron for every feature there is no naive error to divide by."""
    options = Measurement(samples=256)
    one, full = Config(features=4, neurons=1), Config(features=4, neurons=4)
    for config, undefined, defined in (
        (one, "footprint_overlap", "overload_ratio_20"),
        (full, "overload_ratio_20", "footprint_overlap"),
    ):
        found = measure.ensemble_numbers(nulls.gaussian(data.key(0, "test"), config, 2), config, options)
        assert np.isnan(found[undefined]).all() and np.isfinite(found[defined]).all()
    assert np.isnan(chance.mean_overlap(4, np.array([2])))


def test_the_best_scale_of_a_code_that_does_nothing_or_only_harm():
    config = Config(features=2, neurons=1)
    harm = nulls._tied(jnp.full((1, 1, 2), -1.0), "relu")
    silent, x = jnp.zeros((2, 256)), jax.random.uniform(jax.random.key(0), (2, 256), minval=-1)
    assert np.array_equal(nulls.at_best_scale(harm, config, silent).w_in, harm.w_in)
    assert not np.asarray(nulls.at_best_scale(harm, config, x).w_in).any()


def test_the_best_constant_where_it_does_not_matter_or_nothing_is_on():
    full, x = (
        Config(features=4, neurons=4, p=0.5),
        data.evaluation_samples(data.key(0, "test"), Config(features=4, neurons=4, p=0.5), 256),
    )
    assert plans.tuned(plans.with_offset, full, x)["mse"] == (0, 0)
    assert np.isnan(plans.tuned(plans.with_offset, full, 0 * x)["active"]).all()
    assert plans.rivals(full, 256).ratio.isna().all()


def test_one_neuron_makes_all_features_alike():
    """No dimension is left for a code: the best single number, by draws."""
    config = Config(features=3, neurons=1, p=0.3, low=0.0)
    slope = mean_field.rectified(config).slope
    rng = np.random.default_rng(0)
    x = np.where(rng.random((3, 400_000)) < 0.3, rng.random((3, 400_000)), 0)
    loss = {s: ((s * x.sum(0) - x) ** 4).mean() for s in (slope, 0.95 * slope, 1.05 * slope)}
    assert min(loss, key=loss.get) == slope
    assert mean_field.rectified(config).loss == pytest.approx(loss[slope], rel=0.02)


def test_there_is_no_theory_of_a_relu_network_for_the_target_x():
    assert np.isnan(mean_field.predict(Config(target="identity")).slope)
    assert mean_field.predict(Config(target="identity", low=0.0)) == mean_field.predict(Config(low=0.0))
    row = predicted.row(Config(), np.zeros(2))
    assert np.isnan(row["error"]) and row["mean"] == 0


def test_intervals_of_few_numbers():
    assert claims.interval([0.5]) == (0.5, 0.5) and np.isnan(claims.interval([np.nan])).all()
    assert claims.interval([1.0, 2.0, np.nan]) == claims.interval([1.0, 2.0])


def test_claims_without_a_number_are_undefined_and_networks_without_one_do_not_count(tmp_path, monkeypatch):
    rows = claims.summary(pd.DataFrame({"slope_mean": [np.nan, np.nan], "slope_sd": [0.01, np.nan]}))
    assert rows.verdict["slope_mean"] == "undefined" and rows.seeds["slope_mean"] == 0
    assert (rows.seeds["slope_sd"], rows.sd["slope_sd"], rows["mean"]["slope_sd"]) == (1, 0, 0.01)
    monkeypatch.setenv("PAPER_HOME", str(tmp_path))
    claims.record("02_slopes", {"slope_mean": np.array([np.inf, 0.5])})
    assert (tmp_path / "data" / "02_slopes.csv").read_text() == "seed,slope_mean\n0,\n1,0.5\n"


def test_what_does_not_exist_has_no_future():
    finite, none = (pd.DataFrame({"slope_mean": [value] * 3}) for value in (0.38, np.nan))
    found = [claims.futures(a, a, b).future["slope_mean"] for a, b in ((none, none), (finite, none), (finite, finite))]
    assert found == ["undefined", "undefined", "stays"]
