"""How well a code can be read by somebody who knows it: from the hidden numbers of ONE network back to its inputs.

`h = ReLU(W_in x)` has fewer numbers than there are inputs, but few inputs are on. So we look for small sets of features
that explain h: silent neurons say no more than that their sum was not positive.
"""

import jax
import jax.numpy as jnp
from jax import Array

from lib import data, train
from lib.config import Config
from lib.model import Network

MOST, BEAM = 5, 32  # features in a set at most, and sets of each size that are kept
FLAT = 1e-5  # a feature whose part outside the others' span, squared, is below this share of it adds nothing


def hidden(network: Network, x: Array) -> Array:
    """h, (neurons, samples), for inputs (features, samples)."""
    return network.activate(network.w_in @ x)


def linear_readout(h: Array, wanted: Array) -> Array:
    """The linear readout with a constant that has the least squared error, (features, neurons + 1).

    Args:
        h, wanted: hidden numbers and what to read, (neurons, samples) and (features, samples).
    """
    known = jnp.concatenate([h, jnp.ones_like(h[:1])])
    ridge = 1e-6 * jnp.trace(known @ known.T) / len(known) * jnp.eye(len(known))
    return jnp.linalg.solve(known @ known.T + ridge, known @ wanted.T).T


def explanations(w_in: Array, config: Config, h: Array, noise: Array) -> tuple[Array, Array, Array]:
    """Sets of up to `MOST` features that may have made h, the numbers of one sample, (neurons,), and what each says.

    A search with a beam: every set that is kept is extended by every feature, values by least squares over the neurons
    that are not silent (Gram and Schmidt, a feature at a time), and the `BEAM` most probable ones of that size go on.
    The log probability of a set, up to a constant, is that of the prior, with Gaussian noise on h and Laplace's
    approximation of the integral over values. What silent neurons should not have got, and values outside of the
    range, count as misses of h.

    Args:
        noise: standard deviation of the noise that is assumed on every hidden number.

    Returns: for each set its values (sets, features), its size and its log probability, (sets,) each.
    """
    (neurons, features), on = w_in.shape, h > 0
    length = jnp.square(w_in).sum(0)
    cost_of_one = jnp.log(config.p / (1 - config.p + 1e-6) / (1 - config.low) * noise * jnp.sqrt(2 * jnp.pi))
    columns = jnp.concatenate([w_in, jnp.zeros((MOST, features))])  # below a column: what it takes off each value
    state = (
        jnp.zeros((1, features), bool),  # the set
        jnp.zeros((1, MOST), int),  # its features in the order in which they came
        jnp.zeros((1, neurons + MOST)),  # what reaches each neuron, and the values
        columns[None],
        jnp.zeros(1),  # log of the squared volume that the features span
        -jnp.square(h).sum()[None] / (2 * noise**2),
    )
    found = [(jnp.zeros((1, features)), jnp.zeros(1), state[-1])]
    for size in range(min(MOST, features)):
        state = _extended(state, size, on, h, length, config, noise, cost_of_one)
        member, order, sums, _, _, score = state
        rows = jnp.arange(len(order))[:, None]
        values = jnp.zeros(member.shape).at[rows, order[:, : size + 1]].set(sums[:, neurons : neurons + size + 1])
        found.append((values, jnp.full(len(order), size + 1), score))
    return tuple(jnp.concatenate(parts) for parts in zip(*found, strict=True))


def _extended(state, size, on, h, length, config, noise, cost_of_one):
    member, order, sums, columns, volume, _ = state
    neurons, features = len(h), member.shape[1]
    live = columns[:, :neurons] * on[None, :, None]
    square = jnp.square(live).sum(1)  # (sets, features)
    left = (h[None] - sums[:, :neurons]) * on[None]
    value = jnp.einsum("bnf,bn->bf", live, left) / jnp.maximum(square, 1e-30)
    direction = columns.at[:, neurons + size].set(1.0)
    after = sums[:, :, None] + value[:, None] * direction
    miss = jnp.where(on[None, :, None], h[None, :, None] - after[:, :neurons], jax.nn.relu(after[:, :neurons]))
    outside = jax.nn.relu(after[:, neurons:] - 1) + jax.nn.relu(config.low - after[:, neurons:])
    miss = jnp.square(miss).sum(1) + length.mean() * jnp.square(outside).sum(1)
    grown = volume[:, None] + jnp.log(jnp.maximum(square, 1e-30))
    score = (size + 1) * cost_of_one - grown / 2 - miss / (2 * noise**2)
    useless = member | _again(member, size) | (square < FLAT * length[None] + 1e-12)
    score = jnp.where(useless | jnp.isnan(score), -jnp.inf, score)
    best, place = jax.lax.top_k(score.reshape(-1), min(BEAM, score.size))
    old, new = place // features, place % features
    rows = jnp.arange(len(place))
    chosen = direction[old, :, new]  # (sets, neurons + MOST)
    overlap = jnp.einsum("bn,bnf->bf", chosen[:, :neurons] * on[None], columns[old, :neurons])
    share = overlap / jnp.maximum(square[old, new], 1e-30)[:, None]
    return (
        member[old].at[rows, new].set(True),
        order[old].at[:, size].set(new),
        after[old, :, new],
        columns[old] - chosen[:, :, None] * share[:, None],
        grown[old, new],
        best,
    )


def _again(member: Array, size: int) -> Array:
    """Which extensions of a set are also one of a set before it in the list, (sets, features)."""
    more = member[None] & ~member[:, None]  # what another set has and this one has not
    earlier = jnp.tri(len(member), k=-1, dtype=bool) & (more.sum(2) == 1)
    return (more & earlier[:, :, None]).any(1)


def read_sets(network: Network, config: Config, h: Array, noise: Array) -> dict[str, Array]:
    """What sparse decoding makes of hidden numbers (neurons, samples), each (features, samples).

    Returns: `best_1`, `best_2`, ...: the target by the most probable set of at most so many features. `mean`: its mean
    over all sets that were looked at, weighted by their probability, which would have the least squared error of all
    readers if the sets were all there are and their values sharp. `positive`: whether the most probable set has the
    feature with a positive value.
    """

    def one(h):
        values, size, score = explanations(network.w_in[...], config, h, noise)
        told = data.target(config, jnp.clip(values, config.low, 1))
        best = [jnp.argmax(jnp.where(size <= most, score, -jnp.inf)) for most in range(1, MOST + 1)]
        sets = {f"best_{most}": told[place] for most, place in enumerate(best, 1)}
        return sets | {"mean": jax.nn.softmax(score) @ told, "positive": values[best[-1]] > 0}

    return jax.tree.map(jnp.transpose, jax.lax.map(one, h.T))


def noisy_loss(network: Network, config: Config, x: Array, unit: Array, sizes: Array) -> Array:
    """The training loss with noise on the hidden numbers, over that of silence, (sizes,).

    Args:
        x: (features, samples). unit: normal noise, (neurons, samples). sizes: its standard deviation in units of each
            neuron's root mean square, so that to rescale a neuron changes nothing.
    """
    wanted, h = data.target(config, x), hidden(network, x)
    scale = jnp.sqrt(jnp.square(h).mean(1, keepdims=True))

    def loss(told):
        return jnp.mean(data.importance(config) * train.raised(jnp.square(told - wanted), config).mean(1))

    return jax.lax.map(lambda size: loss(network.w_out @ (h + size * scale * unit)), sizes) / loss(0 * wanted)
