"""Every published number, by its id in `data/published.csv`, as a function of ONE network."""

import jax.numpy as jnp
import numpy as np
from jax import Array

from lib import data, measure, theory
from lib.config import Config, Measurement
from lib.model import Network

LOAD = 20  # the post's largest number of features switched on at once


def findings(
    network: Network, config: Config, forced: tuple, ordered: tuple, touched: float, harmed: float
) -> dict[str, Array]:
    """All published numbers of one network, as SPEC defines them; NaN where there is no such number, such as a ratio
    to the error of a naive plan that drops no feature, or the overlap of a single neuron.

    Args:
        forced, ordered: evaluation samples, from `data.forced` and `data.ordered`.
        touched, harmed: the two thresholds, see `Measurement`.
    """
    naive = theory.naive_errors(config)
    measured = measure.errors(network, config, *forced)
    error, change = measured["error"], measured["silenced"] - measured["error"][:, None]
    slope, signal = measure.slopes(network), jnp.diagonal(measure.folded_map(network))
    responses = measure.off_diagonal_entries(measure.response(network))
    left_over = measure.residual(error, signal)
    encoder, decoder = measure.norms(network)
    shares = measure.shares(network)
    loads = jnp.arange(1, min(LOAD, config.features) + 1)
    overload = measure.overload(network, config, *ordered, loads)["active"]
    footprints = change > harmed
    return {
        "naive_error": naive.mean(),
        "trained_error": error.mean(),
        "features_won": (error < naive).sum(),
        "error_range": error.max() - error.min(),
        "slope_mean": slope.mean(),
        "slope_sd": slope.std(),
        "slope_outliers": ((slope > 0.8) | (slope < 0.2)).sum(),
        "slope_error_corr": measure.correlation(slope, error),
        "worst_cross_term": 0.5 * responses.min(),
        "rank": jnp.linalg.matrix_rank(measure.folded_map(network)),
        "off_to_diag": measure.off_to_diag(network),
        "routing_error_corr": measure.correlation(signal, error),
        "load_error_corr": measure.correlation(measure.interference_load(network), left_over),
        "tied_cosine": measure.tied_cosine(network).mean(),
        "decoder_ratio": (decoder / encoder).mean(),
        "specialization": measure.specialization(network).mean(),
        "top1_share": shares[:, 0].mean(),
        "top10_share": shares[:, :10].sum(1).mean(),
        "features_touched": measure.touched(network, touched).mean(),
        "overload_r2": measure.line_r2(loads.astype(jnp.float32), overload),
        "overload_ratio_20": overload[-1] / naive.mean() if config.neurons < config.features else jnp.nan,
        "neurons_that_hurt": (change < 0).any(0).sum(),
        "functional_field": footprints.sum(0).mean(),
        "footprint_overlap": measure.pairs(measure.overlaps(footprints)).mean(),
    }


def of_ensemble(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`findings` of every network of an ensemble, all on the same samples: for each id an array (seeds,)."""
    forced = data.forced(data.key(0, "errors"), config, options.samples)
    ordered = data.ordered(data.key(0, "overload"), config, options.samples)
    return measure.each(findings, networks, config.task(), forced, ordered, options.touched, options.harmed)
