"""Which neurons carry which feature, and what a code of such sets looks like."""

import jax
import jax.numpy as jnp
from jax import Array

from lib.measure import statistics, weights
from lib.model import Network

STRONG, BETWEEN = 1 / 4, (1 / 10, 1 / 3)  # shares of a neuron's largest weight; rescaling a neuron moves none


# ---- four ways to say that a neuron carries a feature


def touched(network: Network, threshold: Array | float) -> Array:
    """The post's, in 05: features with abs(W_in) above the threshold, for each neuron, (neurons,)."""
    return (jnp.abs(network.w_in[...]) > threshold).sum(-1)


def strong_inputs(network: Network) -> Array:
    """By the encoder, for the codes of 10: W_in above a quarter of the neuron's largest weight, (neurons, features)."""
    return network.w_in > STRONG * network.w_in[...].max(1, keepdims=True)


def main_contributors(network: Network) -> Array:
    """By the slope, for the groups of 13: neurons that give over half of the most given, (neurons, features)."""
    given = contributions(network).T
    return given > given.max(0, keepdims=True) / 2


def carriers_per_feature(network: Network) -> Array:
    """By the slope without a cut, for the tables of 11 to 15: participation ratio of what neurons give, (features,)."""
    return statistics.participation_ratio(contributions(network))


def contributions(network: Network) -> Array:
    """What each neuron gives to the slope of each feature, (features, neurons); what it takes away counts as 0."""
    return jnp.maximum(network.w_out * network.activate(network.w_in.T), 0)


# ---- what the sets of 10 look like


def described(network: Network) -> dict[str, Array]:
    """What a network's code looks like, a number each.

    `undecided` is the share of encoder weights from a tenth to a third of the neuron's largest, which no code with
    two levels has. `size_2` is the number of features on two neurons, and so on. `slope_by_size` is the share
    of the variance of slopes that lies between sets of different size. `strong_ratio` and `weak_ratio` are norms
    of decoder over encoder, over the carrying and over the other weights.
    """
    sets, slope = strong_inputs(network), weights.slopes(network)
    relative = network.w_in / network.w_in[...].max(1, keepdims=True)
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
    return arrangement(jax.random.permutation(key, strong_inputs(network), axis=0, independent=True))


def slopes_by_size(network: Network, largest: int = 4) -> Array:
    """Mean slope of the features on 1, 2, ... neurons, (largest,); not a number where there is none."""
    size = strong_inputs(network).sum(0)
    return jax.vmap(lambda number: weights.slopes(network).mean(where=size == number))(jnp.arange(1, largest + 1))
