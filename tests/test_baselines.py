"""Untrained codes and plans: what they keep and what they destroy, and the best of each kind."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from lib import data, measure, model, paths, train
from lib.baselines import handmade, nulls, plans
from lib.config import Config
from lib.model import Network
from lib.theory import bounds

CONFIG = Config(features=24, neurons=6, p=0.1)
SMALL = Config(features=8, neurons=5, p=0.3, batch=64)
KEY = data.key(0, "test")


def ensemble(seed=0, draws=4, config=CONFIG):
    rng = np.random.default_rng(seed)
    w_in = rng.normal(size=(draws, config.neurons, config.features))
    noise = rng.normal(size=(draws, config.features, config.neurons))
    return Network(jnp.asarray(w_in), jnp.asarray(w_in.swapaxes(1, 2) + 0.2 * noise))


def metrics(plan, config, x):
    return {k: float(v) for k, v in measure.metrics(measure.power_means(plan, config, jnp.asarray(x))).items()}


# ---- nulls


@pytest.mark.parametrize("make", [nulls.gaussian, nulls.tight_frame, nulls.initial])
def test_draws_have_the_shape_of_an_ensemble_and_differ(make):
    networks = make(KEY, CONFIG, 3)
    w_in, w_out = np.asarray(networks.w_in), np.asarray(networks.w_out)
    assert w_in.shape == (3, 6, 24) and w_out.shape == (3, 24, 6)
    assert len({w.tobytes() for w in w_in}) == 3
    assert np.array_equal(w_in, np.asarray(make(KEY, CONFIG, 3).w_in)), "the key decides"
    if make is not nulls.initial:
        assert np.array_equal(w_out, w_in.swapaxes(1, 2)), "tied"
        np.testing.assert_allclose(np.square(w_in).sum(1).mean(), 1, rtol=0.15), "a feature has length 1"
    if make is nulls.tight_frame:
        np.testing.assert_allclose(np.linalg.norm(w_in, axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(w_in @ w_in.swapaxes(1, 2), np.broadcast_to(4 * np.eye(6), (3, 6, 6)), atol=2e-3)


def test_permuting_keeps_neurons_and_destroys_features():
    before, after = ensemble(), nulls.permuted(KEY, ensemble())
    a, b = (np.stack([np.asarray(n.w_in), np.asarray(n.w_out).swapaxes(1, 2)], -1) for n in (before, after))
    assert not (a == b).all((0, 1, 2)).any()
    for draw, neuron in np.ndindex(4, 6):
        assert sorted(map(tuple, a[draw, neuron])) == sorted(map(tuple, b[draw, neuron])), "partners stay together"
    orders = [[list(a[0, k, :, 0]).index(w) for w in b[0, k, :, 0]] for k in range(6)]
    assert orders[0] != orders[1], "each neuron on its own"


def test_the_trained_norms_are_taken_over():
    trained, null = ensemble(1), nulls.gaussian(KEY, CONFIG, 5)
    size = lambda networks: np.prod(measure.each(measure.norms, networks), 0).sum(1)
    np.testing.assert_allclose(size(nulls.at_trained_norms(null, trained)), size(trained).mean(), rtol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_the_best_scale_is_the_best(activation):
    config = Config(features=24, neurons=6, p=0.1, activation=activation)
    x = data.sample(KEY, config, 2048)
    best = nulls.at_best_scale(nulls.tight_frame(KEY, config, 3), config, x)
    losses = jax.vmap(lambda network: train.loss(network, config, x, data.target(config, x)))
    assert all((losses(best) < losses(nulls.scaled(best, factor))).all() for factor in (0.97, 1.03))


# ---- codes written by hand


@pytest.mark.parametrize("neurons, size, features, different", [(10, 3, 100, 100), (10, 3, 120, 120), (5, 2, 25, 10)])
def test_sets_are_different_as_long_as_there_are_others(neurons, size, features, different):
    config = Config(features=features, neurons=neurons)
    sets = handmade.draw(config, size, 0)
    assert sets.shape == (neurons, features) and (sets.sum(0) == size).all()
    assert len(np.unique(sets.T, axis=0)) == different and not np.array_equal(sets, handmade.draw(config, size, 1))


def test_strong_weights_only():
    network = model.at(ensemble(config=SMALL), 0)
    sets = np.asarray(measure.carriers(network))
    cut = handmade.strong_only(network, True, False)
    assert np.array_equal(cut.w_in[...] != 0, sets) and np.array_equal(cut.w_out[...], network.w_out[...])
    assert np.array_equal(handmade.strong_only(network, False, True).w_out[...] != 0, sets.T)


def test_the_fitted_levels_are_a_minimum():
    sets = handmade.draw(SMALL, 2, 0)
    x = data.sample(data.key(0, "fit"), SMALL, 4096)
    levels = handmade.fit(sets, SMALL, x)
    loss = jax.jit(lambda levels: handmade.training_loss(handmade.by_hand(sets, levels), SMALL, x))
    for nudge in 0.02 * np.vstack([np.eye(3), -np.eye(3)]):
        assert loss(levels + nudge) > loss(levels)


@pytest.mark.parametrize("activation", ["relu", "abs", "linear"])
def test_stretching_the_decoder_leaves_the_function_as_it_was(activation):
    both = model.at(ensemble(config=SMALL), 0)
    network = Network(both.w_in[...], both.w_out[...], activation)
    stretched = handmade.rescaled(network, 3.0)
    x = np.random.default_rng(1).normal(size=(8, 20)).astype(np.float32)
    np.testing.assert_allclose(stretched(x), network(x), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(measure.decoder_ratio(stretched) / measure.decoder_ratio(network), 3, rtol=1e-5)


# ---- plans


def test_the_best_constant_for_outputs_that_are_given_up():
    """The mean of the target where squares count, over all outputs p times that; for L4, the root of a cubic."""
    config = Config(features=20, neurons=5, p=0.1)
    found = plans.tuned(plans.with_offset, config, data.evaluation_samples(data.key(0, "test"), config, 2**15))
    m = [1, *(bounds.target_moment(config, power) for power in range(1, 5))]  # E[t**q] of a feature that is on

    def l4(b):
        return 0.1 * sum(c * m[4 - i] * (-b) ** i for i, c in enumerate((1, 4, 6, 4, 1))) + 0.9 * b**4

    best = optimize.minimize_scalar(l4, bounds=(0, 1), method="bounded").x
    errors = {"active": m[2] - m[1] ** 2, "mse": 0.1 * m[2] - (0.1 * m[1]) ** 2, "l4": l4(best)}
    for name, constant in {"active": m[1], "mse": 0.1 * m[1], "l4": best}.items():
        assert found[name] == pytest.approx((constant, 0.75 * errors[name]), rel=5e-3)


def test_features_summed_on_paper():
    plan = plans.summed(Config(features=6, neurons=3), 0.5)
    x = np.array([0.25, 0.5, 0, 0, -0.75, 0.25], np.float32)
    assert plan(x).tolist() == [0.375, 0.375, 0, 0, 0, 0]
    uneven = np.asarray(plans.summed(Config(features=8, neurons=3), 1.0).w_in)
    assert (uneven.sum(0) == 1).all() and set(uneven.sum(1)) == {2, 3}, "every feature has one neuron"


def test_a_table_has_every_plan_in_every_metric_on_the_same_samples():
    x = data.evaluation_samples(data.key(0, "rivals"), SMALL, 512)
    ours = ensemble(0, 2, SMALL)
    table = plans.comparison({"two": measure.each(measure.power_means, ours, SMALL, x)}, SMALL, x)
    of_network = [metrics(model.at(ours, seed), SMALL, x) for seed in (0, 1)]
    for name in measure.METRICS:
        rows = table[table.metric == name].set_index("plan").error
        assert rows["two"].tolist() == pytest.approx([found[name] for found in of_network], rel=1e-5)
        assert rows["naive plan"] == pytest.approx(metrics(model.naive(SMALL), SMALL, x)[name], rel=1e-5)
        assert rows["naive plan with a constant"] <= rows["naive plan"] * (1 + 1e-5), "the constant may be zero"
    assert table.plan.nunique() == 4 and len(table) == 3 * 5
    found = plans.rivals(SMALL, 512)
    beside = table.set_index(["plan", "metric"]).error
    for row in found.itertuples():
        assert row.ratio == pytest.approx(beside[row.plan, row.metric] / beside["naive plan", row.metric], rel=1e-4)
    assert set(found.p) == {SMALL.p} and len(found) == 6


def test_random_sets_of_the_best_size_and_sums_are_codes_of_few_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "STORE", tmp_path)
    config = Config(features=20, neurons=5, p=0.05)
    code = nulls.random_sets(config, 4, 512)
    w_in, w_out = np.asarray(code.w_in), np.asarray(code.w_out).transpose(0, 2, 1)
    assert len(w_in) == 4 and len(np.unique(w_in)) == 2 and len(np.unique(w_out)) == 2 and w_in.max() == w_out.max()
    found = handmade.fitted(config, [1, 2], 3, 512)
    assert found["loss"].shape == (2, 3) and (found["sets"].sum(2) == np.array([1, 2])[:, None, None]).all()
    x = data.evaluation_samples(KEY, config, 512)
    summed = nulls.sums(config, x)
    assert summed.w_in.shape == (1, 5, 20) and set(np.unique(summed.w_in)) == {0, 1}
    losses = [measure.each(handmade.training_loss, nulls.scaled(summed, s), config, x)[0] for s in (0.9, 1, 1.1)]
    assert losses[1] == min(losses)
