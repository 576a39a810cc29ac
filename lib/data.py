"""Sparse inputs, a column per sample, and what the network must make of them. Keys are JAX's, words a hash's."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.stats import qmc

from lib.config import Config

PRNG = "threefry2x32"


def key(seed: int, purpose: str) -> Array:
    """A PRNG key for one purpose ("init", "data", "evaluate"), so that no two uses share a stream."""
    return jax.random.fold_in(jax.random.key(seed, impl=PRNG), sum(map(ord, purpose)))


def pcg4d(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, ...]:
    """Four random words from four counters, all uint32: Jarzynski and Olano 2020."""
    words = [word * jnp.uint32(1664525) + jnp.uint32(1013904223) for word in (a, b, c, d)]
    a, b, c, d = (word ^ word >> 16 for word in _mixed(*words))
    return _mixed(a, b, c, d)


def _mixed(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, ...]:
    a = a + b * d
    b = b + c * a
    c = c + a * b
    return a, b, c, d + b * c


def sample(key: Array, config: Config, count: int, step: Array | int = 0) -> Array:
    """Draws from the training distribution: each feature on with probability p, then Uniform(low, 1).

    One random word per entry serves both: `u < p` is the coin, and given that, `u / p` is again uniform on [0, 1).
    From 32 bits the value keeps float32 resolution. The words are a hash of the entry, the step and the key.

    Returns: (features, count), float32.
    """
    entry = jnp.arange(-(-config.features * count // 4), dtype=jnp.uint32)
    four = pcg4d(entry, jnp.asarray(step, jnp.uint32), *jax.random.key_data(key))
    words = jnp.concatenate(four)[: config.features * count].reshape(config.features, count)
    cut = jnp.minimum(config.p * 2.0**32, 2.0**32 - 2**8).astype(jnp.uint32)
    unit = words.astype(jnp.float32) / cut.astype(jnp.float32)
    return jnp.where(words < cut, config.low + (1 - config.low) * unit, 0.0)


def evenly(key: Array, dims: int, count: int) -> np.ndarray:
    """`count` points of the unit cube, along every axis one in each of `count` equal slices: a Latin hypercube.

    Each point is uniform, so a mean over them is unbiased, and less noisy than over independent draws.

    Returns: (dims, count).
    """
    return _hypercube(tuple(np.asarray(jax.random.key_data(key)).tolist()), dims, count)


@lru_cache(2)  # the points of a sweep are read on the same draws
def _hypercube(words: tuple[int, ...], dims: int, count: int) -> np.ndarray:
    cube = qmc.LatinHypercube(dims, rng=np.random.default_rng(words)).random(count).T
    cube.flags.writeable = False
    return cube


def _generator(key: Array) -> np.random.Generator:
    return np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())


def evaluation_samples(key: Array, config: Config, count: int) -> np.ndarray:
    """Evaluation samples of the training distribution, spread evenly: (features, count), float32."""
    return _sparse(evenly(key, config.features, count), config)


def _sparse(unit: np.ndarray, config: Config) -> np.ndarray:
    value = config.low + (1 - config.low) * (np.minimum(unit, config.p) / config.p)
    return np.where(unit < config.p, value, 0).astype(np.float32)


def forced(key: Array, config: Config, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws for `measure.errors`: samples, and for each feature the values it takes when switched on.

    Returns: x, value, each (features, count), float32; spread evenly, see `evenly`.
    """
    unit, value = np.split(evenly(key, 2 * config.features, count), 2)
    return _sparse(unit, config), (config.low + (1 - config.low) * value).astype(np.float32)


def ordered(key: Array, config: Config, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws for `measure.overload`: the order in which features switch on, and their values.

    Keeping the features with rank < k leaves exactly k of them on, every subset equally likely. The
    samples at load k + 1 are those at load k with one more feature. Values are spread evenly by rank.

    Returns: rank (0 to features - 1), value, each (features, count).
    """
    rank = np.broadcast_to(np.arange(config.features)[:, None], (config.features, count))
    rank = _generator(key).permuted(rank, axis=0)
    value = np.take_along_axis(evenly(key, config.features, count), rank, 0)
    return rank, (config.low + (1 - config.low) * value).astype(np.float32)


def target(config: Config, x: Array) -> Array:
    """What the network must return for input `x`, entry by entry: ReLU(x), or x itself."""
    return jax.nn.relu(x) if config.target == "relu" else x


def importance(config: Config) -> Array:
    """Weight of each feature's error in the loss, (features,): from `config.importance` down to 1.

    A step gives the first `favoured` features all of it; a geometric profile falls by one factor from each to the next.
    """
    order = jnp.arange(config.features)
    if config.profile == "step":
        return jnp.where(order < config.favoured, config.importance, 1.0)
    return config.importance ** (1 - order / (config.features - 1))
