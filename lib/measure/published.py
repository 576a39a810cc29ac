"""Every published number, by its id in `data/published.csv`, as a function of ONE network."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from lib import data, model, store
from lib.config import CHUNK, Config, Measurement
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
    measured = error_metrics.errors(network, config, *forced)
    change, naive = measured["silenced"] - measured["error"][:, None], bounds.naive_errors(config)
    slope, responses = weights.slopes(network), weights.off_diagonal_entries(weights.response(network))
    shares = weights.shares(network)
    loads = jnp.arange(1, min(LOAD, config.features) + 1)
    overload = error_metrics.overload(network, config, *ordered, loads)["active"]
    footprints = change > harmed
    return by_error(network, measured["error"], naive) | {
        "slope_mean": slope.mean(),
        "slope_sd": slope.std(),
        "slope_outliers": ((slope > 0.8) | (slope < 0.2)).sum(),
        "worst_cross_term": 0.5 * responses.min(),
        "rank": jnp.linalg.matrix_rank(weights.folded_map(network)),
        "off_to_diag": weights.off_to_diag(network),
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


def by_error(network: Network, error: Array, naive: Array) -> dict[str, Array]:
    """The published numbers that rest on active-only MSEs, the network's and the naive plan's, each (features,)."""
    signal = jnp.diagonal(weights.folded_map(network))
    left_over = statistics.residual(error, signal)
    return {
        "naive_error": naive.mean(),
        "trained_error": error.mean(),
        "features_won": (error < naive).sum(),
        "error_range": error.max() - error.min(),
        "slope_error_corr": statistics.correlation(weights.slopes(network), error),
        "routing_error_corr": statistics.correlation(signal, error),
        "load_error_corr": statistics.correlation(weights.interference_load(network), left_over),
    }


def plain_by_error(one: tuple[Network, Array], config: Config, batches: Array, stops: Array) -> dict[str, Array]:
    """`by_error` as plain evaluation gives it: errors over the samples in which a feature happens to be on.

    The plain way to measure, and a noisy one: `errors` has about 1 / p times as many active entries.

    Args:
        one: a network, and the key of its samples.
        batches: numbers of the batches to draw, of `PLAIN` samples each; `stops`: (sizes,), after how many of them to
            stop.

    Returns: for each id an array (sizes,).
    """
    network, key = one
    sums = error_metrics.plain_sums(network, config, key, batches)
    ours, naive, on = (jnp.cumsum(part, 0)[stops - 1] for part in sums)
    return jax.vmap(by_error, (None, 0, 0))(network, ours / on, naive / on)


def plain_overload(one: tuple[Network, Array], config: Config, batches: Array, stops: Array) -> dict[str, Array]:
    """The two published numbers of overload as plain evaluation gives them; see `plain_by_error`.

    Every load is measured on as many samples; a batch has `CHUNK` of them at each load.
    """
    network, key = one
    loads, naive = jnp.arange(1, min(LOAD, config.features) + 1), partial(error_metrics.naive_outputs, config)

    def errors(batch):
        order, value = jax.random.split(jax.random.fold_in(key, batch))
        rank = jnp.argsort(jax.random.uniform(order, (config.features, CHUNK)), 0).argsort(0)
        draws = rank, jax.random.uniform(value, rank.shape, minval=config.low)
        return tuple(error_metrics.overload(plan, config, *draws, loads)["active"] for plan in (network, naive))

    ours, naive = (jnp.cumsum(part, 0)[stops - 1] / stops[:, None] for part in jax.lax.map(errors, batches))
    straight = jax.vmap(statistics.line_r2, (None, 0))(loads.astype(jnp.float32), ours)
    ratio = ours[:, -1] / naive[:, -1] if config.neurons < config.features else jnp.full(len(stops), jnp.nan)
    return {"overload_r2": straight, "overload_ratio_20": ratio}


def ensemble_numbers(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`published_numbers` of every network of an ensemble, all on the same samples: for each id an array (seeds,)."""
    forced = data.forced(data.key(0, "errors"), config, options.samples)
    ordered = data.ordered(data.key(0, "overload"), config, options.samples)
    return each(published_numbers, networks, config.task(), forced, ordered, options.touched, options.harmed)


def plain_numbers(
    read: Callable, networks: Network, config: Config, per_batch: int, sizes: list[int]
) -> dict[str, np.ndarray]:
    """Published numbers as plain evaluations of several sizes give them, on samples of each network's own.

    Args:
        read: `plain_by_error` or `plain_overload`; `per_batch`: samples in one of its batches.
        sizes: numbers of samples, multiples of `per_batch`.

    Returns: for each id an array (networks, sizes).
    """
    keys = jax.random.split(data.key(0, "plain"), len(networks.w_in))
    stops = np.array(sizes) // per_batch
    return each(read, (networks, keys), config.task(), np.arange(stops[-1]), stops)


def _plain(read: Callable, config: Config, count: int, per_batch: int, sizes: list[int]) -> dict[str, np.ndarray]:
    return plain_numbers(read, model.at(store.networks(config), slice(count)), config, per_batch, sizes)


def stored_plain(read: Callable, config: Config, count: int, per_batch: int, sizes: list[int]) -> pd.DataFrame:
    """`plain_numbers` of an ensemble's first networks, kept: columns id, samples, and `mean` and `sd` over them."""
    found = store.fetch(_plain, read=read, config=config, count=count, per_batch=per_batch, sizes=sizes)
    rows = [(name, n, x) for name, many in found.items() for n, x in zip(sizes, many.T, strict=True)]
    return pd.DataFrame(
        [(name, n, x.mean(), x.std(ddof=min(1, len(x) - 1))) for name, n, x in rows],
        columns=["id", "samples", "mean", "sd"],
    )


def stored_errors(config: Config, samples: int) -> dict[str, np.ndarray]:
    """`errors` of every network, kept: `error` (seeds, features), `silenced` (seeds, features, neurons)."""
    return store.measured(error_metrics.ensemble_errors, config, samples)


def stored_numbers(config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """Every published number of every network, kept: for each id an array (seeds,)."""
    return store.measured(ensemble_numbers, config, options)
