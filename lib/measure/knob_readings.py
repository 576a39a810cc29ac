"""What a knob may move in ONE network, and how it is read off an ensemble."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array

from lib import data, model
from lib.config import Config, Measurement
from lib.devices import each
from lib.measure import error_metrics, sets, statistics, weights
from lib.model import Network


def readings(network: Network, config: Config, x: Array) -> dict[str, Array]:
    """What a knob may move in one network, a number each.

    Args:
        x: samples (features, samples) of the training distribution.

    Returns: `slope_mean`, `slope_sd` over features; `served`, the share of features that are served (participation
    ratio of slopes, n / F for the naive plan and 1 where all are alike); `ignored`, features with a slope below
    half of n / F; `carriers`, neurons per feature that is not ignored, and `load`, features per neuron
    (participation ratio of the encoder row); `specialization`, `tied_cosine`, `decoder_ratio` as SPEC defines them;
    `offset` and `crosstalk`, mean and standard deviation of the responses off the diagonal; `active`, `mse`, `l4`,
    `loss`: errors, and the training loss, over the naive plan's on the same samples; NaN where the naive plan makes
    none.
    """
    response = weights.response(network)
    slope, others = jnp.diagonal(response), weights.off_diagonal_entries(response)
    ignored = slope < config.neurons / config.features / 2
    ours, naive = (error_metrics.metrics_and_loss(plan, config, x) for plan in (network, model.naive(config)))
    return {
        "slope_mean": slope.mean(),
        "slope_sd": slope.std(),
        "served": statistics.participation_ratio(slope) / config.features,
        "ignored": ignored.sum(),
        "carriers": jnp.mean(sets.carriers(network).sum(0), where=~ignored),
        "load": statistics.participation_ratio(jnp.square(network.w_in[...])).mean(),
        "specialization": weights.specialization(network).mean(),
        "tied_cosine": weights.tied_cosine(network).mean(),
        "decoder_ratio": weights.decoder_ratio(network),
        "offset": others.mean(),
        "crosstalk": others.std(),
    } | {name: ours[name] / naive[name] for name in ours}


def read(
    networks: Network, config: Config, options: Measurement, reading: Callable = readings, more: tuple = ()
) -> dict[str, np.ndarray]:
    """`reading(network, config, x, *more)` of every network, all on the same samples: arrays (seeds,) by name."""
    x = data.evaluation_samples(data.key(0, "knobs"), config, options.inputs)
    return each(reading, networks, config.task(), x, *more)
