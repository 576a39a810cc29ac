"""The network, and the naive plan written as a network."""

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from lib.config import Config

ACTIVATIONS = {"relu": jax.nn.relu, "abs": jnp.abs, "gelu": jax.nn.gelu, "linear": lambda x: x}


class Network(nnx.Module):
    """`y = W_out f(W_in x)`, f = ReLU: no biases, no skip. It is also the pytree of its two matrices.

    An ensemble is the same object with a leading axis of seeds on both matrices. Biases, if there are any, are one more
    column of a matrix, which meets a constant input, or a neuron that is constant: `driven`.

    Attributes:
        w_in: (neurons, features), the encoder.
        w_out: (features, neurons), the decoder.
        activation: the name of f, a key of `ACTIVATIONS`.
    """

    def __init__(self, w_in: Array, w_out: Array, activation: str = "relu"):
        self.w_in = nnx.Param(w_in)
        self.w_out = nnx.Param(w_out)
        self.activation = activation

    def activate(self, before: Array) -> Array:
        """f, entry by entry."""
        return ACTIVATIONS[self.activation](before)

    def __call__(self, x: Array) -> Array:
        """Inputs (features, samples) to outputs of the same shape; one sample may be (features,)."""
        return driven(self.w_out, self.activate(driven(self.w_in, x)))


def driven(weights: Array, x: Array) -> Array:
    """`weights @ x` for x (entries, ...), after a constant 1 joined the entries if the weights have a column for it."""
    return weights @ (x if weights.shape[-1] == len(x) else jnp.concatenate([x, jnp.ones_like(x[:1])]))


def init(key: Array, config: Config) -> Network:
    """Step 0: every weight N(0, init_scale**2), on top of a plan if `config.start` names one, and every bias 0."""
    draw, flat = jax.nn.initializers.normal(config.init_scale), (config.neurons * config.features,)
    encoder, decoder = jax.vmap(draw, (0, None))(jax.random.split(key), flat)  # one draw compiles in half the time of two
    w_in, w_out = encoder.reshape(config.neurons, config.features), decoder.reshape(config.features, config.neurons)
    if config.start != "small":
        plan = naive(config) if config.start == "naive" else shared(key, config)
        w_in, w_out = w_in + plan.w_in, w_out + plan.w_out
    w_in = jnp.pad(w_in, ((0, 0), (0, int(config.biases != "none"))))
    w_out = jnp.pad(w_out, ((0, 0), (0, int(config.biases == "both"))))
    return Network(w_in, w_out, config.activation)


def shared(key: Array, config: Config) -> Network:
    """Every feature a random direction, W_out = W_in.T: all are served, with slopes of 1/2 on average."""
    w_in = jax.random.normal(key, (config.neurons, config.features)) / config.neurons**0.5
    return Network(w_in, w_in.T)


def naive(config: Config) -> Network:
    """The plan that gives up: neuron k copies feature k perfectly, every other output is zero.

    Perfect for the target ReLU(x); for the target x it still returns ReLU(x), the best one ReLU can do
    without a partner.
    """
    eye = jnp.eye(config.neurons, config.features)
    return Network(eye, eye.T)


def at(networks: Network, seed: int) -> Network:
    """One network of an ensemble."""
    return jax.tree.map(lambda weight: weight[seed], networks)
