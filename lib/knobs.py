"""Sweeps: a list of configurations for the one training path, read off network by network, kept as a tidy table.

A table is committed once all of its points are trained. A later run trains one point in so many again, and
refuses to go on where the two disagree; the other rows it takes as they are. A point that the table does not
hold is trained, so a finer grid costs only what is new.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from lib import data, measure, metrics, model, paths, store
from lib.config import Config
from lib.model import Network

class Disagreement(ValueError):
    """A point of a committed table does not come out again; the message says which, and what to do."""


def full(config: Config, seeds: int) -> Config:
    """The same ensemble trained until its loss has settled: ten times the rate, which gets as far as ten times the
    steps (notebook 10), on half the samples per step."""
    return dataclasses.replace(config, learning_rate=10 * config.learning_rate, batch=config.batch // 2, seeds=seeds)


def readings(network: Network, config: Config, x: Array) -> dict[str, Array]:
    """What a knob may move in one network, a number each.

    Args:
        x: samples (features, samples) of the training distribution.

    Returns: `slope_mean`, `slope_sd` over features; `served`, the share of features that are served (participation
    ratio of slopes, n / F for the naive plan and 1 where all are alike); `ignored`, features with a slope below half
    of n / F; `carriers`, neurons per feature that is not ignored, and `load`, features per neuron (participation
    ratios); `specialization`, `tied_cosine`, `decoder_ratio` as SPEC defines them; `offset` and `crosstalk`, mean and
    standard deviation of the responses off the diagonal; `active`, `mse`, `l4`, `loss`: errors, and the training
    loss, over the naive plan's on the same samples.
    """
    response = measure.response(network)
    slope, others = jnp.diagonal(response), measure.off_diagonal_entries(response)
    carried = jnp.maximum(network.w_out * network.activate(network.w_in.T), 0)  # what each neuron gives to a slope
    ignored = slope < config.neurons / config.features / 2
    encoder, decoder = measure.norms(network)
    ours, naive = (counted(plan, config, x) for plan in (network, model.naive(config)))
    return {
        "slope_mean": slope.mean(),
        "slope_sd": slope.std(),
        "served": participation(slope) / config.features,
        "ignored": ignored.sum(),
        "carriers": jnp.mean(participation(carried), where=~ignored),
        "load": participation(jnp.square(network.w_in[...])).mean(),
        "specialization": measure.specialization(network).mean(),
        "tied_cosine": measure.tied_cosine(network).mean(),
        "decoder_ratio": (decoder / encoder).mean(),
        "offset": others.mean(),
        "crosstalk": others.std(),
    } | {name: ours[name] / naive[name] for name in ours}


def participation(parts: Array) -> Array:
    """How many of the last axis carry the whole, (sum)**2 / sum of squares: 1 for one of them, all for all alike."""
    return jnp.square(parts.sum(-1)) / jnp.square(parts).sum(-1)


def counted(plan: Callable, config: Config, x: Array) -> dict[str, Array]:
    """The three metrics of a plan, see `lib.metrics`, and its training `loss`."""
    error, on = jnp.abs(plan(x) - data.target(config, x)), x != 0
    square, weight = jnp.square(error), data.importance(config)[:, None]
    return {
        "active": (square * on).sum() / on.sum(),
        "mse": square.mean(),
        "l4": jnp.square(square).mean(),
        "loss": (weight * error**config.exponent).mean(),
    }


def of_ensemble(
    networks: Network, config: Config, inputs: int, reading: Callable = readings, more: tuple = ()
) -> dict[str, np.ndarray]:
    """`reading(network, config, x, *more)` of every network, all on the same samples: for each name an array (seeds,)."""
    x = data.whole(data.key(0, "knobs"), config, inputs)
    config = dataclasses.replace(config, start="small", steps=1, batch=1, seeds=1)  # one program, however they were trained
    return measure.each(reading, networks, config, x, *more)


def sweep(name: str, points: Sequence[Config], every: int, inputs: int, read: Callable = of_ensemble) -> pd.DataFrame:
    """The table `data/NAME.csv`: a row for each network of each point, trained where it is not there yet.

    Args:
        every: of the points that the committed table holds, one in so many is trained again; 1 for all.
        inputs, read: `read(networks, config, inputs)` gives the columns, see `of_ensemble`.

    Returns: columns for the parameters in which the points differ, `seed`, what was read, and where the row comes
    from: `key` (a hash of the whole configuration and of how it is read), `made` (JAX's version and the devices).

    Raises:
        Disagreement: a point of the committed table came out otherwise.
        FloatingPointError, store.StoreError: as `store.networks`.
    """
    keys = [_key(point, inputs, read) for point in points]
    seeds = {key: point.seeds for key, point in zip(keys, points, strict=True)}
    committed = {key: rows for key, rows in _committed(paths.ROOT / "data" / f"{name}.csv").items() if len(rows) == seeds.get(key)}
    train = [i for i, key in enumerate(keys) if key not in committed or i % every == 0]
    store.sweep(points[i] for i in train)
    names = [f.name for f in dataclasses.fields(Config) if len({getattr(point, f.name) for point in points}) > 1]
    tables = []
    for i, (point, key) in enumerate(zip(points, keys, strict=True)):
        rows = committed.get(key)
        if i in train:
            labels = {field: getattr(point, field) for field in names} | {"seed": np.arange(point.seeds)}
            made = f"jax {jax.__version__} on {', '.join(sorted({d.device_kind for d in jax.local_devices()}))}"
            new = pd.DataFrame(labels | store.measured(read, point, inputs) | {"key": key, "made": made})
            if rows is not None and every > 1:
                _compare(name, rows, new, names)
            else:
                rows = new
        tables.append(rows)
    path = paths.output("data", f"{name}.csv")
    pd.concat(tables, ignore_index=True).to_csv(path, index=False, float_format="%.5g")
    return pd.read_csv(path)  # with the digits that a later run will find


def cube(table: pd.DataFrame, reading: str, *axes: str) -> np.ndarray:
    """A reading from a table of `sweep` over a full grid, (networks, *points), with the axes named in this order."""
    ordered = table.sort_values(["seed", *axes])[reading].to_numpy()
    return ordered.reshape(table.seed.nunique(), *(table[axis].nunique() for axis in axes))


def passes(at: Sequence[float], values: np.ndarray, threshold: float | np.ndarray) -> np.ndarray:
    """Where values (..., points) first pass a threshold, on straight lines in log(at); NaN where they never do."""
    relative = values / threshold
    return np.exp(np.apply_along_axis(lambda line: metrics.crossing(np.log(at), line), -1, relative))


def judge(name: str, *rows: tuple[str, str, str]) -> None:
    """Writes `data/NAME.csv`: a prediction of the post, the verdict, and the evidence in each row; see `claims.predictions`."""
    table = pd.DataFrame(rows, columns=["prediction", "verdict", "evidence"])
    table.to_csv(paths.output("data", f"{name}.csv"), index=False)


def _key(point: Config, inputs: int, read: Callable) -> str:
    whole = json.dumps([dataclasses.asdict(point), inputs, read.__module__, read.__name__], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def _committed(path: Path) -> dict[str, pd.DataFrame]:
    """Points of a committed table by their key; none if there is no table, or it is damaged (which is said)."""
    try:
        table = pd.read_csv(path) if path.exists() else pd.DataFrame()
    except ValueError as error:
        store.say(f"{path.name} is damaged ({error}); training all of it again")
        table = pd.DataFrame()
    return dict(list(table.groupby("key", sort=False))) if "key" in table else {}


def _compare(name: str, old: pd.DataFrame, new: pd.DataFrame, names: list[str]) -> None:
    """The mean of each reading may move by as much as two networks differ: training amplifies rounding."""
    numbers = [column for column in new if column not in (*names, "seed", "key", "made")]
    mean, room = old[numbers].mean(), 2 * old[numbers].std().fillna(0) + 0.02 * old[numbers].abs().mean() + 1e-6
    apart = (new[numbers].mean() - mean).abs() / room
    if (apart > 1).any():
        worst, at = apart.idxmax(), ", ".join(f"{field} = {new[field].iloc[0]}" for field in names)
        raise Disagreement(
            f"data/{name}.csv has {worst} = {mean[worst]:.4g} at {at}; trained again it is {new[worst].mean():.4g}: "
            f"if the code was meant to change that, delete the file and run again, which trains all of it"
        )
