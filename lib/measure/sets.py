"""Which neurons carry which feature, and what a code of such sets looks like."""

import jax
import jax.numpy as jnp
from jax import Array

from lib.measure import statistics, weights
from lib.model import Network

LEAST, BETWEEN = 1 / 5, (1 / 10, 1 / 3)  # shares of what a feature's strongest neuron gives it


def carriers(network: Network) -> Array:
    """Which neurons carry which feature, (neurons, features): those that give a fifth of what the strongest one gives.

    Rescaling a neuron, its encoder row up and its decoder column down, moves none. Of trained networks few neurons give
    between a tenth and a third, so that the cut hardly matters (notebook 10).
    """
    given = contributions(network).T
    return given > LEAST * given.max(0, keepdims=True)


def touched(network: Network, threshold: Array | float) -> Array:
    """Features with abs(W_in) above the threshold, for each neuron, (neurons,): the post's own count, in 05."""
    return (jnp.abs(network.w_in[...]) > threshold).sum(-1)


def contributions(network: Network) -> Array:
    """What each neuron gives to the slope of each feature, (features, neurons); what it takes away counts as 0."""
    return jnp.maximum(network.w_out * network.activate(network.w_in.T), 0)


def described(network: Network) -> dict[str, Array]:
    """What a network's code looks like, a number each.

    `undecided` is the share of contributions from a tenth to a third of the feature's largest, which no code with two
    levels has. `size_2` is the number of features on two neurons, and so on. `slope_by_size` is the share
    of the variance of slopes that lies between sets of different size. `strong_ratio` and `weak_ratio` are norms
    of decoder over encoder, over the carrying and over the other weights.
    """
    sets, slope, given = carriers(network), weights.slopes(network), contributions(network)
    relative = given / given.max(1, keepdims=True)
    size = sets.sum(0)
    groups = (size[None] == jnp.arange(1, len(sets) + 1)[:, None]).astype(jnp.float32)  # (sizes, features)
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
    seen = ~unlike & (jnp.arange(member.shape[1])[:, None] > jnp.arange(member.shape[1])[None])
    both = member @ member.T
    singular = jnp.linalg.svd(member - member.mean(1, keepdims=True), compute_uv=False)
    return {
        "distinct": (~seen.any(1)).sum(),
        "frame": singular[max(len(member) - 2, 0)] / singular[0],
        "load_sd": jnp.diagonal(both).std(),
        "pair_sd": statistics.pairs(both).std(),
    }


def arrangement_by_chance(network: Network, key: Array) -> dict[str, Array]:
    """`arrangement` of sets as large as this network's, each on neurons drawn at random."""
    return arrangement(jax.random.permutation(key, carriers(network), axis=0, independent=True))


def slopes_by_size(network: Network, largest: int = 4) -> Array:
    """Mean slope of the features on 1, 2, ... neurons, (largest,); not a number where there is none."""
    size = carriers(network).sum(0)
    return jax.vmap(lambda number: weights.slopes(network).mean(where=size == number))(jnp.arange(1, largest + 1))
