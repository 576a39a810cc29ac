"""One way to train: a run is one scan for a group of networks that share their samples."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from lib import data
from lib.config import GROUP, Config, OneLine
from lib.devices import each, one_by_one
from lib.model import Network, at, init


class Diverged(OneLine, FloatingPointError):
    """Training made networks worse than useless; the message says how many, and what to lower."""


def loss(network: Network, config: Config, x: Array, wanted: Array) -> Array:
    """Mean over features and samples of `importance * abs(y - target)**exponent`, for x of (features, samples)."""
    square = jnp.square(network(x) - wanted)
    return jnp.mean(data.importance(config)[:, None] * raised(square, config))


def raised(square: Array, config: Config) -> Array:
    """`abs(error)**exponent` from its square. The slope is finite at 0; exp with log costs half of what `**` does."""
    if config.fourth_power:
        return jnp.square(square)
    return jnp.exp(config.exponent / 2 * jnp.log(square + 1e-30))


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
    seeds = groups[:, None] * group + jnp.arange(size)[None]
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
    return each(begin, networks, replace(config.task(), start=config.start)), samples


def train_ensemble(config: Config, first: int = 0, group: int = GROUP) -> dict[str, Array]:
    """Trains `config.seeds` networks, the seeds from `first` on, each from its own start; see `keys`.

    Returns: `w_in` (seeds, neurons, features), `w_out` (seeds, features, neurons), `loss` (seeds, steps).

    Raises:
        Diverged: a network did, see `diverged`.
    """
    one_program = replace(config, start="small", seeds=1)  # for every start and size of an ensemble
    network, losses, _ = each(train, starts(config, first, group), one_program)
    network, losses = jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:])[: config.seeds], (network, losses))
    if (lost := diverged(network, losses, config)).any():
        raise Diverged(
            f"{lost.sum()} of {config.seeds} networks diverged, to a loss of {losses[lost, -1].max():.2g}: "
            f"lower learning_rate = {config.learning_rate:g}; nothing was stored"
        )
    return {"w_in": network.w_in[...], "w_out": network.w_out[...], "loss": losses}


def moments(config: Config, steps: list[int]) -> dict[str, np.ndarray]:
    """Network 0 of the ensemble at these steps of its training, which is run once more and watched.

    The program is another one, so it rounds otherwise, and training makes that grow: by its end, which the page takes
    from the ensemble itself, weights may differ by about 1e-3.

    Returns: `w_in` (len(steps), neurons, features), `w_out` (len(steps), features, neurons).
    """
    networks, samples = starts(config)
    start = jax.tree.map(lambda array: array[0], networks), samples[0]
    _, _, after = jax.jit(partial(train, watch=lambda group: at(group, 0)))(start, config)
    whole = jax.tree.map(lambda first, rest: np.concatenate([first[None], rest])[steps], at(start[0], 0), after)
    return {"w_in": whole.w_in[...], "w_out": whole.w_out[...]}


def diverged(networks: Network, losses: np.ndarray, config: Config) -> np.ndarray:
    """Which networks of an ensemble training made worse than useless, (seeds,) of booleans.

    Their last losses are above what an error of 1 in every active feature costs, and their errors on single features
    are ten times those of silence. Either alone proves nothing: a rare feature makes one batch cost a million times
    another, and one that is never alone may be answered badly.

    Args:
        losses: (seeds, steps), one batch each.
    """
    share = -(-losses.shape[1] // 10)
    ends = losses[:, -share:].mean(1)
    useless = config.p * np.mean(data.importance(config))
    square = np.square(each(alone_error, networks)).mean(1)
    return ~((ends <= useless) | (square <= 100)) | ~np.isfinite(ends)


def alone_error(network: Network) -> Array:
    """Distance of the answer to each feature alone at +1 from what it should be, (features,): 1 for silence."""
    response = network.w_out @ network.activate(network.w_in[...])
    return jnp.linalg.norm(response - jnp.eye(len(response)), axis=0)
