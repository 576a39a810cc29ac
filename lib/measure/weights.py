"""What the two matrices of ONE network say. Map over an ensemble with `measure.each`.

R is the response to each feature alone at +1 (column j for feature j), M the folded map W_out W_in.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

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


def decoder_ratio(network: Network):
    """Mean over neurons of norm(W_out[:, k]) / norm(W_in[k, :])."""
    encoder, decoder = norms(network)
    return (decoder / encoder).mean()


def balanced(network: Network) -> Network:
    """Each neuron rescaled until its encoder row is as long as its decoder column: with ReLU the same function."""
    encoder, decoder = norms(network)
    scale = jnp.where((encoder > 0) & (decoder > 0), jnp.sqrt(decoder / encoder), 1)
    return Network(network.w_in * scale[:, None], network.w_out / scale[None], network.activation)


def shares(network: Network) -> Array:
    """abs(W_in) of each neuron as a share of its sum, sorted from the largest, (neurons, features)."""
    size = jnp.sort(jnp.abs(network.w_in[...]), axis=1, descending=True)
    return size / size.sum(1, keepdims=True)


def specialization(network: Network) -> Array:
    """max_j w_j**2 / sum_j w_j**2 of each neuron's W_in row, (neurons,): 1 for one feature, 1/F for all alike."""
    square = jnp.square(network.w_in[...])
    return square.max(1) / square.sum(1)


def capacity(w_in: Array) -> Array:
    """Capacity of each feature, (features,): `(w_i . w_i)**2 / sum_j (w_i . w_j)**2`, w_i its column of W_in.

    1 for a dimension of its own, 0 for none; they add up to at most the number of neurons (Scherlis et al. 2022).
    """
    square = jnp.square(w_in.T @ w_in)
    own = jnp.diagonal(square)
    return jnp.where(own > 0, own / jnp.maximum(square.sum(1), 1e-30), 0)
