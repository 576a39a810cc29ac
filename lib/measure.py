"""The measures of the paper: pure functions of ONE network. Map them over an ensemble with `each`.

R is the response to each feature alone at +1 (column j for feature j), M the folded map W_out W_in.
"Active-only" averages a feature's squared error over the samples in which that feature is on.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lib import data
from lib.config import CHUNK, Config
from lib.devices import each
from lib.model import Network


def response(network: Network) -> Array:
    """R = W_out f(W_in), (features, features): R[i, j] is output i when feature j alone is +1."""
    return network.w_out @ network.activate(network.w_in[...])


def slopes(network: Network) -> Array:
    """R_ii, (features,): how loudly each feature alone comes back, 1 for a perfect copy."""
    return jnp.diagonal(response(network))


def response_curves(network: Network, values: Array) -> Array:
    """Output i to feature i alone at each of `values`, (features, len(values))."""

    def outputs(value):
        return jnp.sum(network.w_out * network.activate(network.w_in.T * value), 1)

    return jax.vmap(outputs, out_axes=1)(values)


def folded_map(network: Network) -> Array:
    """M = W_out W_in, (features, features)."""
    return network.w_out @ network.w_in


def off_diagonal(square: Array) -> Array:
    """`square` with zeros on its diagonal."""
    return square - jnp.diag(jnp.diagonal(square))


def off_diagonal_entries(square: Array) -> Array:
    """The F (F - 1) entries of `square` off its diagonal, in reading order."""
    return square[np.nonzero(~np.eye(square.shape[0], dtype=bool))]


def off_to_diag(network: Network) -> Array:
    """Mean over rows i of sum_{j != i} abs(M_ij) / M_ii."""
    m = folded_map(network)
    return jnp.mean(jnp.abs(off_diagonal(m)).sum(1) / jnp.diagonal(m))


def interference_load(network: Network) -> Array:
    """sum_{j != i} M_ij**2 for each output i, (features,)."""
    return jnp.square(off_diagonal(folded_map(network))).sum(1)


def tied_cosine(network: Network) -> Array:
    """cos(W_out[:, k], W_in[k, :]) for each neuron k, (neurons,)."""
    encoder, decoder = norms(network)
    return jnp.sum(network.w_out.T * network.w_in, 1) / (encoder * decoder)


def norms(network: Network) -> tuple[Array, Array]:
    """Norms of the rows of W_in and of the columns of W_out, each (neurons,)."""
    return jnp.linalg.norm(network.w_in[...], axis=1), jnp.linalg.norm(network.w_out[...], axis=0)


def shares(network: Network) -> Array:
    """abs(W_in) of each neuron as a share of its sum, sorted from the largest, (neurons, features)."""
    size = jnp.sort(jnp.abs(network.w_in[...]), axis=1, descending=True)
    return size / size.sum(1, keepdims=True)


def specialization(network: Network) -> Array:
    """max_j w_j**2 / sum_j w_j**2 of each neuron's W_in row, (neurons,): 1 for one feature, 1/F for all alike."""
    square = jnp.square(network.w_in[...])
    return square.max(1) / square.sum(1)


def touched(network: Network, threshold: Array | float) -> Array:
    """Features with abs(W_in) above the threshold, for each neuron, (neurons,)."""
    return (jnp.abs(network.w_in[...]) > threshold).sum(-1)


def correlation(a: Array, b: Array) -> Array:
    """Pearson's correlation of two vectors."""
    return jnp.corrcoef(a, b)[0, 1]


def residual(y: Array, x: Array) -> Array:
    """What is left of `y` after its least-squares line in `x`; NaN for two points, whose line says nothing."""
    if len(y) < 3:
        return jnp.full(len(y), jnp.nan)
    x = x - x.mean()
    return y - y.mean() - x * (x @ y) / (x @ x)


def line_r2(x: Array, y: Array) -> Array:
    """R**2 of the least-squares straight line through `y` against `x`."""
    return 1 - jnp.square(residual(y, x)).sum() / jnp.square(y - y.mean()).sum()


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
    w_in, w_out = network.w_in[:, :, None], network.w_out.T[:, :, None]  # (neurons, features, 1)

    def squares(x, value):
        before = (network.w_in @ x)[:, None] + w_in * (value - x)  # (neurons, features, samples): with feature i on
        part = w_out * network.activate(before)  # what each neuron adds to output i
        error = part.sum(0) - data.target(config, value)
        return {"error": jnp.square(error), "silenced": jnp.square(error - part).swapaxes(0, 1)}

    return mean_over_samples(squares, x, value)


def ensemble_errors(networks: Network, config: Config, samples: int) -> dict[str, np.ndarray]:
    """`errors` of every network of an ensemble, all on the same samples, with a leading axis of seeds."""
    return each(errors, networks, config.task(), *data.forced(data.key(0, "errors"), config, samples))


def sampled_error(network: Network, config: Config, x: Array) -> Array:
    """Active-only MSE of each feature over the samples in which it happens to be on, (features,).

    The plain way to measure, and a noisy one: `errors` has about 1 / p times as many active entries.
    """
    on = x != 0
    return jnp.sum(jnp.square(network(x) - data.target(config, x)) * on, 1) / on.sum(1)


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
            return {"active": jnp.sum(square * on, 0) / k, "mse": square.mean(0), "l4": jnp.square(square).mean(0)}

        return jax.lax.map(at, loads)

    return mean_over_samples(at_loads, rank, value)


def mean_over_samples(measure, *draws: Array):
    """Mean over samples, the last axis, of `measure(*draws)`, a chunk of samples at a time."""

    def chunk(parts):
        return jax.tree.map(lambda values: values.mean(-1), measure(*parts))

    split = [jnp.moveaxis(draw.reshape(draw.shape[0], -1, CHUNK), 1, 0) for draw in draws]
    return jax.tree.map(lambda means: means.mean(0), jax.lax.map(chunk, split))


def overlaps(sets: Array) -> Array:
    """Jaccard overlap of every pair of sets, (sets, sets); `sets` is (members, sets) of booleans.

    Two empty sets overlap by 0.
    """
    sets = sets.astype(jnp.float32)
    both = sets.T @ sets
    either = sets.sum(0)[:, None] + sets.sum(0)[None, :] - both
    return both / jnp.maximum(either, 1)


def pairs(square: Array) -> Array:
    """The entries of a symmetric matrix above its diagonal, one per pair."""
    return square[np.triu_indices(square.shape[0], 1)]
