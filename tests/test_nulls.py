"""Untrained codes: what they keep and what they destroy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib import data, measure, train
from lib.baselines import nulls
from lib.config import Config
from lib.model import Network

CONFIG = Config(features=24, neurons=6, p=0.1)
KEY = data.key(0, "test")


def mean_slope(network):
    return measure.slopes(network).mean()


def ensemble(seed=0, draws=4):
    rng = np.random.default_rng(seed)
    w_in = rng.normal(size=(draws, 6, 24))
    return Network(jnp.asarray(w_in), jnp.asarray(w_in.swapaxes(1, 2) + 0.2 * rng.normal(size=(draws, 24, 6))))


@pytest.mark.parametrize("make", [nulls.gaussian, nulls.tight_frame, nulls.initial])
def test_draws_have_the_shape_of_an_ensemble_and_differ(make):
    networks = make(KEY, CONFIG, 3)
    w_in, w_out = np.asarray(networks.w_in), np.asarray(networks.w_out)
    assert w_in.shape == (3, 6, 24) and w_out.shape == (3, 24, 6)
    assert len({w.tobytes() for w in w_in}) == 3
    assert np.array_equal(w_in, np.asarray(make(KEY, CONFIG, 3).w_in)), "the key decides"
    if make is not nulls.initial:
        assert np.array_equal(w_out, w_in.swapaxes(1, 2)), "tied"


def test_a_tight_frame_is_tight_and_of_unit_vectors():
    w = np.asarray(nulls.tight_frame(KEY, CONFIG, 3).w_in)
    np.testing.assert_allclose(np.linalg.norm(w, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(w @ w.swapaxes(1, 2), np.broadcast_to(4 * np.eye(6), (3, 6, 6)), atol=2e-3)


def test_permuting_keeps_neurons_and_destroys_features():
    before, after = ensemble(), nulls.permuted(KEY, ensemble())
    for name in ("w_in", "w_out"):
        a, b = (np.asarray(getattr(n, name)) for n in (before, after))
        assert not np.array_equal(a, b)
    pair = lambda n: np.stack([np.asarray(n.w_in), np.asarray(n.w_out).swapaxes(1, 2)], -1)  # noqa: E731
    a, b = pair(before), pair(after)
    for draw in range(4):
        for neuron in range(6):
            assert sorted(map(tuple, a[draw, neuron])) == sorted(map(tuple, b[draw, neuron])), "partners stay together"
    orders = [[list(a[0, k, :, 0]).index(w) for w in b[0, k, :, 0]] for k in range(6)]
    assert orders[0] != orders[1], "each neuron on its own"
    for of in (measure.tied_cosine, measure.specialization, mean_slope):
        np.testing.assert_allclose(measure.each(of, before), measure.each(of, after), rtol=1e-4)


def test_the_trained_norms_are_taken_over():
    trained, null = ensemble(1), nulls.gaussian(KEY, CONFIG, 5)
    size = lambda n: np.prod(measure.each(measure.norms, n), 0).sum(1)  # noqa: E731
    np.testing.assert_allclose(size(nulls.at_trained_norms(null, trained)), size(trained).mean(), rtol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_the_best_scale_is_the_best(activation):
    config = Config(features=24, neurons=6, p=0.1, activation=activation)
    x = data.sample(KEY, config, 2048)
    best = nulls.at_best_scale(nulls.tight_frame(KEY, config, 3), config, x)
    loss = lambda n: np.asarray(jax.vmap(lambda n: train.loss(n, config, x, data.target(config, x)))(n))  # noqa: E731
    for factor in (0.97, 1.03):
        assert (loss(best) < loss(nulls.scaled(best, factor))).all()
