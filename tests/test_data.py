"""The samples have the distribution that the paper states. Every draw is seeded: a test passes always or never."""

import math

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lib import data
from lib.config import Config

RARE = 1e-4  # a correct sampler fails a test with about this probability, once and for all


def drawn(config, count, seed=0):
    """Samples as rows: (count, features)."""
    return np.asarray(data.sample(data.key(seed, "test"), config, count)).T


def looks_uniform(values, low):
    """Kolmogorov-Smirnov against Uniform(low, 1)."""
    return stats.kstest(np.ravel(values), stats.uniform(low, 1 - low).cdf).pvalue > RARE


def inside_binomial(counts, n, p):
    low, high = stats.binom.interval(1 - RARE / np.size(counts), n, p)
    return np.all((low <= counts) & (counts <= high))


@pytest.mark.parametrize("p, low", [(0.02, -1.0), (0.2, 0.0), (0.5, 0.6), (1.0, -0.3)])
def test_a_feature_is_on_with_probability_p_and_then_uniform(p, low):
    config, count = Config(features=20, neurons=1, p=p, low=low), 20_000
    x = drawn(config, count)
    assert x.shape == (count, 20) and x.dtype == np.float32
    assert inside_binomial((x != 0).sum(0), count, p), "every feature"
    assert inside_binomial((x != 0).sum(), x.size, p), "all together"
    assert looks_uniform(x[x != 0], low)
    for power in (1, 2, 3, 4):
        raised = x.astype(float) ** power
        expected = p * (1 - low ** (power + 1)) / ((power + 1) * (1 - low))
        assert abs(raised.mean() - expected) < stats.norm.isf(RARE) * raised.std() / np.sqrt(x.size), "each moment"


def test_entries_are_independent():
    x = drawn(Config(features=20, neurons=1, p=0.3), 20_000)
    on = x != 0
    together = (on.T.astype(int) @ on)[np.triu_indices(20, 1)]
    assert inside_binomial(together, len(x), 0.3**2), "every pair of features is on together with probability p**2"
    bound = stats.norm.isf(RARE / 400) / np.sqrt(len(x))
    for values in (x, abs(x), on):
        for shift in (0, 1):  # across features, within a row and from one row to the next
            across = np.corrcoef(values[: len(x) - shift].T, values[shift:].T)[:20, 20:]
            assert np.abs(across - (0 if shift else np.eye(20))).max() < bound


def test_values_of_a_rare_feature_are_not_coarse():
    x = drawn(Config(p=1e-3), 50_000)
    active = x[x != 0]
    assert len(active) > 4_000
    assert len(np.unique(active)) > 0.99 * len(active)
    assert np.isfinite(drawn(Config(p=1e-9), 100)).all(), "nor is anything divided by zero when p underflows"


def test_a_key_decides_the_samples():
    config = Config(p=0.5)
    assert np.array_equal(drawn(config, 10), drawn(config, 10))
    uses = [data.key(seed, use) for seed in range(3) for use in ("init", "data", "errors", "evaluate", "overload")]
    purposes = {tuple(np.asarray(jax.random.key_data(key))) for key in uses}
    assert len(purposes) == 15, "no two seeds or purposes share a stream"
    assert not np.array_equal(drawn(config, 10, seed=0), drawn(config, 10, seed=1))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(p=st.floats(1e-9, 1), low=st.floats(-1, 0.99), seed=st.integers(0, 2**31 - 1))
def test_a_sample_is_zero_or_in_range(p, low, seed):
    config = Config(features=5, neurons=1, p=p, low=low)
    x = drawn(config, 40, seed)
    assert x.shape == (40, 5) and x.dtype == np.float32
    assert np.all((x == 0) | ((np.float32(low) <= x) & (x <= 1)))


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
