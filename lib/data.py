"""Sparse inputs and what the network must make of them. One PRNG, named: a default never decides a number."""

import jax
import jax.numpy as jnp
from jax import Array

from lib.config import Config

PRNG = "threefry2x32"


def key(seed: int, purpose: str) -> Array:
    """A PRNG key for one purpose ("init", "data", "evaluate"), so that no two uses share a stream."""
    return jax.random.fold_in(jax.random.key(seed, impl=PRNG), sum(map(ord, purpose)))


def sample(key: Array, config: Config, count: int) -> Array:
    """Draws from the training distribution: each feature on with probability p, then Uniform(low, 1).

    One uniform draw per entry serves both: `u < p` is the coin, and given that, `u / p` is again
    uniform on [0, 1). From 32 random bits the value keeps float32 resolution.

    Returns: (count, features), float32.
    """
    bits = jax.random.bits(key, (count, config.features), jnp.uint32)
    cut = min(round(config.p * 2**32), 2**32 - 1)
    unit = bits.astype(jnp.float32) / jnp.float32(cut)
    return jnp.where(bits < jnp.uint32(cut), config.low + (1 - config.low) * unit, 0.0)


def forced(key: Array, config: Config, count: int) -> tuple[Array, Array]:
    """Draws for `measure.errors`: samples, and for each feature the values it takes when switched on.

    The values of a feature are stratified: one from each of `count` equal slices of (low, 1), in
    random order. Their mean has no bias and less noise than independent draws would give.

    Returns: x, value, each (count, features), float32.
    """
    draw_x, order, jitter = jax.random.split(key, 3)
    slices = jnp.broadcast_to(jnp.arange(count)[:, None], (count, config.features))
    slices = jax.random.permutation(order, slices, axis=0, independent=True)
    unit = (slices + jax.random.uniform(jitter, slices.shape)) / count
    return sample(draw_x, config, count), config.low + (1 - config.low) * unit


def ordered(key: Array, config: Config, count: int) -> tuple[Array, Array]:
    """Draws for `measure.overload`: the order in which features switch on, and their values.

    Keeping the features with rank < k leaves exactly k of them on, every subset equally likely. The
    samples at load k + 1 are those at load k with one more feature.

    Returns: rank (0 to features - 1), value, each (count, features).
    """
    order, values = jax.random.split(key)
    ranks = jnp.broadcast_to(jnp.arange(config.features), (count, config.features))
    return jax.random.permutation(order, ranks, axis=1, independent=True), jax.random.uniform(
        values, ranks.shape, minval=config.low, maxval=1.0
    )


def target(config: Config, x: Array) -> Array:
    """What the network must return for input `x`, entry by entry: ReLU(x), or x itself."""
    return jax.nn.relu(x) if config.target == "relu" else x
