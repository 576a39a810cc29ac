"""Training longer: the lengths, and the decoder's length beside the encoder's: section 10."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from lib import measure, store
from lib.config import Config
from lib.experiments.parameters import Study


def trained(config: Config, study: Study) -> dict[int, Config]:
    """An ensemble for each training length: `study.lengths` times `config.steps`, the longest at most `study.longest`.

    At the length of `config`, always among them, it is `config` itself, since its spread is the yardstick.
    """
    steps = config.steps
    lengths = {max(1, round(steps * factor)) for factor in study.lengths if steps * factor <= study.longest} | {steps}
    return {n: config if n == steps else replace(config, steps=n, seeds=study.rival_seeds) for n in sorted(lengths)}


def ratio_points(config: Config, study: Study) -> tuple[list[Config], list[Config]]:
    """Networks by the size of their first weights, and by length, for three activations; one step size beside Adam."""
    plain, activations = replace(config, seeds=study.rival_seeds), ("relu", "abs", "linear")
    one_rate = replace(plain, optimiser="normalised", learning_rate=plain.learning_rate / 3)
    single = [replace(one_rate, activation=f) for f in activations]
    starts = [replace(plain, activation=f, init_scale=s) for f in activations for s in (0.001, 0.01, 0.1, 0.5)]
    lengths, steps = trained(config, study), config.steps
    reach = {"relu": max(lengths)}  # the others stop at three times the steps
    longer = [
        replace(plain, activation=f, steps=n) for f in activations for n in lengths if n <= reach.get(f, 3 * steps)
    ]
    return starts + single, longer + single


def trainings(config: Config, study: Study) -> list[Config]:
    """All that section 10 trains, the longest first: the short ones fill the cores that it leaves idle."""
    every = [*trained(config, study).values(), *sum(ratio_points(config, study), [])]
    return sorted(dict.fromkeys(every), key=lambda config: -config.steps)


def over_cuts(config: Config, samples: int, weights: np.ndarray, rises: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features that a neuron touches and that its loss harms, mean neuron, against the cut: (seeds, cuts) each.

    Args:
        samples: evaluation samples per feature.
        weights, rises: cuts on abs(W_in), and on the rise in active-only MSE when the neuron is silenced.
    """
    size, measured = np.abs(np.asarray(store.networks(config).w_in)), measure.stored_errors(config, samples)
    rise = measured["silenced"] - measured["error"][:, :, None]
    touched = [(size > cut).sum(2).mean(1) for cut in weights]
    return np.stack(touched, 1), np.stack([(rise > cut).sum(1).mean(1) for cut in rises], 1)


def ratios(configs: Iterable[Config]) -> pd.DataFrame:
    """`decoder_ratio` of every network of many ensembles, a row each, with what was varied and its last loss."""
    tables, configs = [], list(configs)
    store.train_missing(configs)
    for config in configs:
        ratio = measure.each(measure.decoder_ratio, store.networks(config))
        loss = store.losses(config)[:, -max(1, config.steps // 20) :].mean(1)
        about = {name: getattr(config, name) for name in ("activation", "optimiser", "init_scale", "steps")}
        tables.append(pd.DataFrame(about | {"seed": np.arange(len(ratio)), "ratio": ratio, "loss": loss}))
    return pd.concat(tables, ignore_index=True)
