"""A network as a code, in which a set of neurons carries each feature; and networks written down by hand."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy import optimize

from lib import data, measure, train
from lib.config import Config
from lib.model import Network

STRONG, BETWEEN = 1 / 4, (1 / 10, 1 / 3)  # shares of a neuron's largest weight; rescaling a neuron moves none


def carriers(network: Network) -> Array:
    """Which neurons carry which feature, (neurons, features): W_in above a quarter of the neuron's largest weight."""
    return network.w_in > STRONG * network.w_in[...].max(1, keepdims=True)


def described(network: Network) -> dict[str, Array]:
    """What a network's code looks like, a number each.

    `undecided` is the share of encoder weights from a tenth to a third of the neuron's largest, which no code with
    two levels has. `size_2` is the number of features on two neurons, and so on. `slope_by_size` is the share
    of the variance of slopes that lies between sets of different size. `strong_ratio` and `weak_ratio` are norms
    of decoder over encoder, over the carrying and over the other weights.
    """
    sets, slope = carriers(network), measure.slopes(network)
    relative = network.w_in / network.w_in[...].max(1, keepdims=True)
    size = sets.sum(0)
    groups = (size == jnp.arange(1, len(sets) + 1)[:, None]).astype(jnp.float32)  # (sizes, features)
    means = groups @ slope / jnp.maximum(groups.sum(1), 1)
    decoder, encoder = jnp.square(network.w_out.T), jnp.square(network.w_in[...])
    return {
        "undecided": ((relative > BETWEEN[0]) & (relative < BETWEEN[1])).mean(),
        "size": size.mean(),
        **{f"size_{number}": (size == number).sum() for number in range(1, 6)},
        **arrangement(sets),
        "slope_by_size": 1 - jnp.square(slope - means @ groups).mean() / slope.var(),
        "strong_ratio": jnp.sqrt(decoder.sum(where=sets) / encoder.sum(where=sets)),
        "weak_ratio": jnp.sqrt(decoder.sum(where=~sets) / encoder.sum(where=~sets)),
    }


def arrangement(sets: Array) -> dict[str, Array]:
    """How sets of neurons, (neurons, features) of booleans, are laid out over neurons.

    `distinct` counts different sets. `frame` is the smallest over the largest of the neurons - 1 singular values
    that are left when each neuron's mean over features is taken off: 1 for a tight frame. `load_sd` is the standard
    deviation over neurons of the features that each carries, `pair_sd` that over pairs of neurons of the features
    that both carry.
    """
    member = sets.astype(jnp.float32)
    unlike = (member[:, :, None] != member[:, None, :]).any(0)
    seen = ~unlike & (jnp.arange(member.shape[1])[:, None] > jnp.arange(member.shape[1]))
    both = member @ member.T
    singular = jnp.linalg.svd(member - member.mean(1, keepdims=True), compute_uv=False)
    return {
        "distinct": (~seen.any(1)).sum(),
        "frame": singular[max(len(member) - 2, 0)] / singular[0],
        "load_sd": jnp.diagonal(both).std(),
        "pair_sd": measure.pairs(both).std(),
    }


def by_chance(network: Network, key: Array) -> dict[str, Array]:
    """`arrangement` of sets as large as this network's, each on neurons drawn at random."""
    return arrangement(jax.random.permutation(key, carriers(network), axis=0, independent=True))


def slopes_by_size(network: Network, largest: int = 4) -> Array:
    """Mean slope of the features on 1, 2, ... neurons, (largest,); not a number where there is none."""
    size = carriers(network).sum(0)
    return jax.vmap(lambda number: measure.slopes(network).mean(where=size == number))(jnp.arange(1, largest + 1))


def draw(config: Config, size: int, seed: int) -> np.ndarray:
    """Sets of `size` neurons drawn at random, (neurons, features), all different for as long as there are others."""
    rng = np.random.default_rng(seed)
    sets = rng.permuted(np.tile(np.arange(config.neurons) < size, (50 * config.features, 1)), axis=1)
    different = rng.permutation(np.unique(sets, axis=0))
    return np.resize(different, (config.features, config.neurons)).T


def by_hand(sets: Array, levels: Array) -> Network:
    """A network of three numbers: the carrying weights of both matrices, the other weights of each.

    Args:
        sets: (neurons, features), which neurons carry which feature.
        levels: carrying, other in W_in, other in W_out.
    """
    carrying, encoder, decoder = levels
    return Network(jnp.where(sets, carrying, encoder), jnp.where(sets, carrying, decoder).T)


def fit(sets: Array, config: Config, x: Array) -> np.ndarray:
    """The three levels of `by_hand` that give the least L4 loss on samples x of (features, samples)."""

    start = np.array([(2 * sets.sum(0).mean()) ** -0.5, 0.0, 0.0])  # half volume, nothing taken off
    scale = float(_of_levels(0 * start, sets, config, x)[0]) or 1.0  # 0 if no feature is on in any sample

    def relative(levels):
        value, slope = _of_levels(levels, sets, config, x)
        return float(value) / scale, np.asarray(slope, float) / scale

    return optimize.minimize(relative, start, jac=True, method="BFGS", options={"gtol": 1e-4}).x


@jax.jit
@jax.value_and_grad
def _of_levels(levels: Array, sets: Array, config: Config, x: Array) -> Array:
    return losses(by_hand(sets, levels), config, x)


def strong_only(network: Network, encoder: Array | bool, decoder: Array | bool) -> Network:
    """The network with zeros for the weights that carry no feature, in the matrices named."""
    sets = carriers(network)
    w_in = jnp.where(sets | jnp.logical_not(encoder), network.w_in[...], 0)
    w_out = jnp.where(sets.T | jnp.logical_not(decoder), network.w_out[...], 0)
    return Network(w_in, w_out, network.activation)


def losses(network: Network, config: Config, x: Array) -> Array:
    """The training loss on samples x of (features, samples)."""
    return train.loss(network, config, x, data.target(config, x))


def rescaled(network: Network, factor: float) -> Network:
    """The same function, its decoder `factor` times as long beside its encoder: only for f(a x) = a f(x), a > 0."""
    root = factor**0.5
    return Network(network.w_in / root, network.w_out * root, network.activation)
