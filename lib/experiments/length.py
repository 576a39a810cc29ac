"""Training longer: the lengths, and the decoder's length beside the encoder's: section 10."""

from dataclasses import replace

import numpy as np

from lib import data, measure, store, train
from lib.config import Config, Measurement
from lib.experiments.parameters import Study
from lib.model import Network


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
    single = [replace(one_rate(config, study), activation=f) for f in activations]
    starts = [replace(plain, activation=f, init_scale=s) for f in activations for s in (0.001, 0.01, 0.1, 0.5)]
    lengths, steps = trained(config, study), config.steps
    reach = {"relu": max(lengths)}  # the others stop at three times the steps
    longer = [
        replace(plain, activation=f, steps=n) for f in activations for n in lengths if n <= reach.get(f, 3 * steps)
    ]
    return starts + single, longer + single


def one_rate(config: Config, study: Study) -> Config:
    """The same networks, fewer of them, with one step size for all weights."""
    return replace(config, seeds=study.rival_seeds, optimiser="normalised", learning_rate=config.learning_rate / 3)


def ratios(config: Config, study: Study) -> list[Config]:
    """All of `ratio_points`, each once."""
    return list(dict.fromkeys(sum(ratio_points(config, study), [])))


def near(config: Config, study: Study) -> list[Config]:
    """What section 10 trains each time: `trained` up to the length of `config`, and `one_rate`."""
    return [it for n, it in trained(config, study).items() if n <= config.steps] + [one_rate(config, study)]


def far(config: Config, study: Study) -> list[Config]:
    """Those of `trained` that are longer than `config`, the longest first: their networks are kept in `data/`."""
    return [it for n, it in reversed(trained(config, study).items()) if n > config.steps]


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


def ratio(network: Network, config: Config, x: np.ndarray) -> dict[str, np.ndarray]:
    """`decoder_ratio` of a network, and its training loss on the samples x: a row of the table."""
    return {"ratio": measure.decoder_ratio(network), "loss": train.loss(network, config, x, data.target(config, x))}


def read(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`ratio` of every network of an ensemble, all on the same samples: for each name an array (seeds,)."""
    return measure.read(networks, config, options, ratio)
