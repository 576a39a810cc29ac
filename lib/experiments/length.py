"""Training longer: the lengths, and the decoder's length beside the encoder's: section 10."""

from dataclasses import replace
from itertools import islice

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from lib import data, measure, store, train
from lib.config import CHUNK, RAREST, Config, Measurement
from lib.experiments import sweep
from lib.experiments.parameters import Study
from lib.model import Network


def trained(config: Config, study: Study) -> dict[int, Config]:
    """An ensemble for each training length: `study.lengths` times `config.steps`, the longest at most `study.longest`.

    At the length of `config`, always among them, it is `config` itself, since its spread is the yardstick.
    """
    steps = config.steps
    lengths = {max(1, round(steps * factor)) for factor in study.lengths if steps * factor <= study.longest} | {steps}
    return {n: config if n == steps else replace(config, steps=n, seeds=study.rival_seeds) for n in sorted(lengths)}


def tasks(config: Config) -> dict[str, Config]:
    """The task of `config`, and others: one or two things changed at a time."""
    linear, x = {"activation": "linear"}, {"target": "identity"}
    changes = {"power 2": {"exponent": 2.0}, "power 2.5": {"exponent": 2.5}, "power 8": {"exponent": 8.0}}
    changes |= {"p / 10": {"p": max(config.p / 10, RAREST)}, "5 p": {"p": min(5 * config.p, 1.0)}}
    changes |= {"abs": {"activation": "abs"}, "linear": linear, "linear, target x": linear | x, "target x": x}
    return {"this task": config} | {name: replace(config, **change) for name, change in changes.items()}


def drift_points(config: Config, study: Study) -> dict[str, list[Config]]:
    """Trainings along which the decoder's length beside the encoder's is watched, by task.

    Each of the first `study.tasks` is trained as the post trains, and by `sweep.threefold` one, five and ten times as
    long. At this task and at the power 8 the rate is also cut to a third and a tenth, and the batch is changed from a
    quarter to 16 times. At some tasks one step size for all weights stands beside Adam, at a third of the post's rate
    and at ten times that.
    """
    few, reach = min(4, study.rival_seeds), max(study.longest // config.steps, 1)
    found = {}
    for name, task in islice(tasks(config).items(), study.tasks):
        quick = sweep.threefold(task, few)
        rate, batch = quick.learning_rate, quick.batch
        plain = {"optimiser": "normalised", "learning_rate": config.learning_rate / 3}
        points = [(times, {}) for times in (1, 5, 10)]
        if name in ("this task", "power 8"):
            points += [(times, {"learning_rate": rate / 3}) for times in (1, 5, 10)] + [
                (10, {"learning_rate": rate / 10})
            ]
            points += [(times, {"batch": max(batch // 4, 1)}) for times in (1, 10)]
            points += [(times, {"batch": min(many * batch, 1_000_000)}) for many, times in ((4, 1), (4, 5), (16, 1))]
        if name in ("this task", "power 2.5", "power 8", "linear, target x"):
            rates = [plain, plain | {"learning_rate": min(10 * plain["learning_rate"], 10.0)}]
            points += [(times, changes) for changes in rates for times in (10, 5, 1)]
        many = [sweep.longer(replace(quick, **changes), times) for times, changes in points if times <= reach]
        found[name] = list(dict.fromkeys([replace(task, seeds=few), *many]))
    return found


def near(config: Config, study: Study) -> list[Config]:
    """What section 10 trains each time: `trained` up to the length of `config`."""
    return [it for n, it in trained(config, study).items() if n <= config.steps]


def far(config: Config, study: Study) -> list[Config]:
    """Those of `trained` that are longer than `config`, the longest first: their networks are kept in `data/`."""
    return [it for n, it in reversed(trained(config, study).items()) if n > config.steps]


def worth(own: pd.DataFrame, other: pd.Series) -> pd.Series:
    """How long to train for the readings of another training, over the shortest length that is given.

    Args:
        own: mean readings, a row each, by length, a column each, ascending; `other`: the other training's.

    Returns: a number for each reading, on straight lines in log(steps); NaN where its curve does not pass the other's.
    """
    apart = own.sub(other[own.index], axis=0).to_numpy()
    return pd.Series(measure.crossings(list(own), 1 + apart, 1.0) / own.columns[0], own.index)


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


def drift(network: Network, config: Config, x: np.ndarray) -> dict[str, np.ndarray]:
    """The decoder's length beside the encoder's, and where the noise of batches drives it, a number each.

    The noise of a matrix is the sum over a neuron's weights of the root mean square of their gradients over batches of
    `CHUNK` samples. With the decoder stretched beside the encoder by s it is sqrt(s) times as large in the encoder and
    1 / sqrt(s) times in the decoder, so it is alike in both at one ratio only: there Adam's noise moves it no more.

    Args:
        x: samples (features, samples) of the training distribution, whole chunks.

    Returns: means over neurons: `ratio`, the norm of the decoder over that of the encoder; `rest`, the ratio at which
    the noise is alike in both; `plain_rest`, the same for the sums of squares, which count with one step size for all
    weights; `difference` of the squared norms, as a part of their sum; and the training `loss`.
    """

    def squares(x):
        slope = jax.grad(train.loss)(network, config, x, data.target(config, x))
        return jnp.square(slope.w_in[...]).T, jnp.square(slope.w_out[...])

    batches = jnp.moveaxis(x.reshape(len(x), -1, CHUNK), 1, 0)
    into, out = (found.mean(0) for found in jax.lax.map(squares, batches))  # (features, neurons) each
    encoder, decoder = measure.norms(network)
    return {
        "ratio": measure.decoder_ratio(network),
        "rest": (decoder / encoder * jnp.sqrt(out).sum(0) / jnp.sqrt(into).sum(0)).mean(),
        "plain_rest": (decoder / encoder * jnp.sqrt(out.sum(0) / into.sum(0))).mean(),
        "difference": ((decoder**2 - encoder**2) / (decoder**2 + encoder**2)).mean(),
        "loss": train.loss(network, config, x, data.target(config, x)),
    }


def read(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`drift` of every network of an ensemble, all on the same samples: for each name an array (seeds,)."""
    return measure.read(networks, config, options, drift)
