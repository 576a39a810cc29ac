"""Codes: small cases on paper, plain Python beside them, and what must not change."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import data, measure, train
from lib.baselines import handmade
from lib.config import Config
from lib.model import Network

CONFIG = Config(features=8, neurons=5, p=0.3, batch=64)


def random_network(seed=0, activation="relu"):
    rng = np.random.default_rng(seed)
    w_in, w_out = rng.normal(size=(5, 8)), rng.normal(size=(8, 5))
    return Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(w_out, jnp.float32), activation)


def random_sets(seed, features=8):
    return np.random.default_rng(seed).random((5, features)) < 0.4


def test_a_neuron_carries_what_exceeds_a_quarter_of_its_largest_weight():
    w_in = jnp.array([[4.0, 1.1, 0.9, -3.0], [0.4, -0.4, 0.11, 0.09]])
    sets = [[True, True, False, False], [True, False, True, False]]
    assert np.array_equal(measure.strong_inputs(Network(w_in, w_in.T)), sets)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_the_arrangement_is_counted_right(seed):
    sets = random_sets(seed)
    both = [sum(a & b) for a, b in itertools.combinations(sets, 2)]
    found = measure.arrangement(jnp.asarray(sets))
    assert found["distinct"] == len({tuple(column) for column in sets.T})
    np.testing.assert_allclose(found["load_sd"], np.std(sets.sum(1)), atol=1e-5)
    np.testing.assert_allclose(found["pair_sd"], np.std(both), atol=1e-5)


def test_a_code_written_by_hand_is_described_as_written():
    """Features on one, two and three neurons; slope = strong**2 times the size of the set."""
    sets = np.zeros((5, 8), bool)
    for feature, size in enumerate([1, 1, 2, 2, 2, 3, 3, 2]):
        sets[(feature + np.arange(size)) % 5, feature] = True
    network = handmade.by_hand(jnp.asarray(sets), jnp.array([0.5, -0.03, -0.06]))
    found = jax.device_get(measure.described(network))
    assert [found[f"size_{n}"] for n in range(1, 6)] == [2, 4, 2, 0, 0] and found["size"] == 2
    assert np.array_equal(measure.strong_inputs(network), sets) and found["undecided"] == 0
    np.testing.assert_allclose(measure.slopes(network), 0.25 * sets.sum(0), rtol=1e-6)
    np.testing.assert_allclose(measure.slopes_by_size(network, 3), [0.25, 0.5, 0.75], rtol=1e-6)
    ratios = found["slope_by_size"], found["strong_ratio"], found["weak_ratio"]
    np.testing.assert_allclose(ratios, [1, 1, 2], rtol=1e-5)


def test_the_code_of_all_pairs_is_a_tight_frame():
    sets = np.array([[k in pair for pair in itertools.combinations(range(5), 2)] for k in range(5)])
    found = measure.arrangement(jnp.asarray(sets))
    np.testing.assert_allclose([found[name] for name in ("distinct", "load_sd", "pair_sd")], [10, 0, 0], atol=1e-6)
    np.testing.assert_allclose(found["frame"], 1, rtol=1e-5)


def test_strong_weights_only():
    network = random_network()
    sets = np.asarray(measure.strong_inputs(network))
    cut = handmade.strong_only(network, True, False)
    assert np.array_equal(cut.w_in[...] != 0, sets) and np.array_equal(cut.w_out[...], network.w_out[...])
    assert np.array_equal(handmade.strong_only(network, False, True).w_out[...] != 0, sets.T)


def test_chance_keeps_the_size_of_every_set():
    network = handmade.by_hand(jnp.asarray(random_sets(1, 200)), jnp.array([0.5, -0.03, -0.06]))
    key = data.key(0, "chance")
    shuffled = jax.random.permutation(key, measure.strong_inputs(network), axis=0, independent=True)
    assert np.array_equal(shuffled.sum(0), measure.strong_inputs(network).sum(0))
    assert measure.arrangement_by_chance(network, key) == measure.arrangement(shuffled)


@pytest.mark.parametrize(
    "neurons, size, features, different", [(10, 3, 100, 100), (10, 3, 120, 120), (5, 2, 25, 10), (4, 4, 4, 1)]
)
def test_sets_are_different_as_long_as_there_are_others(neurons, size, features, different):
    sets = handmade.draw(Config(features=features, neurons=neurons), size, 0)
    assert sets.shape == (neurons, features) and (sets.sum(0) == size).all()
    assert len(np.unique(sets.T, axis=0)) == different
    assert (
        not np.array_equal(sets, handmade.draw(Config(features=features, neurons=neurons), size, 1)) or different == 1
    )


def test_the_fitted_levels_are_a_minimum():
    sets = handmade.draw(CONFIG, 2, 0)
    x = data.sample(data.key(0, "fit"), CONFIG, 4096)
    levels = handmade.fit(sets, CONFIG, x)
    loss = jax.jit(lambda levels: handmade.training_loss(handmade.by_hand(sets, levels), CONFIG, x))
    for nudge in 0.02 * np.vstack([np.eye(3), -np.eye(3)]):
        assert loss(levels + nudge) > loss(levels)


# ---- the decoder's length is free, and the gradient leaves it alone


@pytest.mark.parametrize("activation", ["relu", "abs", "linear"])
def test_stretching_the_decoder_leaves_the_function_as_it_was(activation):
    network = random_network(activation=activation)
    stretched = handmade.rescaled(network, 3.0)
    x = np.random.default_rng(1).normal(size=(8, 20)).astype(np.float32)
    np.testing.assert_allclose(stretched(x), network(x), rtol=1e-4, atol=1e-5)
    ratio = measure.decoder_ratio(stretched) / measure.decoder_ratio(network)
    np.testing.assert_allclose(ratio, 3, rtol=1e-5)


@pytest.mark.parametrize("activation, exact", [("relu", True), ("abs", True), ("linear", True), ("gelu", False)])
def test_the_gradient_is_at_right_angles_to_the_stretching(activation, exact):
    """Euler's theorem, neuron by neuron; GELU, which is not homogeneous, breaks it."""
    network = random_network(activation=activation)
    x = data.sample(data.key(0, "test"), CONFIG, 64)
    slope = jax.grad(train.loss)(network, CONFIG, x, data.target(CONFIG, x))
    inward, outward = (network.w_in * slope.w_in[...]).sum(1), (network.w_out * slope.w_out[...]).sum(0)
    apart = np.abs(inward - outward).max() / np.abs(inward).max()
    assert apart < 1e-4 if exact else apart > 1e-3


def test_one_rate_for_all_weights_keeps_the_balance_and_adam_does_not():
    """Difference of the squared lengths of each neuron, from first weights of very different size."""

    def difference(network):
        return jnp.square(network.w_out[...]).sum(-2) - jnp.square(network.w_in[...]).sum(-1)

    moved = {}
    for optimiser in ("adam", "normalised"):
        config = Config(features=8, neurons=5, p=0.3, batch=64, steps=300, seeds=1, init_scale=0.3, learning_rate=3e-4,
                        optimiser=optimiser)  # fmt: skip
        run = jax.jit(partial(train.train, watch=difference))
        starts, samples = train.keys(config)
        _, _, watched = run((train.begin(starts[0], config), samples[0]), config)
        moved[optimiser] = np.abs(watched[-1] - watched[0]).max()
    assert moved["normalised"] < 0.2 * moved["adam"]


def test_a_normalised_step_has_the_length_of_its_rate():
    """Each network of a group by itself: the root mean square over both matrices of one step is the rate."""
    config = Config(features=8, neurons=5, p=0.3, steps=1, seeds=3, learning_rate=0.01, optimiser="normalised")
    starts, samples = train.keys(config)
    before = train.begin(starts[0], config)
    after, _, _ = train.train((before, samples[0]), config)
    steps = jax.tree.leaves(jax.tree.map(lambda a, b: np.asarray(a - b).reshape(3, -1), after, before))
    step = np.concatenate(steps, 1)
    np.testing.assert_allclose(np.sqrt(np.square(step).mean(1)), 0.01, rtol=5e-3)
