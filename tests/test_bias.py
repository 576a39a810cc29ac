"""Biases are a constant input and a constant neuron: what they compute, how they train, how they are read."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from lib import data, measure, model, paths, train
from lib.baselines import plans
from lib.config import Config, Measurement
from lib.experiments import bias, sparsity, sweep
from lib.model import Network

TINY = Config(features=6, neurons=2, p=0.3, steps=5, batch=32, seeds=2)
KINDS = ("none", "hidden", "both")


def at_random(hidden=1, output=1, features=6, neurons=2):
    rng = np.random.default_rng(3)
    shapes = (neurons, features + hidden), (features, neurons + output)
    return Network(*(jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes))


def samples(config, count=512):
    return jnp.asarray(data.evaluation_samples(data.key(0, "test"), config, count))


@pytest.mark.parametrize("hidden, output", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_a_further_column_is_a_bias(hidden, output):
    network, x = at_random(hidden, output), np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    w_in, w_out = np.asarray(network.w_in), np.asarray(network.w_out)
    expected = (
        w_out[:, :2] @ np.maximum(w_in[:, :6] @ x + w_in[:, 6:].sum(1)[:, None], 0) + w_out[:, 2:].sum(1)[:, None]
    )
    np.testing.assert_allclose(network(x), expected, atol=1e-5)
    np.testing.assert_allclose(network(x[:, 1]), expected[:, 1], atol=1e-5)


@pytest.mark.parametrize("start", ["small", "naive", "shared"])
def test_biases_begin_at_0_and_leave_the_weights_as_they_are(start):
    key = data.key(0, "init")
    plain, hidden, both = (model.init(key, replace(TINY, biases=kind, start=start)) for kind in KINDS)
    assert [n.w_in.shape[1] for n in (plain, hidden, both)] == [6, 7, 7]
    assert [n.w_out.shape[1] for n in (plain, hidden, both)] == [2, 2, 3]
    for network in (hidden, both):
        assert np.array_equal(network.w_in[:, :6], plain.w_in[...]) and not network.w_in[:, 6:].any()
        assert np.array_equal(network.w_out[:, :2], plain.w_out[...]) and not network.w_out[:, 2:].any()


def test_the_naive_plan_with_a_constant_is_a_network_with_biases_and_needs_those_of_outputs():
    plan, x = model.naive(TINY), samples(TINY)
    constant = 0.3 * (jnp.arange(6) >= 2)
    network = Network(jnp.pad(plan.w_in[...], ((0, 0), (0, 1))), jnp.column_stack([plan.w_out[...], constant]))
    np.testing.assert_allclose(network(x), plans.with_offset(TINY, 0.3)(x), atol=1e-6)


def test_biases_train_and_their_networks_see_the_same_samples():
    """On inputs that are never negative, outputs' biases rise from 0; the first loss is shared."""
    none, both = (train.train_ensemble(replace(TINY, biases=kind, low=0.0)) for kind in ("none", "both"))
    assert none["w_in"].shape == (2, 2, 6) and none["w_out"].shape == (2, 6, 2)
    assert (both["w_out"][:, :, 2] > 0).all() and (both["w_in"][:, :, 6] != 0).all()
    assert np.array_equal(none["loss"][:, 0], both["loss"][:, 0])


@pytest.mark.parametrize("kind, features, neurons", [*((kind, 2, 1) for kind in KINDS), ("both", 3, 3)])
def test_the_smallest_networks_are_read(kind, features, neurons):
    config = replace(TINY, features=features, neurons=neurons, biases=kind, activation="gelu")
    found = bias.readings(model.init(data.key(0, "init"), config), config, samples(config, 256))
    assert {np.shape(value) for value in found.values()} == {()} and np.isfinite(found["slope_mean"])
    assert found["constant"] == found["idle"] == 0


def test_what_a_feature_does_in_company_is_a_mean_over_the_others():
    network, x = at_random(), samples(TINY, 256)
    w_in, bias_of = np.asarray(network.w_in)[:, :6], np.asarray(network.w_in)[:, 6:]
    expected = np.zeros((2, 6))
    for i in range(6):
        on, off = np.array(x), np.array(x)
        on[i], off[i] = 1, 0
        rise = np.maximum(w_in @ on + bias_of, 0) - np.maximum(w_in @ off + bias_of, 0)
        expected[:, i] = rise.mean(1)
    np.testing.assert_allclose(bias.in_company(network, x).w_in[...], expected, atol=1e-5)
    plain = at_random(0, 0)
    alone = bias.in_company(plain, jnp.zeros((6, 256)))
    np.testing.assert_allclose(measure.slopes(alone), measure.slopes(plain), rtol=1e-5)
    assert np.array_equal(measure.carriers(alone), measure.carriers(plain))


def test_readings_of_a_network_written_by_hand():
    """Two neurons that copy a feature each, idle at 0.2; a faint weight; a constant of 0.3."""
    w_in = jnp.asarray([[1, 0, 0, 0, 0, 0, 0.2], [0, 1, 0, 0, 0, 0, 0.2]], jnp.float32)
    w_out = jnp.zeros((6, 3)).at[0, 0].set(1).at[1, 1].set(1).at[2, 0].set(-0.5).at[:, 2].set(0.3)
    config = replace(TINY, biases="both", low=0.0)
    found = bias.readings(Network(w_in, w_out), config, samples(config))
    expected = {"slope_mean": 2 / 6, "served": 2 / 6, "idle": 0.2, "constant": 0.3}
    expected |= {"silence": 0.3 + (0.2 + 0.2 - 0.1) / 6}
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-5), name
    whole, cut = (
        float(jnp.mean((Network(w_in, w)(samples(config)) - samples(config)) ** 4))
        for w in (w_out, w_out.at[2, 0].set(0))
    )
    assert found["cut"] == pytest.approx(cut / whole, rel=1e-4)


def test_a_network_without_biases_reads_as_elsewhere():
    network, x = at_random(0, 0), samples(TINY)
    found, usual = bias.readings(network, TINY, x), measure.readings(network, TINY, x)
    for name in ("slope_mean", "active", "mse", "l4", "loss"):
        assert found[name] == pytest.approx(float(usual[name]), rel=1e-5), name
    assert found["idle"] == found["constant"] == found["silence"] == 0


def test_without_biases_committed_rows_keep_their_keys():
    base = sweep.threefold(Config(), 16)
    keys = {sweep.key(point, Measurement()) for point in sparsity.points(base, [0.02, 0.1])}
    assert keys <= set(paths.table(paths.ROOT / "data" / "12_sparsity.csv").key)
    assert sweep.key(replace(base, biases="both"), Measurement()) not in keys


def test_points_hold_every_kind_where_the_paper_looks_or_at_the_first_rates():
    whole = bias.points(TINY, (0.02, 0.1, 0.2, 0.9))  # a third of four rates, or one, is trained longer
    assert len(set(whole)) == len(whole) == 9 + (3 + 1) + 3
    assert {(c.p, c.biases) for c in bias.points(TINY, [0.9, 0.8])} == {(p, kind) for p in (0.8, 0.9) for kind in KINDS}
    frame = pd.DataFrame([(c.biases, c.low) for c in whole], columns=["biases", "low"])
    assert (frame.groupby(["biases", "low"]).size().unstack().loc[:, 0.0] == 1).all()


def test_the_default_draws_no_other_samples():
    plain, both = (data.sample(data.key(0, "data"), c, 8, 3) for c in (TINY, replace(TINY, biases="both")))
    assert jax.numpy.array_equal(plain, both) and plain.shape == (6, 8)
