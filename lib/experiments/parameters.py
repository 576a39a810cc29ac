"""What a parameters cell may set: every parameter, what fits together, and what gives way to what.

Ranges and joint constraints are declared with the fields of `Config`, `Measurement` and `Study`. A value that is typed
and does not fit is refused; one that is left at its default and does not fit gives way.
"""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.display import Markdown, display

from lib import paths
from lib.config import RAREST, Checked, Config, ConfigError, Measurement, checked, declare, limit, misfit

POWERS = (1.5, 1.75, 1.9, 1.95, 1.98, 2.0, 2.01, 2.02, 2.03, 2.05, 2.1, 2.25, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0)
RATES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0)
WEIGHTS = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 300.0, 1000.0)
WIDTHS = (5, 10, 15, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 100)
LENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
NETWORKS = ("relu", "gelu", "abs", "linear")


@dataclass(frozen=True)
class Study(Checked):
    """All that decides which networks a section trains and what it shows of them.

    `coarse` is a default where the committed tables do not help: other parameters are not the paper's.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """

    drawn: tuple = declare(
        (), "features to draw; none for best, middle and worst", 0, 9_999, kind=int, most=6, below="features"
    )
    rival_seeds: int = declare(16, "networks per rival reading, length or kind", 1, 100_000, at_most="seeds", coarse=4)
    lengths: tuple = declare(
        LENGTHS, "training lengths, times `steps`", 0, 1e6, open_low=True, kind=float, most=12, coarse=(0.1, 1.0, 10.0)
    )
    longest: int = declare(30_000, "limit of training lengths above `steps`", 1, 10_000_000)
    sizes: tuple = declare(
        (1, 2, 3, 4, 5), "neurons per feature, in networks by hand", 1, 10_000, kind=int, most=12, at_most="neurons"
    )
    powers: tuple = declare(
        POWERS, "powers of the error in the loss", 1, 16, kind=float, most=100, coarse=(1.5, 2.0, 2.25, 4.0)
    )
    rates: tuple = declare(RATES, "values of p", RAREST, 1, kind=float, most=100, coarse=(0.02, 0.1, 0.5, 1.0))
    weights: tuple = declare(WEIGHTS, "weights of favoured features", 1, 1e6, kind=float, most=100, coarse=(1.0, 100.0))
    widths: tuple = declare(
        WIDTHS, "numbers of neurons", 1, 10_000, kind=int, most=100, at_most="features", coarse=(10, 30, 100)
    )
    activations: tuple = declare(NETWORKS, "what neurons do with their input", kind=str, most=4, options=NETWORKS)
    tasks: int = declare(10, "tasks along which the decoder's length is watched", 1, 10, coarse=1)
    scales: tuple = declare(
        (1, 3, 10, 30), "sizes of larger problems, times `features`", 1, 1_000, kind=int, most=6, coarse=(1, 3)
    )
    grid: int = declare(15, "points along each axis of a phase diagram", 2, 1_000, coarse=3)
    every: int = declare(64, "of committed networks, one in so many is trained again; 1: all", 1, 1_000_000)
    digits: int = declare(4, "significant digits shown in the tables", 1, 12)


KINDS = (Config, Measurement, Study)
KNOWN = {field.name: field for kind in KINDS for field in dataclasses.fields(kind)}


def settle(section: str, **given: Any) -> tuple[Config, Measurement, Study]:
    """The parameters of a section, checked, with defaults that gave way; says so if they are not the paper's own.

    They are also left in `data/SECTION.json`, beside the section's tables.

    Args:
        section: the number of the notebook, as "02".
        given: what its parameters cell declares.

    Raises:
        ConfigError: a name is unknown, or a value that is not at its default does not fit.
    """
    values = settled(given)
    path = paths.output("data", f"{section}.json")
    path.write_text(json.dumps({name: values[name] for name in given}, indent=1) + "\n")
    if others := unlike(values):
        display(Markdown(f"*Not the paper's own parameters:* {told(others)}. {_gave_way(given, values)}"))
    if "features" in values:  # a section may choose the neurons itself
        values.setdefault("neurons", min(KNOWN["neurons"].default, values["features"]))
    return kinds(values)


def kinds(values: dict[str, Any]) -> tuple[Config, Measurement, Study]:
    """Settled values as what they set."""
    own = lambda kind: {f.name: values[f.name] for f in dataclasses.fields(kind) if f.name in values}
    return tuple(kind(**own(kind)) for kind in KINDS)


def _gave_way(given: dict[str, Any], values: dict[str, Any]) -> str:
    """Which defaults gave way, and why; nothing if none did."""
    gave = {name: value for name, value in values.items() if value != checked(KNOWN[name], given[name])}
    coarse = any("coarse" in KNOWN[name].metadata for name in gave)
    why = " What is swept is coarse, since the committed tables hold other parameters; what you type is kept." * coarse
    return f"Of these, {', '.join(gave)} followed the others.{why}" if gave else ""


def settled(given: dict[str, Any], typed: set[str] = frozenset()) -> dict[str, Any]:
    """`given`, each value checked alone and with the others; what is at its default, and not in `typed`, gives way.

    Raises:
        ConfigError: a name is unknown, or a typed value does not fit.
    """
    for name in given:
        if name not in KNOWN:
            raise ConfigError(f"unknown parameter {name!r}; the parameters are {', '.join(sorted(KNOWN))}")
    values = {name: checked(KNOWN[name], value) for name, value in given.items()}
    others = set(unlike(values))
    typed, afresh = set(typed) | others, bool(others & ROWS)
    for name, value in values.items():
        about = KNOWN[name].metadata
        if name not in typed:
            value = about.get("coarse", value) if afresh else value
            value = FOLLOWS[name](value, values) if name in FOLLOWS else value
        values[name] = _within(name, value, values, name in typed)
    return values


ROWS = {f.name for kind in (Config, Measurement) for f in dataclasses.fields(kind)} | {
    "rival_seeds"
}  # decide a table's
FOLLOWS = {  # defaults that are meant for the paper's own features and neurons
    "favoured": lambda value, values: min(values.get("neurons", value), values["features"] - 1),
    "widths": lambda value, values: tuple(dict.fromkeys(max(1, values["features"] * width // 100) for width in value)),
}


def _within(name: str, value: Any, values: dict[str, Any], typed: bool) -> Any:
    """`value` as it goes with the parameter that it must not exceed: refused if it is typed, else cut to what fits."""
    most, why = limit(KNOWN[name], values)
    if not why or max(value if isinstance(value, tuple) else (value,), default=0) <= most:
        return value
    if typed:
        raise misfit(name, list(value) if isinstance(value, tuple) else value, why)
    return tuple(entry for entry in value if entry <= most) if isinstance(value, tuple) else most


def unlike(values: dict[str, Any]) -> dict[str, Any]:
    """Those of `values` that are not the paper's own."""
    plain = lambda value: tuple(value) if isinstance(value, list) else value  # as JSON keeps a tuple
    return {name: value for name, value in values.items() if name in KNOWN and plain(value) != KNOWN[name].default}


def told(values: dict[str, Any]) -> str:
    """Values in words, as `PARAMS` takes them."""
    return ", ".join(f"{name}={typed(value)}" for name, value in values.items())


def typed(value: Any) -> str:
    """A value as it is typed in `PARAMS`."""
    return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def reaching(declared: Iterable[str], given: dict[str, Any]) -> dict[str, Any]:
    """Those of a run's parameters that a notebook declares, `rival_seeds` cut to `seeds` even where it has no `seeds`.

    Raises:
        ConfigError: as `settled`.
    """
    whole = settled({name: field.default for name, field in KNOWN.items()} | given, set(given))
    follows = "seeds" in given and whole["rival_seeds"] != KNOWN["rival_seeds"].default
    return {name: whole[name] for name in declared if name in given or (name == "rival_seeds" and follows)}


def ran_with(home: Path) -> dict[str, dict[str, Any]]:
    """The parameters that each section left beside its tables, by section; lists as lists."""
    files = sorted((home / "data").glob("[0-9][0-9].json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def followed(values: dict[str, Any]) -> set[str]:
    """Those of a section's values that came by themselves: defaults, and what gave way to the section's others."""

    def alone(name: str) -> Any:
        try:
            return settled(values | {name: KNOWN[name].default})[name]
        except ConfigError:
            return None

    values = {name: value for name, value in values.items() if name in KNOWN}
    return {name for name, value in values.items() if alone(name) == checked(KNOWN[name], value)}


def disagreement(home: Path) -> str:
    """Where sections ran with different parameters: one line that says how to run all of it one way; "" if nowhere."""
    sections = ran_with(home)
    free = {section: followed(values) for section, values in sections.items()}
    names = dict.fromkeys(name for values in sections.values() for name in values)
    lines = []
    for name in names:
        at = {section: values[name] for section, values in sections.items() if name in values}
        usual = max(at.values(), key=list(at.values()).count)
        own = any(value == usual and name not in free[section] for section, value in at.items())
        odd = {s: typed(value) for s, value in at.items() if value != usual and (own or name not in free[s])}
        lines += [f"section {at} ran with {name} = {value}, others with {typed(usual)}" for at, value in odd.items()]
    if not lines:
        return ""
    others = {n: v for s, values in sections.items() for n, v in unlike(values).items() if n not in free[s]}
    return f'{"; ".join(lines)}: to run all of it that way, make paper PARAMS="{told(others).replace(", ", " ")}"'
