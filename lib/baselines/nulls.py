"""Codes that were never trained, as ensembles of `Network`: what each finding is to be compared with."""

from math import comb

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lib import data, measure, store
from lib.baselines import handmade, plans
from lib.config import Config
from lib.model import Network, init


def _tied(w_in: Array, activation: str) -> Network:
    """Networks whose decoder is the encoder transposed; `w_in` is (draws, neurons, features)."""
    return Network(w_in, jnp.swapaxes(w_in, 1, 2), activation)


def gaussian(key: Array, config: Config, draws: int) -> Network:
    """Tied networks of independent normal weights, so that a feature's vector has length 1 on average."""
    shape = (draws, config.neurons, config.features)
    return _tied(jax.random.normal(key, shape) / jnp.sqrt(config.neurons), config.activation)


def tight_frame(key: Array, config: Config, draws: int, rounds: int = 200) -> Network:
    """Tied networks whose features are random unit vectors that form a tight frame, W_in W_in^T = (F/n) I.

    Alternates between the nearest unit vectors and the nearest tight frame (a polar factor).
    """

    def one(key):
        start = jax.random.normal(key, (config.neurons, config.features))

        def step(w, _):
            left, _, right = jnp.linalg.svd(w, full_matrices=False)
            w = left @ right
            return w / jnp.linalg.norm(w, axis=0, keepdims=True), None

        return jax.lax.scan(step, start, None, length=rounds)[0]

    return _tied(jax.jit(lambda keys: jax.lax.map(one, keys))(jax.random.split(key, draws)), config.activation)


def permuted(key: Array, networks: Network) -> Network:
    """Each neuron's weights dealt out again among the features, its decoder weights along with its encoder's.

    Every neuron keeps its weights, and each encoder weight its decoder partner; which neurons carry a feature
    becomes chance. So tied cosine, ratio, shares and mean slope stay as they are.
    """
    w_in, w_out = networks.w_in[...], jnp.swapaxes(networks.w_out[...], 1, 2)
    order = jax.random.permutation(
        key, jnp.broadcast_to(jnp.arange(w_in.shape[2]), w_in.shape), axis=2, independent=True
    )
    deal = lambda w: jnp.take_along_axis(w, order, 2)
    return Network(deal(w_in), jnp.swapaxes(deal(w_out), 1, 2), networks.activation)


def random_sets(config: Config, draws: int, samples: int) -> Network:
    """Codes of random sets and three numbers, fitted to the loss, of the size up to five that has the least."""
    sizes = list(range(1, min(5, config.neurons) + 1))
    found = store.fetch(handmade.fitted, config=config.task(), sizes=sizes, draws=draws, samples=samples)
    best = found["loss"].mean(1).argmin()
    return measure.each(handmade.by_hand, found["sets"][best], found["levels"][best])


def sums(config: Config, x: Array) -> Network:
    """Plain sums of features, times the constant that has the least L4 loss on samples `x`: one draw."""
    plan = plans.summed(config, plans.tuned(plans.summed, config, x)["l4"][0])
    return Network(plan.w_in[...][None], plan.w_out[...][None])


def initial(key: Array, config: Config, draws: int) -> Network:
    """Networks at step 0."""
    return jax.vmap(lambda key: init(key, config))(jax.random.split(key, draws))


def scaled(networks: Network, factor: Array) -> Network:
    """Networks with both matrices times sqrt(factor), so that their map is times factor, (draws,)."""
    root = jnp.sqrt(jnp.broadcast_to(factor, networks.w_in.shape[:1]))[:, None, None]
    return Network(networks.w_in[...] * root, networks.w_out[...] * root, networks.activation)


def at_trained_norms(networks: Network, trained: Network) -> Network:
    """Networks scaled until sum_k norm(W_in[k]) norm(W_out[:, k]) is that of the mean trained network."""
    size = lambda network: jnp.prod(jnp.stack(measure.norms(network)), 0).sum()
    return scaled(networks, jax.vmap(size)(trained).mean() / jax.vmap(size)(networks))


def _quartic(network: Network, config: Config, x: Array) -> Array:
    """Coefficients of factor**4 to factor**1 in the L4 loss of a network whose map is times factor."""
    y, wanted = network(x), data.target(config, x)
    return jnp.stack([comb(4, k) * jnp.mean(y ** (4 - k) * (-wanted) ** k) for k in range(4)])


def at_best_scale(networks: Network, config: Config, x: Array) -> Network:
    """Networks scaled to their own least L4 loss on the samples `x`, (features, samples).

    Of an activation that scales with its input the loss is a polynomial in the factor, so its minimum is exact.
    The factor is not negative: a code that does nothing but harm is best silent. Samples on which a code does
    nothing at all leave it as it is.
    """
    best = []
    for a, b, c, d in np.asarray(measure.each(_quartic, networks, config, x), np.float64):
        roots = np.roots([4 * a, 3 * b, 2 * c, d])  # of the derivative; the loss is convex, so one is real
        best.append(max(roots[np.argmin(abs(roots.imag))].real, 0.0) if len(roots) else 1.0)
    return scaled(networks, jnp.asarray(best, jnp.float32))
