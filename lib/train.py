"""One way to train: a run is one scan for a group of networks that share their samples."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array

from lib import data
from lib.config import Config
from lib.devices import each, one_by_one, squared
from lib.model import Network, init

GROUP = 8  # networks that see the same samples: drawing them costs more than one network's arithmetic


def loss(network: Network, config: Config, x: Array, wanted: Array) -> Array:
    """Mean over features and samples of `importance * abs(y - target)**exponent`, for x of (features, samples)."""
    square = jnp.square(network(x) - wanted)
    return jnp.mean(data.importance(config)[:, None] * raised(square, config.exponent))


def raised(square: Array, exponent: Array | float) -> Array:
    """`abs(error)**exponent` from its square. The slope stays finite at 0, and exp with log costs half of what `**` does."""
    if squared(exponent):
        return jnp.square(square)
    return jnp.exp(exponent / 2 * jnp.log(square + 1e-30))


def optimiser_of(config: Config) -> optax.GradientTransformation:
    """Adam; or the mean gradient of about ten steps, scaled to the length of a step by the rate in every weight.

    The second moves along the plain gradient, and so keeps what gradient flow keeps: notebook 10.
    """
    rate = optax.cosine_decay_schedule(config.learning_rate, config.steps)
    if config.optimiser == "adam":
        return optax.adam(rate)
    length = (2 * config.neurons * config.features) ** 0.5
    return optax.chain(optax.ema(0.9), optax.normalize_by_update_norm(length), optax.scale_by_learning_rate(rate))


def train(start: tuple[Network, Array], config: Config, watch: Callable[[Network], Any] = lambda networks: None):
    """Trains one group of networks: one scan over all steps.

    Args:
        start: the group's networks at step 0, and a key for its samples; see `starts`.
        config: what to train; its real numbers may be traced.
        watch: anything to record of the group after each step.

    Returns: networks, losses (networks, steps), and what was watched, stacked over steps.
    """
    networks, samples = start
    optimiser = optimiser_of(config)

    def step(state, key):
        networks, moments = state
        x = data.sample(key, config, config.batch)
        wanted = data.target(config, x)
        losses, slopes = one_by_one(lambda network: jax.value_and_grad(loss)(network, config, x, wanted), networks)
        update, moments = jax.vmap(optimiser.update)(slopes, moments)
        networks = optax.apply_updates(networks, update)
        return (networks, moments), (losses, watch(networks))

    state = networks, jax.vmap(optimiser.init)(networks)
    (networks, _), (losses, watched) = jax.lax.scan(step, state, jax.random.split(samples, config.steps))
    return networks, losses.T, watched


def keys(config: Config, first: int = 0, group: int = GROUP) -> tuple[Array, Array]:
    """Keys of an ensemble: (groups, group) for the first weights and (groups,) for the samples.

    Seed s is network s % group of group s // group, whatever the size of the ensemble.

    Args:
        first: the ensemble's first seed, a multiple of `group`.
        group: networks that see the same samples.
    """
    size = min(group, config.seeds)
    groups = first // group + jnp.arange(-(-config.seeds // size))
    seeds = groups[:, None] * group + jnp.arange(size)
    fold = jax.vmap(jax.random.fold_in, (None, 0))
    return jax.vmap(fold, (None, 0))(data.key(0, "init"), seeds), fold(data.key(0, "data"), groups)


def begin(keys: Array, config: Config) -> Network:
    """A group of networks at step 0, from a key each."""
    return one_by_one(lambda key: init(key, config), keys)


def starts(config: Config, first: int = 0, group: int = GROUP) -> tuple[Network, Array]:
    """What the groups of an ensemble start from: their networks, and a key each for their samples; see `keys`.

    The networks come from a program of their own, which is small and serves trainings of every length.
    """
    networks, samples = keys(config, first, group)
    return each(begin, networks, config), samples


def train_ensemble(config: Config, first: int = 0, group: int = GROUP) -> dict[str, Array]:
    """Trains `config.seeds` networks, the seeds from `first` on, each from its own start; see `keys`.

    Returns: `w_in` (seeds, neurons, features), `w_out` (seeds, features, neurons), `loss` (seeds, steps).

    Raises:
        FloatingPointError: the loss of some network ended at more than ten times what it began with.
    """
    network, losses, _ = each(train, starts(config, first, group), config)
    network, losses = jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:])[: config.seeds], (network, losses))
    lost = ~(losses[:, -1] <= 10 * losses[:, 0])  # Adam's steps are bounded: a lost run can stay finite
    if lost.any():
        raise FloatingPointError(
            f"{int(lost.sum())} of {config.seeds} networks diverged, from a loss of {losses[:, 0].mean():.2g} to "
            f"{losses[lost, -1].max():.2g}: lower learning_rate = {config.learning_rate:g}; nothing was stored"
        )
    return {"w_in": network.w_in[...], "w_out": network.w_out[...], "loss": losses}
