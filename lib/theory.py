"""What can be said without training: closed forms beside which a measured number is read."""

import numpy as np

from lib.config import Config


def target_moment(config: Config, power: int) -> float:
    """E[target**power] of a feature that is on, x ~ Uniform(low, 1), for an even power."""
    bottom = config.low if config.target == "identity" else config.low * (config.low > 0)
    return (1 - bottom ** (power + 1)) / ((power + 1) * (1 - config.low))


def naive_errors(config: Config) -> np.ndarray:
    """Active-only MSE of the naive plan, (features,): one perfect feature per neuron, zero for the others.

    "Perfect" is meant as the post means it; for the target x on signed inputs one ReLU cannot do that.
    """
    return (np.arange(config.features) >= config.neurons) * target_moment(config, 2)


def naive_noise(config: Config, entries: float) -> float:
    """Standard deviation of the naive plan's error if it is averaged over that many active entries."""
    dropped = 1 - config.neurons / config.features
    return np.sqrt(dropped * (target_moment(config, 4) - target_moment(config, 2) ** 2) / entries)
