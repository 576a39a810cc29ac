"""The samples have the distribution that the paper states. Every draw is seeded: a test passes always or never."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from lib import data, train
from lib.config import Config

RARE = 1e-4  # a correct sampler fails a test with about this probability, once and for all


def drawn(config, count):
    """Samples as rows: (count, features)."""
    return np.asarray(data.sample(data.key(0, "test"), config, count)).T


def looks_uniform(values, low):
    """Kolmogorov-Smirnov against Uniform(low, 1)."""
    return stats.kstest(np.ravel(values), stats.uniform(low, 1 - low).cdf).pvalue > RARE


def inside_binomial(counts, n, p):
    low, high = stats.binom.interval(1 - RARE / np.size(counts), n, p)
    return np.all((low <= counts) & (counts <= high))


# ---- the hash, and a sample made of its words


def pcg4d(*v):
    """Jarzynski and Olano 2020, in integers of any length."""
    x, y, z, w = (word * 1664525 + 1013904223 for word in v)
    for last in (False, True):
        x += y * w
        y += z * x
        z += x * y
        w += y * z
        x, y, z, w = (word % 2**32 for word in (x, y, z, w))
        x, y, z, w = (word if last else word ^ word >> 16 for word in (x, y, z, w))
    return x, y, z, w


def test_the_hash_gives_known_answers():
    counters = np.random.default_rng(0).integers(0, 2**32, (4, 50), np.uint32)
    counters[:, :3] = [[0] * 3, [0, 1, 0], [0, 0, 1], [0, 2**32 - 1, 0]]
    ours = np.stack(data.pcg4d(*map(jnp.asarray, counters))).T
    assert ours.tolist() == [list(pcg4d(*four)) for four in counters.T.tolist()]


def test_a_sample_is_its_words_cut_off_at_p():
    """Fifteen entries from four calls, by key, step and number: the coin to the last bit, and the value."""
    config, key, p = Config(features=5, neurons=1, p=0.375, low=-0.5), data.key(3, "test"), 0.375 * 2**32
    calls = [pcg4d(number, 7, *jax.random.key_data(key).tolist()) for number in range(4)]
    words = np.array([float(four[place]) for place in range(4) for four in calls])[:15].reshape(5, 3)
    expected = np.where(words < p, -0.5 + 1.5 * words / p, 0)
    np.testing.assert_allclose(data.sample(key, config, 3, 7), expected, atol=1e-6)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(p=st.floats(1e-9, 1), low=st.floats(-1, 0.99))
@example(p=1e-9, low=0.5)
@example(p=1.0, low=-1.0)
def test_the_coin_is_exact_to_the_bit(p, low):
    """Also where p is a few of 2**32 words; and at p = 1, but for one entry in 2**24. A value is in its range."""
    cut = int(np.float32(min(p * 2**32, 2**32 - 2**8)))
    words = np.array([1, cut // 2, cut - 1, cut, 2**32 - 1], np.uint32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "pcg4d", lambda *counters: tuple(map(jnp.asarray, words[:, None])))
        x = data.sample(data.key(0, "test"), Config(features=5, neurons=1, p=p, low=low), 1)[:, 0]
    expected = [low + (1 - low) * word / cut if word < cut else 0 for word in words.tolist()]
    np.testing.assert_allclose(x, expected, rtol=1e-5, atol=1e-6)
    assert np.all((x == 0) | ((np.float32(low) <= x) & (x <= 1))) and x.dtype == np.float32


# ---- the distribution


@pytest.mark.parametrize("p, low", [(0.02, -1.0), (0.2, 0.0), (0.5, 0.6), (1.0, -0.3)])
def test_a_feature_is_on_with_probability_p_and_then_uniform(p, low):
    config, count = Config(features=20, neurons=1, p=p, low=low), 20_000
    x = drawn(config, count)
    assert x.shape == (count, 20) and x.dtype == np.float32
    assert inside_binomial((x != 0).sum(0), count, p), "every feature"
    assert inside_binomial((x != 0).sum(), x.size, p), "all together"
    assert looks_uniform(x[x != 0], low)


@functools.cache
def block(p, keys):
    """Samples of neighbouring networks at neighbouring steps: (4 networks, 4 steps, 20 features, 4000 samples)."""
    config = Config(features=20, neurons=1, p=p, seeds=4)
    as_counted = jnp.stack([jnp.zeros(4, jnp.uint32), jnp.arange(4, dtype=jnp.uint32)], 1)
    keys = train.keys(config)[1] if keys == "keys of networks" else jax.random.wrap_key_data(as_counted, impl=data.PRNG)
    draw = lambda key, step: data.sample(key, config, 4000, step)
    return np.asarray(jax.jit(jax.vmap(jax.vmap(draw, (None, 0)), (0, None)))(keys, jnp.arange(4)))


AXES = ["network", "step", "feature", "sample"]
QUARTERS = {"a quarter on": ([0, 2], [1, 3]), "half on": ([0, 1], [2, 3]), "three quarters on": ([0, 1], [3, 2])}


def beside(x, where):
    """Entries and their neighbours, no entry twice; the words of one call are a quarter of the entries apart."""
    if where in QUARTERS:
        words = x.reshape(16, 4, -1)
        return (words[:, of].ravel() for of in QUARTERS[where])
    x = np.moveaxis(x, AXES.index(where), 0)
    return x[::2].ravel(), x[1::2].ravel()


@pytest.mark.parametrize("keys", ["keys of networks", "keys 0, 1, 2 and 3"])
@pytest.mark.parametrize("where", [*AXES, *QUARTERS])
def test_neighbours_know_nothing_of_each_other(where, keys):
    for p in (0.02, 0.3):
        a, b = beside(block(p, keys), where)
        assert inside_binomial(((a != 0) & (b != 0)).sum(), a.size, p**2), "on together with probability p**2"
        for of in (np.sign, np.abs, np.asarray):
            assert abs(np.corrcoef(of(a), of(b))[0, 1]) * np.sqrt(a.size) < stats.norm.isf(RARE), "no correlation"
    a, b = ((8 * (1 + half) // 2).clip(0, 7) for half in beside(block(1.0, keys), where))
    assert stats.chisquare(np.histogram2d(a, b, 8)[0].ravel()).pvalue > RARE, "every pair of eighths alike"


@pytest.mark.parametrize("of", AXES)
def test_as_many_are_on_together_as_independent_draws_give(of):
    """Of the entries of one sample, say: the variance of their number, which all pairs decide."""
    for p in (0.02, 0.3):
        on = block(p, "keys of networks") != 0
        n, number = on.shape[AXES.index(of)], on.sum(AXES.index(of))
        variance = n * p * (1 - p)
        fourth = variance * (1 + 3 * (n - 2) * p * (1 - p))
        z = (np.square(number - n * p) - variance).sum() / np.sqrt(number.size * (fourth - variance**2))
        assert abs(z) < stats.norm.isf(RARE)


def test_values_of_a_rare_feature_are_not_coarse():
    x = drawn(Config(p=1e-3), 50_000)
    active = x[x != 0]
    assert len(active) > 4_000 and len(np.unique(active)) > 0.99 * len(active)


def test_a_key_and_a_step_decide_the_samples():
    config, key, other = Config(p=0.5), data.key(0, "test"), data.key(1, "test")
    draws = [data.sample(key, config, 10, step).tolist() for key, step in ((key, 1), (key, 1), (key, 2), (other, 1))]
    assert draws[0] == draws[1] and draws[2] != draws[0] != draws[3]
    uses = [data.key(seed, use) for seed in range(3) for use in ("init", "data", "errors", "evaluate", "overload")]
    purposes = {tuple(np.asarray(jax.random.key_data(key))) for key in uses}
    assert len(purposes) == 15, "no two seeds or purposes share a stream"


@pytest.mark.parametrize("low", [-1.0, 0.4])
def test_evaluation_samples_have_the_training_distribution_spread_evenly(low):
    config = Config(features=20, neurons=1, p=0.1, low=low)
    x, again, other = (data.evaluation_samples(data.key(seed, "test"), config, 2**12) for seed in (0, 0, 1))
    assert x.shape == (20, 4096) and x.dtype == np.float32
    assert np.abs((x != 0).sum(1) - 409.6).max() < 2, "each feature is on its share of the time, almost exactly"
    assert stats.kstest(x[x != 0], stats.uniform(low, 1 - low).cdf).statistic < 0.01
    on = (x != 0).astype(float)
    assert abs((on @ on.T)[np.triu_indices(20, 1)].mean() - 4096 * 0.01) < 1, "pairs meet as often as by chance"
    assert np.array_equal(x, again) and not np.array_equal(x, other)


@pytest.mark.parametrize("low", [-1.0, 0.5])
def test_forced_values_are_one_from_each_slice(low):
    config, count = Config(features=30, neurons=1, p=0.2, low=low), 512
    x, value = (np.asarray(draw).T for draw in data.forced(data.key(0, "test"), config, count))
    assert x.shape == value.shape == (count, 30) and x.dtype == value.dtype == np.float32
    place = (value.astype(float) - low) / (1 - low) * count
    within = np.sort(place, 0) - np.arange(count)[:, None]
    assert within.min() > -1e-3 and within.max() < 1 + 1e-3, "up to float32's resolution"
    assert looks_uniform(within, 0), "and uniform within its slice"
    order = np.argsort(value, 0)
    assert len({tuple(column) for column in order.T}) == 30, "each feature has an order of its own"
    assert inside_binomial((x != 0).sum(), x.size, 0.2), "the others stay as drawn"
    bound = stats.norm.isf(RARE / 1000) / np.sqrt(count)
    both = np.corrcoef(np.concatenate([x, value, np.arange(count)[:, None]], 1).T)
    assert np.abs(both - np.eye(len(both))).max() < bound, "values, samples and row numbers know nothing of each other"


@pytest.mark.parametrize("low", [-1.0, 0.5])
def test_ordered_ranks_are_permutations_of_uniform_values(low):
    config = Config(features=5, neurons=1, low=low)
    rank, value = (np.asarray(draw).T for draw in data.ordered(data.key(0, "test"), config, 6_000))
    assert rank.shape == value.shape == (6_000, 5)
    assert np.array_equal(np.sort(rank, 1), np.broadcast_to(np.arange(5), rank.shape)), "so exactly k are below k"
    assert looks_uniform(value, low)
    for k in (1, 2, 3):
        subsets = np.unique(rank < k, axis=0, return_counts=True)[1]
        assert len(subsets) == math.comb(5, k) and stats.chisquare(subsets).pvalue > RARE


def test_target_is_relu_or_the_input_itself():
    x = np.array([[-1, -0.25, 0, 0.25, 1]], np.float32)
    assert np.array_equal(data.target(Config(), x), [[0, 0, 0, 0.25, 1]])
    assert np.array_equal(data.target(Config(target="identity"), x), x)


def test_importance_falls_from_the_first_feature_to_1():
    step = Config(features=5, neurons=1, importance=8.0, favoured=2)
    assert data.importance(step).tolist() == [8, 8, 1, 1, 1]
    geometric = Config(features=4, neurons=1, importance=8.0, favoured=2, profile="geometric")
    np.testing.assert_allclose(data.importance(geometric), [8, 4, 2, 1], rtol=1e-6)
