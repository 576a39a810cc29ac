"""Sweeps: a list of configurations for the one training path, read off network by network, kept as a tidy table.

A table is committed once all of its points are trained, and so are networks that take long to train. A later run
trains one network in so many again, and refuses to go on where the two disagree; the rest it takes as it is. What is
not there is trained, so a finer grid costs only what is new.
"""

import dataclasses
import hashlib
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd

from lib import measure, paths, store
from lib.config import CHUNK, Config, Measurement, OneLine
from lib.devices import together
from lib.model import Network

# What a network's reading may move by: so many standard deviations between networks, since training amplifies rounding,
# and, where networks hardly differ, this part of the mean and this amount.
NETWORKS_APART, ROUNDING, FLOOR = 2, 0.02, 1e-6
KEPT = Measurement(inputs=CHUNK)  # how kept networks are read when they are compared
MOST = 2**21  # bytes: no file of the repository is larger
LABELS = ("seed", "key", "made")  # columns that hold no reading
PARAMETERS = [field.name for field in dataclasses.fields(Config)]  # nor do these


class Disagreement(OneLine, ValueError):
    """A committed network does not come out again; the message says which, and what to do."""


def threefold(config: Config, seeds: int) -> Config:
    """The same ensemble at ten times the rate, on half the samples per step: in as many steps it gets as far as the
    post's training does in about three times as many, by the slope (notebook 10)."""
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
        every: of the networks that the committed table holds, one in so many is trained again; 1 for all.
        options, read: `read(networks, config, options)` gives the columns, see `measure.read`.

    Returns: columns for the parameters in which the points differ, `seed`, what was read, and where the row comes
    from: `key` (a hash of all that is not at its default in the configuration and in how it is read), `made` (JAX's
    version and the devices); and, not in the file, columns for the parameters that all points share.

    Raises:
        Disagreement: a network of the committed table came out otherwise, or the table has other columns.
        FloatingPointError, store.StoreError: as `store.networks`.
    """
    committed, todo = _split(name, points, every, options)
    store.train_missing(todo.values())
    store.code(read.__module__)  # before there are threads: Python 3.11 may parse in one only
    found = dict(zip(todo, together(lambda i: store.measured(read, todo[i], options), todo), strict=True))
    names = [name for name in PARAMETERS if len({getattr(point, name) for point in points}) > 1]
    tables = []
    for i, point in enumerate(points):
        its_key = key(point, options)
        rows = committed.get(its_key)
        if i in todo:
            new = pd.DataFrame({"seed": np.arange(todo[i].seeds)} | found[i] | {"key": its_key, "made": made()})
            new = new.replace([np.inf, -np.inf], np.nan)  # over a naive plan without error, say
            if rows is not None:
                compare(f"{name}.csv", rows, new, {name: getattr(point, name) for name in names} or changed(point))
        tables.append(new if rows is None else rows)
    settings = pd.DataFrame([dataclasses.asdict(point) for point in points for _ in range(point.seeds)])
    path = paths.output("data", f"{name}.csv")
    settings[names].join(pd.concat(tables, ignore_index=True)).to_csv(path, index=False, float_format="%.5g")
    return paths.table(path).assign(**settings)  # readings with the digits that a later run will find


def to_train(name: str, points: Sequence[Config], every: int, options: Measurement) -> list[Config]:
    """What `table` would train, unless the store has it."""
    return list(_split(name, points, every, options)[1].values())


def _split(
    name: str, points: Sequence[Config], every: int, options: Measurement
) -> tuple[dict[str, pd.DataFrame], dict[int, Config]]:
    """The committed rows of the points by their keys, and what is to be trained, by point: all of it, or its share."""
    found = _committed(paths.ROOT / "data" / f"{name}.csv")
    keys = [key(point, options) for point in points]
    there = [len(found.get(its_key, ())) == point.seeds for its_key, point in zip(keys, points, strict=True)]
    todo = {i: again(point, i, every) if there[i] else point for i, point in enumerate(points)}
    committed = {its_key: found[its_key] for its_key, here in zip(keys, there, strict=True) if here}
    return committed, {i: config for i, config in todo.items() if config}


def again(point: Config, number: int, every: int) -> Config | None:
    """The networks of a point that are trained again, its first ones, so that they are one in `every` of all."""
    few, apart = -(-point.seeds // every), max(1, every // point.seeds)
    return dataclasses.replace(point, seeds=few) if number % apart == 0 else None


def take(name: str, configs: Sequence[Config], every: int) -> None:
    """`unpack`, after which `data/NAME.npz` is written anew with all of these ensembles.

    Raises:
        Disagreement, FloatingPointError, store.StoreError: as `table`.
    """
    kept, arrays = unpack(name, configs, every), {}
    for config in configs:
        its_key, networks = key(config, KEPT), store.networks(config)
        about = kept.get(its_key, {}).get("about", np.array(json.dumps(changed(config) | {"made": made()})))
        parts = {"w_in": networks.w_in, "w_out": networks.w_out, "loss": store.losses(config), "about": about}
        arrays |= {f"{its_key}.{part}": np.asarray(array) for part, array in parts.items()}
    if sum(array.nbytes for array in arrays.values()) < MOST:
        np.savez(paths.output("data", f"{name}.npz"), **arrays)


def unpack(name: str, configs: Sequence[Config], every: int) -> dict[str, dict[str, np.ndarray]]:
    """Puts the ensembles of `data/NAME.npz` into the store, and trains those that it does not hold.

    Args:
        every: as in `table`.

    Returns: what the file has for each ensemble, under its key: `w_in`, `w_out`, `loss`, and in words what it is and
    what made it.
    """
    kept = _unpacked(paths.ROOT / "data" / f"{name}.npz")
    for number, config in enumerate(configs):
        if mine := kept.get(key(config, KEPT)):
            if share := again(config, number, every):
                both = Network(mine["w_in"], mine["w_out"], config.activation), store.networks(share)
                compare(f"{name}.npz", *(pd.DataFrame(measure.read(n, config, KEPT)) for n in both), changed(config))
            for block in store.blocks(config):
                its = slice(block["first"], block["first"] + block["config"].seeds)
                store.put(block, {part: mine[part][its] for part in ("w_in", "w_out", "loss")})
    store.train_missing(configs)
    return kept


def to_take(name: str, configs: Sequence[Config], every: int) -> list[Config]:
    """What `take` would train, unless the store has it."""
    kept = _unpacked(paths.ROOT / "data" / f"{name}.npz")
    todo = [again(it, i, every) if key(it, KEPT) in kept else it for i, it in enumerate(configs)]
    return [config for config in todo if config]


def _unpacked(path: Path) -> dict[str, dict[str, np.ndarray]]:
    """The arrays of a file that `take` wrote, by key and name; none if there is no file, or it is damaged (said)."""
    found = {}
    if not path.exists():
        return found
    try:
        with open(path, "rb") as file:
            for name, array in np.load(file).items():
                found.setdefault(name.partition(".")[0], {})[name.partition(".")[2]] = array
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        store.say(f"{path.name} is damaged ({error}); training all of it again")
        return {}
    return found


def made() -> str:
    """What makes a row now: JAX's version and the devices."""
    return f"jax {jax.__version__} on {', '.join(sorted({d.device_kind for d in jax.local_devices()}))}"


def cube(table: pd.DataFrame, reading: str, *axes: str) -> np.ndarray:
    """A reading from a table over a full grid, (networks, *points), axes in this order; it may be empty."""
    ordered = table.sort_values(["seed", *axes])[reading].to_numpy()
    return ordered.reshape(table.seed.nunique(), *(table[axis].nunique() for axis in axes))


def key(point: Config, options: Measurement) -> str:
    """A hash of what makes a row: the parameters of a network and of its reading that are not at their defaults."""
    whole = json.dumps(changed(point) | changed(options), sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def changed(settings: Any) -> dict[str, Any]:
    """The fields of a dataclass that are not at their defaults."""
    values = ((field, getattr(settings, field.name)) for field in dataclasses.fields(settings))
    return {field.name: value for field, value in values if value != field.default}


def _committed(path: Path) -> dict[str, pd.DataFrame]:
    """Points of a committed table by their key; none if there is no table, or it is damaged (which is said)."""
    try:
        table = paths.table(path) if path.exists() else pd.DataFrame()
    except ValueError as error:
        store.say(f"{path.name} is damaged ({error}); training all of it again")
        table = pd.DataFrame()
    readings = table.drop(columns=PARAMETERS, errors="ignore")
    return dict(list(readings.groupby("key", sort=False))) if "key" in table else {}


def compare(file: str, old: pd.DataFrame, new: pd.DataFrame, settings: dict[str, Any]) -> None:
    """Refuses a point whose committed rows have other columns than the first of them made anew, or whose readings moved
    beyond the tolerances above."""
    mend = "if the code was meant to change that, delete the file and run again, which trains all of it"
    if odd := sorted({*old} ^ {*new}):
        side = {True: "has", False: "lacks"}
        raise Disagreement(
            f"data/{file} {', '.join(f'{side[column in old]} the column {column}' for column in odd)}: {mend}"
        )
    numbers = [column for column in new if column not in LABELS]
    mean, spread = old[numbers].mean(), old[numbers].std().fillna(0)
    room = NETWORKS_APART * spread + ROUNDING * mean.abs() + FLOOR
    was, now = old[numbers].iloc[: len(new)].reset_index(drop=True), new[numbers]
    apart = ((now - was).abs() / room).where(was.notna() | now.notna(), 0).fillna(np.inf).max()
    if (apart > 1).any():
        worst, at = apart.idxmax(), ", ".join(f"{field} = {value}" for field, value in settings.items())
        seed = (now - was)[worst].abs().fillna(np.inf).idxmax()
        raise Disagreement(
            f"data/{file} has {worst} = {was[worst][seed]:.4g} at {at}, network {seed}; trained again it is "
            f"{now[worst][seed]:.4g}: {mend}"
        )
