"""Every published number of one network, by the definitions in `data/published.csv`."""

import jax.numpy as jnp
import numpy as np
from jax import Array

from lib import data, measure, theory
from lib.config import Config, Measurement
from lib.model import Network


def draws(config: Config, samples: int) -> tuple:
    """The samples on which `findings` measures, the same ones for every network."""
    return data.forced(data.key(0, "errors"), config, samples), data.ordered(data.key(0, "overload"), config, samples)


def findings(network: Network, config: Config, draws: tuple, about: Measurement = Measurement()) -> dict[str, Array]:
    """All ids of `data/published.csv` for one network, each a number."""
    forced, ordered = draws
    top = min(20, config.features)  # the post's largest load
    errors, naive = measure.errors(network, config, *forced), theory.naive_errors(config)
    error, change = errors["error"], errors["silenced"] - errors["error"][:, None]
    slopes, m, shares = measure.slopes(network), measure.folded_map(network), measure.shares(network)
    encoder, decoder = measure.norms(network)
    load = measure.overload(network, config, *ordered, top)
    footprints = change > about.harmed
    return {
        "naive_error": jnp.asarray(naive.mean()),
        "trained_error": error.mean(),
        "features_won": (error < naive).sum(),
        "error_range": error.max() - error.min(),
        "slope_mean": slopes.mean(),
        "slope_sd": slopes.std(ddof=1),
        "slope_outliers": ((slopes > 0.8) | (slopes < 0.2)).sum(),
        "slope_error_corr": measure.correlation(slopes, error),
        "worst_cross_term": 0.5 * measure.off_diagonal_entries(measure.response(network)).min(),
        "rank": jnp.linalg.matrix_rank(m),
        "off_to_diag": measure.off_to_diag(network),
        "routing_error_corr": measure.correlation(jnp.diagonal(m), error),
        "load_error_corr": measure.correlation(
            measure.interference_load(network), measure.residual(error, jnp.diagonal(m))
        ),
        "tied_cosine": measure.tied_cosine(network).mean(),
        "decoder_ratio": (decoder / encoder).mean(),
        "specialization": measure.specialization(network).mean(),
        "top1_share": shares[:, 0].mean(),
        "top10_share": shares[:, :10].sum(1).mean(),
        "features_touched": measure.touched(network, about.touched).mean(),
        "overload_r2": measure.line_r2(jnp.arange(1.0, top + 1), load),
        "overload_ratio_20": load[-1] / naive.mean(),
        "neurons_that_hurt": (change < 0).any(0).sum(),
        "functional_field": footprints.sum(0).mean(),
        "footprint_overlap": measure.pairs(measure.overlaps(footprints)).mean(),
    }
