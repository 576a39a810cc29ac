"""One way to train: a whole run is one scan, an ensemble is that run mapped over seeds."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array

from lib import data
from lib.config import Config
from lib.model import Network, init

GROUP = 8  # networks that see the same samples: drawing them costs more than one network's arithmetic


def loss(network: Network, x: Array, wanted: Array) -> Array:
    """The L4 loss, mean over batch and features of `abs(y - target)**4`, for x of (batch, features)."""
    error = network(x) - wanted
    return jnp.mean(jnp.square(jnp.square(error)))


def make_train(config: Config, watch: Callable[[Network], Any] = lambda network: None):
    """The whole training run as one function of two keys.

    Args:
        config: what to train.
        watch: anything to record of the network after each step.

    Returns: `train(init_key, data_key) -> (network, losses, watched)`, with losses (steps,) and every
    array of `watched` stacked over steps.
    """
    optimiser = optax.adam(optax.cosine_decay_schedule(config.learning_rate, config.steps))

    def step(state, key):
        network, moments = state
        x = data.sample(key, config, config.batch)
        value, slope = jax.value_and_grad(loss)(network, x, data.target(config, x))
        update, moments = optimiser.update(slope, moments)
        network = optax.apply_updates(network, update)
        return (network, moments), (value, watch(network))

    def train(init_key, data_key):
        network = init(init_key, config)
        keys = jax.random.split(data_key, config.steps)
        (network, _), (losses, watched) = jax.lax.scan(step, (network, optimiser.init(network)), keys)
        return network, losses, watched

    return train


def keys(config: Config) -> tuple[Array, Array]:
    """Keys of an ensemble: (groups, GROUP) for the initial weights and (groups,) for the samples.

    Seed s is network s % GROUP of group s // GROUP, whatever the size of the ensemble.
    """
    size = min(GROUP, config.seeds)
    groups = -(-config.seeds // size)
    seeds = jnp.arange(groups * size).reshape(groups, size)
    each = jax.vmap(jax.random.fold_in, (None, 0))
    return jax.vmap(each, (None, 0))(data.key(0, "init"), seeds), each(data.key(0, "data"), jnp.arange(groups))


def train_ensemble(config: Config) -> dict[str, Array]:
    """Trains `config.seeds` networks, each from its own start, group by group.

    Returns: `w_in` (seeds, neurons, features), `w_out` (seeds, features, neurons), `loss` (seeds, steps).

    Raises:
        FloatingPointError: the loss of some network ended at more than ten times what it began with.
    """
    train = jax.vmap(make_train(config), (0, None))
    network, losses, _ = jax.jit(lambda keys: jax.lax.map(lambda pair: train(*pair), keys))(keys(config))
    network, losses = jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:])[: config.seeds], (network, losses))
    lost = ~(losses[:, -1] <= 10 * losses[:, 0])  # Adam's steps are bounded: a lost run can stay finite
    if lost.any():
        raise FloatingPointError(
            f"{int(lost.sum())} of {config.seeds} networks diverged, from a loss of {losses[:, 0].mean():.2g} to "
            f"{losses[lost, -1].max():.2g}: lower learning_rate = {config.learning_rate:g}; nothing was stored"
        )
    return {"w_in": network.w_in[...], "w_out": network.w_out[...], "loss": losses}
