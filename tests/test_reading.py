"""Readers of hidden numbers, with the code and without it, against closed forms, plain numpy and planted codes."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib import data, train
from lib.baselines import readers
from lib.config import Config, Measurement
from lib.experiments import reading
from lib.measure import atoms, decoding
from lib.model import Network
from lib.theory import sensing

SMALL = Config(features=8, neurons=5, p=0.1)
DRAW = np.random.default_rng(1)
W_IN = DRAW.normal(size=(5, 8)).astype(np.float32)
NETWORK = Network(jnp.asarray(W_IN), jnp.asarray(W_IN.T / 5))


def samples(*features, values=(0.7, 0.4, 0.9)):
    """One sample with these features on."""
    x = np.zeros((8, 1), np.float32)
    x[list(features), 0] = values[: len(features)]
    return x


# ---- with the code known


def by_trying_all(h, most=2):
    """Plain numpy: of all sets that explain h exactly, neurons that answer by least squares and the others silent, the
    smallest ones, with their values."""
    on = h > 1e-6
    for size in range(most + 1):
        fits = []
        for chosen in combinations(range(8), size):
            part = W_IN[:, list(chosen)]
            value = np.linalg.lstsq(part[on], h[on], rcond=None)[0] if size else np.zeros(0)
            exact = np.allclose(np.maximum(part @ value, 0), h, atol=1e-4) and np.all(abs(value) <= 1)
            if exact and (size == 0 or np.linalg.matrix_rank(part[on]) == size):
                fits.append(dict(zip(chosen, value, strict=True)))
        if fits:
            return fits
    return []


@pytest.mark.parametrize("features", [(), (3,), (1, 6), (0, 2), (5, 7)])
def test_the_search_finds_the_smallest_set_that_explains_the_numbers(features):
    x = samples(*features)
    h = np.maximum(W_IN @ x, 0)[:, 0]
    values, size, score = jax.jit(decoding.explanations)(jnp.asarray(W_IN), SMALL, jnp.asarray(h), 1e-3)
    best = np.asarray(values[np.argmax(score)])
    fits = by_trying_all(h)
    assert any(set(np.flatnonzero(best)) == set(fit) for fit in fits)
    if len(fits) == 1:
        np.testing.assert_allclose(best, x[:, 0], atol=2e-3)


def test_every_set_is_looked_at_once_and_explains_what_it_says():
    h = jnp.asarray(np.maximum(W_IN @ samples(1, 6), 0)[:, 0])
    values, size, score = jax.jit(decoding.explanations)(jnp.asarray(W_IN), SMALL, h, 1e-2)
    real = np.isfinite(score)
    sets = [tuple(np.flatnonzero(row)) for row in np.asarray(values)[real]]
    assert len(set(sets)) == len(sets) and [*map(len, sets)] == list(np.asarray(size)[real])
    pairs = [row for row, its in zip(np.asarray(values)[real], sets, strict=True) if len(its) == 2]
    assert len(pairs) == 28
    on = np.asarray(h) > 0
    for row in pairs:
        chosen = np.flatnonzero(row)
        least = np.linalg.lstsq(W_IN[on][:, chosen], np.asarray(h)[on], rcond=None)[0]
        np.testing.assert_allclose(row[chosen], least, rtol=2e-2, atol=2e-3)


def test_reading_knows_no_order_of_features_and_no_scale_of_neurons():
    x = data.evaluation_samples(data.key(0, "test"), SMALL, 256)[:, :64]
    order = DRAW.permutation(8)
    read = jax.jit(decoding.read_sets)
    told = read(NETWORK, SMALL, decoding.hidden(NETWORK, x), 1e-2)["mean"]
    other = Network(3 * NETWORK.w_in[:, order], NETWORK.w_out[order])
    again = read(other, SMALL, decoding.hidden(other, x[order]), 3e-2)["mean"]
    np.testing.assert_allclose(again, np.asarray(told)[order], atol=2e-3)
    wanted = np.maximum(x, 0)
    assert np.square(told - wanted).sum() < 0.3 * np.square(NETWORK(x) - wanted).sum()


def test_the_linear_readout_is_least_squares_with_a_constant():
    h, wanted = DRAW.normal(size=(5, 300)), DRAW.normal(size=(8, 300)) + 2
    fit = np.linalg.lstsq(np.vstack([h, np.ones(300)]).T, wanted.T, rcond=None)[0].T
    np.testing.assert_allclose(decoding.linear_readout(jnp.asarray(h), jnp.asarray(wanted)), fit, rtol=1e-3, atol=1e-4)


def test_noise_of_no_size_leaves_the_loss_and_a_neurons_scale_does_not_matter():
    x = data.evaluation_samples(data.key(0, "test"), SMALL, 1_024)
    unit, sizes = jnp.asarray(DRAW.normal(size=(5, 1_024)), jnp.float32), jnp.asarray([0.0, 0.5])
    loss = decoding.noisy_loss(NETWORK, SMALL, x, unit, sizes)
    wanted = data.target(SMALL, x)
    silence = jnp.mean(wanted**4)
    assert loss[0] == pytest.approx(float(train.loss(NETWORK, SMALL, x, wanted) / silence), rel=1e-5)
    scale = jnp.asarray([1.0, 2.0, 4.0, 0.5, 8.0])
    other = Network(NETWORK.w_in * scale[:, None], NETWORK.w_out / scale[None])
    np.testing.assert_allclose(decoding.noisy_loss(other, SMALL, x, unit, sizes), loss, rtol=1e-4)
    assert loss[1] > 1.1 * loss[0]


# ---- what was proposed, and what is there


def test_features_shadows_copies_and_what_is_not_there_are_told_apart():
    own, shadow = atoms.rays(W_IN), atoms.rays(W_IN, -1)
    assert np.allclose(own[2], np.maximum(W_IN[:, 2], 0) / np.linalg.norm(np.maximum(W_IN[:, 2], 0)))
    odd = -np.ones((1, 5))
    found = atoms.score(np.vstack([3 * own[:4], own[:1], shadow[:2], odd]), W_IN)
    assert found == {"found": 4, "atoms": 8, "shadows": 2, "spurious": 1}
    assert atoms.score(np.zeros((0, 5)), W_IN)["found"] == 0
    assert atoms.f1(4, 8, 8) == 0.5


def test_an_atom_finds_one_feature_only():
    alike = np.array([[1, 1, 0], [0, 0.1, 1]])
    assert atoms.score(alike.T[:1], alike)["found"] == 1
    assert atoms.score(alike.T[:2], alike)["found"] == 2


# ---- blind


@pytest.fixture(scope="module")
def planted():
    """A code of 12 features in 6 neurons, mostly one at a time, and its hidden numbers."""
    config = Config(features=12, neurons=6, p=0.05)
    w_in = np.random.default_rng(3).normal(size=(6, 12)).astype(np.float32)
    x = data.evaluation_samples(data.key(0, "test"), config, 4_096)
    return w_in, np.maximum(w_in @ x, 0).T


def test_rays_that_return_are_features_and_shadows(planted):
    w_in, h = planted
    found = atoms.score(readers.counted_rays(h), w_in)
    assert found["found"] == 12 and found["spurious"] <= 6
    chance = atoms.score(readers.random_directions(h, 12), w_in)
    assert chance["found"] <= 4


def test_autoencoders_and_clusters_find_more_than_random_directions(planted):
    w_in, h = planted
    chance = atoms.score(readers.random_directions(h, 24), w_in)["found"]
    made, back = readers.sparse_autoencoder(h, 24, keep=1)
    assert atoms.score(made, w_in)["found"] > chance + 3
    assert np.square(back - h).sum() < 0.3 * np.square(h).sum()
    assert atoms.score(readers.clusters(h, 24), w_in)["found"] > chance + 3


def test_the_largest_latents_are_kept():
    z = jnp.asarray(DRAW.random((20, 9)), jnp.float32)
    for k in (1, 2, 5):
        np.testing.assert_array_equal(readers.kth_largest(z, k)[:, 0], np.sort(z, 1)[:, -k])
    made = readers.Autoencoder(jax.random.key(0), 5, 9)
    h = jnp.asarray(DRAW.normal(size=(30, 5)), jnp.float32)
    assert ((made.encode(h, 2) > 0).sum(1) <= 2).all() and ((made.encode(h) > 0).sum(1) > 2).any()


def test_nothing_to_read_is_no_error():
    silent = np.zeros((256, 3), np.float32)
    for made in (
        readers.counted_rays(silent),
        readers.clusters(silent, 4),
        readers.independent(silent),
        readers.random_samples(silent, 4),
    ):
        assert atoms.score(made, np.ones((3, 4)))["found"] == 0


def test_own_numbers_recover_all_of_the_loss_and_zeros_none():
    config = Config(features=8, neurons=5, p=0.1)
    x, h = reading.shown(NETWORK, config, Measurement(inputs=512))
    better = Network(NETWORK.w_in[...], NETWORK.w_out[...] / 4)  # better than silence
    assert reading.recovered(better, config, x, h, h) == 1
    assert reading.recovered(better, config, x, h, 0 * h) == 0


# ---- the yardstick


def test_the_phase_transition_is_that_of_the_literature():
    """Donoho and Tanner's weak threshold at half as many measurements as numbers, 0.386 of them, and its limits."""
    assert sensing.transition(1_000, 500) == pytest.approx(193, abs=1)
    assert sensing.transition(1_000, 500, 1) == pytest.approx(279, abs=1)
    assert sensing.transition(100, 100) == pytest.approx(100, rel=1e-3)
    some = [sensing.transition(100, n) for n in (5, 10, 20, 50)]
    assert some == sorted(some) and 1.8 < some[1] < 2
