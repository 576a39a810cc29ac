"""Errors of ONE network, or of any plan: a function from inputs (features, samples) to outputs of the same shape.

*Active-only MSE* looks at a feature's output while that feature is on (the post's measure), *MSE over all outputs* also
while it is off, and the *L4 loss*, on which the networks are trained, takes the fourth power at all outputs.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lib import data, train
from lib.config import CHUNK, Config
from lib.devices import each
from lib.model import Network

METRICS = {"active": "active-only MSE", "mse": "MSE over all outputs", "l4": "L4 loss"}
PLAIN = 8_192  # samples in one batch of a plain evaluation
TOP = 8  # the highest power of the error that is measured


def errors(network: Network, config: Config, x: Array, value: Array) -> dict[str, Array]:
    """Active-only MSE of each feature, whole and with each neuron silenced.

    A sample from the training distribution shows about p * features active entries. Features are
    independent, so here every sample serves every feature: feature i is switched on in turn, at
    `value[:, i]`, and the others stay as drawn. One feature shifts the pre-activations by a multiple
    of its W_in column, which keeps this cheap.

    Args:
        x, value: from `data.forced`, each (features, samples).

    Returns: `error` (features,), and `silenced` (features, neurons), the active-only MSE when that
    neuron's W_in row is zeroed, on the same samples.
    """

    def chunk(parts):
        x, value = parts
        before = network.w_in @ x  # (neurons, samples)

        def with_feature_on(its):  # one after the other: what a feature takes stays in the processor's cache
            w_in, w_out, off, on = its
            part = w_out[:, None] * network.activate(before + w_in[:, None] * (on - off)[None])  # each neuron adds that
            error = part.sum(0) - data.target(config, on)
            return {"error": jnp.square(error).mean(), "silenced": jnp.square(error[None] - part).mean(1)}

        return jax.lax.map(with_feature_on, (network.w_in.T, network.w_out[...], x, value))

    means = jax.lax.map(chunk, (in_chunks(x), in_chunks(value)))
    return jax.tree.map(lambda values: values.mean(0), means)


def ensemble_errors(networks: Network, config: Config, samples: int) -> dict[str, np.ndarray]:
    """`errors` of every network of an ensemble, all on the same samples, with a leading axis of seeds."""
    return each(errors, networks, config.task(), *data.forced(data.key(0, "errors"), config, samples))


def repeated(draw: Callable, purpose: str, config: Config, count: int, times: int) -> tuple[np.ndarray, ...]:
    """What `draw`, `data.forced` or `ordered`, returns for `times` keys that nothing else rests on, stacked."""
    draws = [draw(data.key(seed, purpose), config, count) for seed in range(1, times + 1)]
    return tuple(np.stack(parts) for parts in zip(*draws, strict=True))


def sampled_error(network: Network, config: Config, x: Array) -> Array:
    """Active-only MSE of each feature over the samples in which it happens to be on, (features,).

    The plain way to measure, and a noisy one: `errors` has about 1 / p times as many active entries.
    """
    return active_only(jnp.square(network(x) - data.target(config, x)), x != 0, 1)


def plain_sums(network: Network, config: Config, key: Array, batches: Array) -> tuple[Array, ...]:
    """What plain evaluation divides, batch by batch, of `PLAIN` samples each; `batches` are their numbers.

    Returns: sums of squared errors where a feature is on, of the network and of the naive plan on the same samples, and
    how often it is on, each (batches, features).
    """

    def sums(batch):
        x = data.sample(key, config, PLAIN, batch)
        squares = [jnp.square(y - data.target(config, x)) for y in (network(x), naive_outputs(config, x))]
        return tuple((part * (x != 0)).sum(1) for part in (*squares, 1.0))

    return jax.lax.map(sums, batches)


def naive_outputs(config: Config, x: Array) -> Array:
    """What `model.naive` returns for x, (features, samples), without its products."""
    return jnp.where(jnp.arange(config.features)[:, None] < config.neurons, jax.nn.relu(x), 0)


def active_only(square: Array, on: Array, axis: int | None = None) -> Array:
    """Mean of squared errors where features are on, along an axis or of all."""
    return (square * on).sum(axis) / on.sum(axis)


def overload(plan: Callable, config: Config, rank: Array, value: Array, loads: Array) -> dict[str, Array]:
    """Three errors with exactly k features on, for each k of `loads`, each (len(loads),).

    Args:
        plan: a network, or any function from inputs to outputs (features, samples).
        rank, value: from `data.ordered`, each (features, samples).

    Returns: `active` (active-only MSE), `mse` (over all outputs) and `l4` (the L4 loss).
    """

    def at_loads(rank, value):
        def at(k):
            on = rank < k
            x = jnp.where(on, value, 0)
            square = jnp.square(plan(x) - data.target(config, x))
            return {"active": (square * on).sum(0) / k, "mse": square.mean(0), "l4": jnp.square(square).mean(0)}

        return jax.lax.map(at, loads)

    return mean_over_samples(at_loads, rank, value)


def power_means(plan: Callable, config: Config, x: Array) -> dict[str, Array]:
    """Mean of abs(error)**q, q = 1..TOP: `active` over the features that are on, `all` over all outputs, (TOP,) each.

    Args:
        x: (features, samples), samples a multiple of `CHUNK`.
    """

    def sums(x):
        error, on = jnp.abs(plan(x) - data.target(config, x)), x != 0
        raised = [error**q for q in range(1, TOP + 1)]
        active, every = (jnp.stack([jnp.mean(e * w, 0) for e in raised]) for w in (on, 1))
        return {"active": active, "all": every, "on": on.mean(0)}

    mean = mean_over_samples(sums, x)
    return {"active": mean["active"] / mean["on"], "all": mean["all"]}


def metrics(mean: Mapping[str, Array]) -> dict[str, Array]:
    """The three metrics out of what `power_means` returns, by the names in `METRICS`."""
    return {"active": mean["active"][..., 1], "mse": mean["all"][..., 1], "l4": mean["all"][..., 3]}


def metrics_and_loss(plan: Callable, config: Config, x: Array) -> dict[str, Array]:
    """The three metrics of a plan, and its training `loss`."""
    error, on = jnp.abs(plan(x) - data.target(config, x)), x != 0
    square, weight = jnp.square(error), data.importance(config)[:, None]
    return {
        "active": active_only(square, on),
        "mse": square.mean(),
        "l4": jnp.square(square).mean(),
        "loss": (weight * train.raised(square, config)).mean(),
    }


def mean_over_samples(measure, *draws: Array):
    """Mean over samples, the last axis, of `measure(*draws)`, a chunk of samples at a time."""

    def chunk(parts):
        return jax.tree.map(lambda values: values.mean(-1), measure(*parts))

    return jax.tree.map(lambda means: means.mean(0), jax.lax.map(chunk, [in_chunks(draw) for draw in draws]))


def in_chunks(draw: Array) -> Array:
    """(rows, samples) as (chunks, rows, `CHUNK`)."""
    return jnp.moveaxis(draw.reshape(draw.shape[0], -1, CHUNK), 1, 0)
