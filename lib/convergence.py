"""Training longer: the lengths, what becomes of each finding, and the decoder's length beside the encoder's."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from lib import claims, measure, store
from lib.config import Config
from lib.model import Network
from lib.parameters import Study

SMALL = 0.1  # a change by less than this share of the value is a shift


def trained(config: Config, study: Study) -> dict[int, Config]:
    """An ensemble for each training length: `study.lengths` times `config.steps`, the longest at most `study.longest`.

    At the length of `config`, always among them, it is `config` itself, since its spread is the yardstick.
    """
    steps = config.steps
    lengths = {max(1, round(steps * factor)) for factor in study.lengths if steps * factor <= study.longest} | {steps}
    return {n: config if n == steps else replace(config, steps=n, seeds=study.rival_seeds) for n in sorted(lengths)}


def ratio_points(config: Config, study: Study) -> tuple[list[Config], list[Config]]:
    """Networks by the size of their first weights, and by training length, for three activations; one step size beside Adam."""
    plain, activations = replace(config, seeds=study.rival_seeds), ("relu", "abs", "linear")
    one_rate = replace(plain, optimiser="normalised", learning_rate=plain.learning_rate / 3)
    single = [replace(one_rate, activation=f) for f in activations]
    starts = [replace(plain, activation=f, init_scale=s) for f in activations for s in (0.001, 0.01, 0.1, 0.5)]
    lengths = trained(config, study)
    longer = [replace(plain, activation=f, steps=n) for f in activations for n in lengths if f == "relu" or n <= 3 * config.steps]
    return starts + single, longer + single


def trainings(config: Config, study: Study) -> list[Config]:
    """All that section 10 trains, the longest first: the short ones fill the cores that it leaves idle."""
    every = [*trained(config, study).values(), *sum(ratio_points(config, study), [])]
    return sorted(dict.fromkeys(every), key=lambda config: -config.steps)


def futures(short: pd.DataFrame, long: pd.DataFrame, longer: pd.DataFrame) -> pd.DataFrame:
    """What becomes of each finding when training goes on. Tables have a row per network and a column per id.

    Columns: `short`, its central 95 % of single networks `low` to `high`, and `converged` with its own.
    `future` is "stays" if the converged mean lies from `low` to `high`; if not, it "shifts" or, if it moved by
    more than a tenth of its value, "changes"; "undefined" if there is no such number. `settled` says that the converged mean lies in the central 95 %
    of the networks of the length before. `published_survives` says that the published value lies where a
    converged network would lie, given its rounding; `published_reproduced` says so of the short training.

    Args:
        short, long, longer: networks at the post's length, at the length before the longest, at the longest.
    """
    now, then, before = (claims.summary(table) for table in (short, longer, long))
    rows = pd.DataFrame(
        {
            "short": now["mean"],
            "low": now.low,
            "high": now.high,
            "converged": then["mean"],
            "converged_sd": then.sd,
            "converged_low": then.low,
            "converged_high": then.high,
        }
    )
    moved = rows.converged - rows.short
    large = moved.abs() > SMALL * rows.short.abs()
    rows["future"] = np.where(_inside(now, then["mean"]), "stays", np.where(large, "changes", "shifts"))
    rows.loc[~np.isfinite(moved), "future"] = "undefined"
    rows["settled"] = _inside(before, then["mean"])
    rows["published_reproduced"] = now.verdict == "inside the spread"
    rows["published_survives"] = then.verdict == "inside the spread"
    return rows


def _inside(rows: pd.DataFrame, value: pd.Series) -> pd.Series:
    """Whether a value lies in a spread, up to rounding in float32."""
    room = 1e-6 * value.abs()
    return (value >= rows.low - room) & (value <= rows.high + room)


def over_cuts(config: Config, samples: int, weights: np.ndarray, rises: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features that a neuron touches and that its loss harms, mean neuron, against the cut: (seeds, cuts) each.

    Args:
        samples: evaluation samples per feature.
        weights, rises: cuts on abs(W_in), and on the rise in active-only MSE when the neuron is silenced.
    """
    size, measured = np.abs(np.asarray(store.networks(config).w_in)), store.errors(config, samples)
    rise = measured["silenced"] - measured["error"][:, :, None]
    touched = [(size > cut).sum(2).mean(1) for cut in weights]
    return np.stack(touched, 1), np.stack([(rise > cut).sum(1).mean(1) for cut in rises], 1)


def decoder_ratio(network: Network):
    """Mean over neurons of norm(W_out[:, k]) / norm(W_in[k, :])."""
    encoder, decoder = measure.norms(network)
    return (decoder / encoder).mean()


def ratios(configs: Iterable[Config]) -> pd.DataFrame:
    """`decoder_ratio` of every network of many ensembles, a row each, with what was varied and its last loss."""
    tables, configs = [], list(configs)
    store.sweep(configs)
    for config in configs:
        ratio = measure.each(decoder_ratio, store.networks(config))
        loss = store.losses(config)[:, -max(1, config.steps // 20) :].mean(1)
        about = {name: getattr(config, name) for name in ("activation", "optimiser", "init_scale", "steps")}
        tables.append(pd.DataFrame(about | {"seed": np.arange(len(ratio)), "ratio": ratio, "loss": loss}))
    return pd.concat(tables, ignore_index=True)
