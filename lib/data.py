"""Sparse inputs, a column per sample, and what the network must make of them. One PRNG, named."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.extend.random import threefry_2x32

from lib import devices  # noqa: F401 (sets JAX up)
from lib.config import Config

PRNG = "threefry2x32"


def key(seed: int, purpose: str) -> Array:
    """A PRNG key for one purpose ("init", "data", "evaluate"), so that no two uses share a stream."""
    return jax.random.fold_in(jax.random.key(seed, impl=PRNG), sum(map(ord, purpose)))


def sample(key: Array, config: Config, count: int) -> Array:
    """Draws from the training distribution: each feature on with probability p, then Uniform(low, 1).

    One random word per entry serves both: `u < p` is the coin, and given that, `u / p` is again
    uniform on [0, 1). From 32 bits the value keeps float32 resolution. Words come in pairs from one
    call of the hash, where `jax.random.bits` would throw half of them away.

    Returns: (features, count), float32.
    """
    words = threefry_2x32(jax.random.key_data(key), jnp.arange(config.features * count, dtype=jnp.uint32))
    words = words.reshape(config.features, count)
    cut = jnp.minimum(config.p * 2.0**32, 2.0**32 - 2**8).astype(jnp.uint32)
    unit = words.astype(jnp.float32) / cut.astype(jnp.float32)
    return jnp.where(words < cut, config.low + (1 - config.low) * unit, 0.0)


def forced(key: Array, config: Config, count: int) -> tuple[Array, Array]:
    """Draws for `measure.errors`: samples, and for each feature the values it takes when switched on.

    The values of a feature are stratified: one from each of `count` equal slices of (low, 1), in
    random order. Their mean has no bias and less noise than independent draws would give.

    Returns: x, value, each (features, count), float32.
    """
    draw_x, order, jitter = jax.random.split(key, 3)
    slices = jnp.broadcast_to(jnp.arange(count), (config.features, count))
    slices = jax.random.permutation(order, slices, axis=1, independent=True)
    unit = (slices + jax.random.uniform(jitter, slices.shape)) / count
    return sample(draw_x, config, count), config.low + (1 - config.low) * unit


def ordered(key: Array, config: Config, count: int) -> tuple[Array, Array]:
    """Draws for `measure.overload`: the order in which features switch on, and their values.

    Keeping the features with rank < k leaves exactly k of them on, every subset equally likely. The
    samples at load k + 1 are those at load k with one more feature.

    Returns: rank (0 to features - 1), value, each (features, count).
    """
    order, values = jax.random.split(key)
    ranks = jnp.broadcast_to(jnp.arange(config.features)[:, None], (config.features, count))
    return jax.random.permutation(order, ranks, axis=0, independent=True), jax.random.uniform(
        values, ranks.shape, minval=config.low, maxval=1.0
    )


def target(config: Config, x: Array) -> Array:
    """What the network must return for input `x`, entry by entry: ReLU(x), or x itself."""
    return jax.nn.relu(x) if config.target == "relu" else x
