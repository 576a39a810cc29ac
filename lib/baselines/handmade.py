"""Networks written down by hand: random sets of neurons, and three numbers."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy import optimize

from lib import data, measure, train
from lib.config import Config
from lib.model import Network


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


def fit(sets: Array, config: Config, x: Array, start: np.ndarray | None = None) -> np.ndarray:
    """The three levels of `by_hand` that give the least training loss on samples x of (features, samples)."""
    if start is None:
        start = np.array([(2 * sets.sum(0).mean()) ** -0.5, 0.0, 0.0])  # half volume, nothing taken off
    scale = float(_of_levels(0 * start, sets, config, x)[0]) or 1.0  # 0 if no feature is on in any sample

    def relative(levels):
        value, slope = _of_levels(levels, sets, config, x)
        return float(value) / scale, np.asarray(slope, float) / scale

    return optimize.minimize(relative, start, jac=True, method="BFGS", options={"gtol": 1e-4}).x


@jax.jit
@jax.value_and_grad
def _of_levels(levels: Array, sets: Array, config: Config, x: Array) -> Array:
    return training_loss(by_hand(sets, levels), config, x)


def fitted(config: Config, sizes: list[int], draws: int, samples: int) -> dict[str, np.ndarray]:
    """Codes of random sets of each size, their levels fitted to one draw of sets, their losses on fresh samples.

    Returns: `levels` (sizes, 3), `sets` (sizes, draws, neurons, features), `loss` (sizes, draws): the training loss.
    """
    fit_x, test_x = data.evaluation_samples(data.key(0, "fit"), config, samples), test_samples(config, samples)
    levels = np.stack([fit(draw(config, size, draws), config, fit_x) for size in sizes])
    sets = np.stack([[draw(config, size, seed) for seed in range(draws)] for size in sizes])
    made = [measure.each(by_hand, *pair) for pair in zip(sets, levels, strict=True)]
    loss = np.stack([measure.each(training_loss, networks, config, test_x) for networks in made])
    return {"levels": levels, "sets": sets, "loss": loss}


def test_samples(config: Config, samples: int) -> np.ndarray:
    """The samples on which codes made by hand are compared, four times as many as they are fitted on."""
    return data.evaluation_samples(data.key(0, "test"), config, 4 * samples)


def strong_only(network: Network, encoder: Array | bool, decoder: Array | bool) -> Network:
    """The network with zeros for the weights that carry no feature, in the matrices named."""
    sets = measure.carriers(network)
    w_in = jnp.where(sets | jnp.logical_not(encoder), network.w_in[...], 0)
    w_out = jnp.where(sets.T | jnp.logical_not(decoder), network.w_out[...], 0)
    return Network(w_in, w_out, network.activation)


def training_loss(network: Network, config: Config, x: Array) -> Array:
    """The training loss on samples x of (features, samples)."""
    return train.loss(network, config, x, data.target(config, x))


def rescaled(network: Network, factor: float) -> Network:
    """The same function, its decoder `factor` times as long beside its encoder: only for f(a x) = a f(x), a > 0."""
    root = factor**0.5
    return Network(network.w_in / root, network.w_out * root, network.activation)
