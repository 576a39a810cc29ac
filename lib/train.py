"""One way to train: each network on samples of its own, a scan of so many steps at a time."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from lib import data
from lib.config import Config, OneLine
from lib.devices import each
from lib.model import Network, init

STRIDE, KEPT = 200, 1_000  # steps of one program, which a longer training runs again; losses kept of a training


class Diverged(OneLine, FloatingPointError):
    """Training made networks worse than useless; the message says how many, and what to lower."""


def loss(network: Network, config: Config, x: Array, wanted: Array) -> Array:
    """Mean over features and samples of `importance * abs(y - target)**exponent`, for x of (features, samples)."""
    square = jnp.square(network(x) - wanted)
    return jnp.mean(data.importance(config) * raised(square, config).mean(1))


def raised(square: Array, config: Config) -> Array:
    """`abs(error)**exponent` from its square. The slope is finite at 0; exp with log costs half of what `**` does."""
    if config.fourth_power:
        return jnp.square(square)
    return jnp.exp(config.exponent / 2 * jnp.log(square + 1e-30))


def optimiser_of(config: Config) -> optax.GradientTransformation:
    """Adam; or the mean gradient of about ten steps, scaled to the length of a step by the rate in every weight.

    The second moves along the plain gradient, and with small steps keeps what gradient flow keeps: notebook 10.
    """
    rate = lambda step: config.learning_rate * (1 + jnp.cos(jnp.pi * step / config.steps)) / 2
    if config.optimiser == "adam":
        return optax.adam(rate)
    length = (2 * config.neurons * config.features) ** 0.5
    return optax.chain(optax.ema(0.9), optax.normalize_by_update_norm(length), optax.scale_by_learning_rate(rate))


def begin(keys: tuple[Array, Array], config: Config) -> tuple[Network, Any, Array]:
    """A network at step 0, the optimiser's moments, and the key of its samples."""
    network = init(keys[0], config)
    return network, optimiser_of(config).init(network), keys[1]


def learn(network: Network, moments: Any, config: Config, x: Array) -> tuple[Network, Any, Array]:
    """One step on samples x (features, samples): the network, the optimiser's moments, and the loss before it."""
    value, slope = jax.value_and_grad(loss)(network, config, x, data.target(config, x))
    update, moments = optimiser_of(config).update(slope, moments)
    return optax.apply_updates(network, update), moments, value


def onward(state: tuple[Network, Any, Array], config: Config, steps: Array, watch: Callable = lambda network: None):
    """Trains one network further: one scan over `steps`, consecutive step numbers.

    Args:
        state: as `begin` or this function leaves it.
        config: what to train; its real numbers and its length may be traced.
        watch: anything to record of the network after each step.

    Returns: the state, and the loss at each step with what was watched.
    """
    key, shape = state[2], (config.features, config.batch)

    def step(state, number):
        # in a branch, always taken: otherwise XLA draws the samples again wherever it uses them
        x = jax.lax.cond(number >= 0, lambda: data.sample(key, config, config.batch, number), lambda: jnp.zeros(shape))
        network, moments, value = learn(*state, config, x)
        return (network, moments), (value, watch(network))

    (network, moments), seen = jax.lax.scan(step, state[:2], steps)
    return (network, moments, key), seen


def keys(config: Config, first: int = 0) -> tuple[Array, Array]:
    """A key for each network's first weights and one for its samples, (seeds,) each, for the seeds from `first` on."""
    fold = jax.vmap(jax.random.fold_in, (None, 0))
    seeds = first + jnp.arange(config.seeds)
    return fold(data.key(0, "init"), seeds), fold(data.key(0, "data"), seeds)


def starts(config: Config, first: int = 0) -> tuple[Network, Any, Array]:
    """What `begin` gives each network of an ensemble."""
    plain = replace(config.task(), start=config.start, optimiser=config.optimiser, target="relu", profile="step")
    return each(begin, keys(config, first), replace(plain, exponent=4.0))  # one program for all that start alike


def trained(config: Config, first: int = 0, onward: Callable = onward) -> tuple[Network, Any]:
    """Trains an ensemble, `STRIDE` steps at a time; see `train_ensemble`.

    Args:
        onward: the function of that name, or one that watches.

    Returns: the networks, and the losses with what was watched, each (seeds, steps, ...).
    """
    state, seen = starts(config, first), []
    one_program = replace(config, start="small", seeds=1)  # for every start and ensemble
    for steps in np.array_split(np.arange(config.steps), range(STRIDE, config.steps, STRIDE)):
        state, found = each(onward, state, one_program, steps)
        seen.append(found)
    return state[0], jax.tree.map(lambda *parts: np.concatenate(parts, 1), *seen)


def train_ensemble(config: Config, first: int = 0) -> dict[str, Array]:
    """Trains `config.seeds` networks, the seeds from `first` on, each from its own start and on its own samples.

    Returns: `w_in` (seeds, neurons, features), `w_out` (seeds, features, neurons), and `loss` (seeds, steps), of more
    than `KEPT` steps the means over that many equal parts.

    Raises:
        Diverged: a network did, see `diverged`.
    """
    network, (losses, _) = trained(config, first)
    edges = np.linspace(0, config.steps, min(config.steps, KEPT) + 1).astype(int)
    losses = np.add.reduceat(losses, edges[:-1], 1) / np.diff(edges).astype(np.float32)
    if (lost := diverged(network, losses, config)).any():
        raise Diverged(
            f"{lost.sum()} of {config.seeds} networks diverged, to a loss of {losses[lost, -1].max():.2g}: "
            f"lower learning_rate = {config.learning_rate:g}; nothing was stored"
        )
    return {"w_in": network.w_in[...], "w_out": network.w_out[...], "loss": losses}


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
    if (lost := ~(ends <= useless)).any():
        lost &= ~(np.square(each(alone_error, networks)).mean(1) <= 100)
    return lost | ~np.isfinite(ends)


def alone_error(network: Network) -> Array:
    """Distance of the answer to each feature alone at +1 from what it should be, (features,): 1 for silence."""
    alone = jnp.eye(len(network.w_out[...]))
    return jnp.linalg.norm(network(alone) - alone, axis=0)
