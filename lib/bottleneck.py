"""Wider and narrower networks: when a neuron belongs to one feature."""

import jax.numpy as jnp
import numpy as np
from jax import Array

from lib import knobs
from lib.config import Config
from lib.model import Network


def by_width(network: Network, config: Config, x: Array) -> dict[str, Array]:
    """`knobs.readings` without the ratios to the naive plan, which is perfect with a neuron for every feature.

    Args:
        x: samples (features, samples).

    Returns: besides, `monosemantic`, the share of neurons that give more than half of what they give to one feature;
    `active`, `mse`, `l4` and `loss` in units of those of silence (every output zero).
    """
    found = knobs.readings(network, config, x)
    carried = jnp.maximum(network.w_out * network.activate(network.w_in.T), 0)  # (features, neurons)
    ours, silence = (knobs.counted(plan, config, x) for plan in (network, jnp.zeros_like))
    return (
        found
        | {"monosemantic": jnp.mean(carried.max(0) > carried.sum(0) / 2)}
        | {name: ours[name] / silence[name] for name in ours}
    )


def read(networks: Network, config: Config, inputs: int) -> dict[str, np.ndarray]:
    """`by_width` of every network of an ensemble, all on the same samples: for each name an array (seeds,)."""
    return knobs.of_ensemble(networks, config, inputs, by_width)
