"""Every published number, by its id in `data/published.csv`, as a function of ONE network."""

import jax.numpy as jnp
import numpy as np
from jax import Array

from lib import data, store
from lib.config import Config, Measurement
from lib.devices import each
from lib.measure import error_metrics, sets, statistics, weights
from lib.model import Network
from lib.theory import bounds

LOAD = 20  # the post's largest number of features switched on at once


def published_numbers(
    network: Network, config: Config, forced: tuple, ordered: tuple, touched: float, harmed: float
) -> dict[str, Array]:
    """All published numbers of one network, as SPEC defines them; NaN where there is no such number, such as a ratio
    to the error of a naive plan that drops no feature, or the overlap of a single neuron.

    Args:
        forced, ordered: evaluation samples, from `data.forced` and `data.ordered`.
        touched, harmed: the two thresholds, see `Measurement`.
    """
    naive = bounds.naive_errors(config)
    measured = error_metrics.errors(network, config, *forced)
    error, change = measured["error"], measured["silenced"] - measured["error"][:, None]
    slope, signal = weights.slopes(network), jnp.diagonal(weights.folded_map(network))
    responses = weights.off_diagonal_entries(weights.response(network))
    left_over = statistics.residual(error, signal)
    shares = weights.shares(network)
    loads = jnp.arange(1, min(LOAD, config.features) + 1)
    overload = error_metrics.overload(network, config, *ordered, loads)["active"]
    footprints = change > harmed
    return {
        "naive_error": naive.mean(),
        "trained_error": error.mean(),
        "features_won": (error < naive).sum(),
        "error_range": error.max() - error.min(),
        "slope_mean": slope.mean(),
        "slope_sd": slope.std(),
        "slope_outliers": ((slope > 0.8) | (slope < 0.2)).sum(),
        "slope_error_corr": statistics.correlation(slope, error),
        "worst_cross_term": 0.5 * responses.min(),
        "rank": jnp.linalg.matrix_rank(weights.folded_map(network)),
        "off_to_diag": weights.off_to_diag(network),
        "routing_error_corr": statistics.correlation(signal, error),
        "load_error_corr": statistics.correlation(weights.interference_load(network), left_over),
        "tied_cosine": weights.tied_cosine(network).mean(),
        "decoder_ratio": weights.decoder_ratio(network),
        "specialization": weights.specialization(network).mean(),
        "top1_share": shares[:, 0].mean(),
        "top10_share": shares[:, :10].sum(1).mean(),
        "features_touched": sets.touched(network, touched).mean(),
        "overload_r2": statistics.line_r2(loads.astype(jnp.float32), overload),
        "overload_ratio_20": overload[-1] / naive.mean() if config.neurons < config.features else jnp.nan,
        "neurons_that_hurt": (change < 0).any(0).sum(),
        "functional_field": footprints.sum(0).mean(),
        "footprint_overlap": statistics.pairs(statistics.overlaps(footprints)).mean(),
    }


def ensemble_numbers(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`published_numbers` of every network of an ensemble, all on the same samples: for each id an array (seeds,)."""
    forced = data.forced(data.key(0, "errors"), config, options.samples)
    ordered = data.ordered(data.key(0, "overload"), config, options.samples)
    return each(published_numbers, networks, config.task(), forced, ordered, options.touched, options.harmed)


def stored_errors(config: Config, samples: int) -> dict[str, np.ndarray]:
    """`errors` of every network, kept: `error` (seeds, features), `silenced` (seeds, features, neurons)."""
    return store.measured(error_metrics.ensemble_errors, config, samples)


def stored_numbers(config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """Every published number of every network, kept: for each id an array (seeds,)."""
    return store.measured(ensemble_numbers, config, options)
