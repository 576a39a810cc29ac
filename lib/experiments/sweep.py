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
from typing import Any

import jax
import numpy as np
import pandas as pd

from lib import measure, paths, store
from lib.config import CHUNK, Config, Measurement, OneLine, changed
from lib.devices import together

# What the mean of a point may move by: so many standard deviations of a network, since training amplifies rounding,
# and, where networks hardly differ, this part of the mean and this amount.
NETWORKS_APART, ROUNDING, FLOOR = 2, 0.02, 1e-6
LABELS = ("seed", "key", "made")  # columns that hold no reading
PARAMETERS = [field.name for field in dataclasses.fields(Config)]  # nor do these


class Disagreement(OneLine, ValueError):
    """A point of a committed table does not come out again; the message says which, and what to do."""


def at_full_rate(config: Config, seeds: int) -> Config:
    """The same ensemble trained until its loss has settled: ten times the rate, which gets as far as ten times the
    steps (notebook 10), on half the samples per step."""
    rate, batch = min(10 * config.learning_rate, 10.0), max(config.batch // 2, 1)
    return dataclasses.replace(config, learning_rate=rate, batch=batch, seeds=seeds)


def longer(config: Config, times: int = 5) -> Config:
    """The same ensemble trained so many times as long, as far as training may go."""
    return dataclasses.replace(config, steps=min(times * config.steps, 10_000_000))


def fewer(options: Measurement) -> Measurement:
    """An eighth of the inputs, for tables of many points."""
    return dataclasses.replace(options, inputs=max(CHUNK, options.inputs // 8 // CHUNK * CHUNK))


def table(
    name: str, points: Sequence[Config], every: int, options: Measurement, read: Callable = measure.read
) -> pd.DataFrame:
    """The table `data/NAME.csv`: a row for each network of each point, trained where it is not there yet.

    Args:
        every: of the points that the committed table holds, one in so many is trained again; 1 for all.
        options, read: `read(networks, config, options)` gives the columns, see `measure.read`.

    Returns: columns for the parameters in which the points differ, `seed`, what was read, and where the row comes
    from: `key` (a hash of all that is not at its default in the configuration and in how it is read), `made` (JAX's
    version and the devices); and, not in the file, columns for the parameters that all points share.

    Raises:
        Disagreement: a point of the committed table came out otherwise, or the table has other columns.
        FloatingPointError, store.StoreError: as `store.networks`.
    """
    keys = [key(point, options) for point in points]
    committed, train = _split(name, points, keys, every)
    store.train_missing(points[i] for i in train)
    found = dict(zip(train, together(lambda i: store.measured(read, points[i], options), train), strict=True))
    names = [name for name in PARAMETERS if len({getattr(point, name) for point in points}) > 1]
    tables = []
    for i, (point, its_key) in enumerate(zip(points, keys, strict=True)):
        rows = committed.get(its_key)
        if i in train:
            made = f"jax {jax.__version__} on {', '.join(sorted({d.device_kind for d in jax.local_devices()}))}"
            new = pd.DataFrame({"seed": np.arange(point.seeds)} | found[i] | {"key": its_key, "made": made})
            new = new.replace([np.inf, -np.inf], np.nan)  # over a naive plan without error, say
            if rows is not None:
                _compare(name, rows, new, {name: getattr(point, name) for name in names} or changed(point))
        tables.append(new if rows is None else rows)
    settings = pd.DataFrame([dataclasses.asdict(point) for point in points for _ in range(point.seeds)])
    path = paths.output("data", f"{name}.csv")
    settings[names].join(pd.concat(tables, ignore_index=True)).to_csv(path, index=False, float_format="%.5g")
    return paths.table(path).assign(**settings)  # readings with the digits that a later run will find


def to_train(name: str, points: Sequence[Config], every: int, options: Measurement) -> list[Config]:
    """Those of the points that `table` would train, unless the store has them."""
    return [points[i] for i in _split(name, points, [key(point, options) for point in points], every)[1]]


def _split(
    name: str, points: Sequence[Config], keys: list[str], every: int
) -> tuple[dict[str, pd.DataFrame], list[int]]:
    """The committed rows of the points by their keys, and which points are to be trained."""
    seeds = {key: point.seeds for key, point in zip(keys, points, strict=True)}
    found = _committed(paths.ROOT / "data" / f"{name}.csv")
    committed = {key: rows for key, rows in found.items() if len(rows) == seeds.get(key)}
    return committed, [i for i, key in enumerate(keys) if key not in committed or i % every == 0]


def cube(table: pd.DataFrame, reading: str, *axes: str) -> np.ndarray:
    """A reading from a table over a full grid, (networks, *points), axes in this order; it may be empty."""
    ordered = table.sort_values(["seed", *axes])[reading].to_numpy()
    return ordered.reshape(table.seed.nunique(), *(table[axis].nunique() for axis in axes))


def key(point: Config, options: Measurement) -> str:
    """A hash of what makes a row: the parameters of a network and of its reading that are not at their defaults."""
    whole = json.dumps(changed(point) | changed(options), sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def _committed(path: Path) -> dict[str, pd.DataFrame]:
    """Points of a committed table by their key; none if there is no table, or it is damaged (which is said)."""
    try:
        table = paths.table(path) if path.exists() else pd.DataFrame()
    except ValueError as error:
        store.say(f"{path.name} is damaged ({error}); training all of it again")
        table = pd.DataFrame()
    readings = table.drop(columns=PARAMETERS, errors="ignore")
    return dict(list(readings.groupby("key", sort=False))) if "key" in table else {}


def _compare(name: str, old: pd.DataFrame, new: pd.DataFrame, settings: dict[str, Any]) -> None:
    """Refuses a point whose committed rows have other columns, or whose mean moved beyond the tolerances above."""
    mend = "if the code was meant to change that, delete the file and run again, which trains all of it"
    if odd := sorted({*old} ^ {*new}):
        side = {True: "has", False: "lacks"}
        raise Disagreement(
            f"data/{name}.csv {', '.join(f'{side[column in old]} the column {column}' for column in odd)}: {mend}"
        )
    numbers = [column for column in new if column not in LABELS]
    mean, spread = old[numbers].mean(), old[numbers].std().fillna(0)
    room = NETWORKS_APART * spread + ROUNDING * mean.abs() + FLOOR
    again = new[numbers].mean()
    apart = ((again - mean).abs() / room).where(mean.notna() | again.notna(), 0).fillna(np.inf)
    if (apart > 1).any():
        worst, at = apart.idxmax(), ", ".join(f"{field} = {value}" for field, value in settings.items())
        raise Disagreement(
            f"data/{name}.csv has {worst} = {mean[worst]:.4g} at {at}; trained again it is {again[worst]:.4g}: {mend}"
        )
