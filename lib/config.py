"""The parameters of the paper, checked once, on construction."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

CHUNK = 256  # samples evaluated at once: every array of a pass then fits the processor's cache


class ConfigError(ValueError):
    """A parameter is misspelt, of the wrong type or out of range; the message says which and what fits."""


def _field(default: Any, meaning: str, low: float = -math.inf, high: float = math.inf, *, open_low: bool = False):
    """A dataclass field with its meaning and its range `low..high` (`low` excluded if `open_low`)."""
    return dataclasses.field(
        default=default, metadata={"meaning": meaning, "low": low, "high": high, "open_low": open_low}
    )


def _choice(default: str, meaning: str, *options: str):
    """A dataclass field that takes one of a few words."""
    return dataclasses.field(default=default, metadata={"meaning": meaning, "options": options})


def _checked(name: str, kind: type, value: Any, about: dict) -> Any:
    """`value` as a plain `kind`, or a `ConfigError` that names the parameter and what fits."""
    if "options" in about:
        fits, ok = "one of " + ", ".join(map(repr, about["options"])), value in about["options"]
    else:
        low, high = about["low"], about["high"]
        article = {int: "an integer", float: "a number"}[kind]
        fits = f"{article} {'above' if about['open_low'] else 'from'} {low:g} up to {high:g}"
        right_type = isinstance(value, (int, kind)) and not isinstance(value, bool)
        ok = right_type and low <= value <= high and not (about["open_low"] and value == low)
    if not ok:
        raise ConfigError(f"{name} = {value!r} does not fit: {about['meaning']} must be {fits}")
    return kind(value)


class _Checked:
    """Checks every field of a frozen dataclass and stores it as a plain int, float or str."""

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = _checked(field.name, field.type, getattr(self, field.name), field.metadata)
            object.__setattr__(self, field.name, value)


@dataclass(frozen=True)
class Config(_Checked):
    """All that decides a trained ensemble. The defaults are the post's experiment.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """

    features: int = _field(100, "number of features (inputs and outputs)", 2, 10_000)
    neurons: int = _field(10, "number of hidden neurons, the width", 1, 10_000)
    activation: str = _choice("relu", "what a neuron does with its input", "relu", "abs", "gelu", "linear")
    p: float = _field(0.02, "probability that a feature is on", 0, 1, open_low=True)
    low: float = _field(-1.0, "lower end of an active value, Uniform(low, 1)", -1, 0.99)
    target: str = _choice("relu", "what each output must return, ReLU(x) or x", "relu", "identity")
    exponent: float = _field(4.0, "power of the error in the loss", 1, 16)
    importance: float = _field(1.0, "weight in the loss of the most important feature, that of the least is 1", 1, 1e6)
    profile: str = _choice("step", "how weights fall from feature to feature", "step", "geometric")
    favoured: int = _field(10, "number of features that weigh more, if the profile is a step", 0, 10_000)
    start: str = _choice("small", "what training starts from", "small", "naive", "shared")
    steps: int = _field(1_000, "number of optimiser steps", 1, 10_000_000)
    batch: int = _field(2_048, "fresh samples per step", 1, 1_000_000)
    optimiser: str = _choice("adam", "a step size of its own for every weight, or one for all", "adam", "normalised")
    learning_rate: float = _field(3e-3, "the optimiser's rate at step 0, cosine-decayed to 0", 0, 10, open_low=True)
    init_scale: float = _field(0.01, "standard deviation of both matrices at step 0", 0, 10, open_low=True)
    seeds: int = _field(64, "number of networks in the ensemble", 1, 100_000)

    def __post_init__(self):
        super().__post_init__()
        if self.neurons > self.features:
            raise ConfigError(
                f"neurons = {self.neurons} does not fit: with features = {self.features} it must be at most that"
            )


@dataclass(frozen=True)
class Measurement(_Checked):
    """All that decides how a trained ensemble is measured and shown: sample sizes, thresholds, digits.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """

    samples: int = _field(16_384, "evaluation samples per feature and per load", CHUNK, 2**23)
    inputs: int = _field(65_536, "evaluation inputs for the three metrics", CHUNK, 2**26)
    k_max: int = _field(100, "largest number of features switched on at once", 2, 10_000)
    touched: float = _field(0.05, "abs(W_in) above which a neuron touches a feature", 0, 100)
    harmed: float = _field(0.005, "rise in error above which silencing a neuron harms a feature", 0, 100)
    rival_seeds: int = _field(16, "number of networks per rival reading, length or kind of network", 1, 100_000)
    longest: int = _field(30_000, "limit of training lengths above `steps`", 1, 10_000_000)
    grid: int = _field(15, "points along each axis of a phase diagram", 2, 1_000)
    every: int = _field(16, "of a sweep's committed points, one in so many is trained again; 1: all", 1, 1_000_000)
    digits: int = _field(4, "significant digits shown in the tables", 1, 12)

    def __post_init__(self):
        super().__post_init__()
        for name in ("samples", "inputs"):
            if (value := getattr(self, name)) % CHUNK:
                raise ConfigError(f"{name} = {value} does not fit: it must be a multiple of {CHUNK}")


def parameters() -> dict[str, dataclasses.Field]:
    """Every parameter that a notebook may declare, by name."""
    return {field.name: field for kind in (Config, Measurement) for field in dataclasses.fields(kind)}


def check(values: dict[str, Any]) -> None:
    """Refuses a set of parameters before anything is trained.

    Raises:
        ConfigError: a name is unknown, or a value has the wrong type or is out of range.
    """
    known = parameters()
    for name in values:
        if name not in known:
            raise ConfigError(f"unknown parameter {name!r}; the parameters are {', '.join(sorted(known))}")
    for kind in (Config, Measurement):
        names = {field.name for field in dataclasses.fields(kind)}
        kind(**{name: value for name, value in values.items() if name in names})
    k_max, features = values.get("k_max", 0), values.get("features", Config.features)
    if k_max > features:
        raise ConfigError(f"k_max = {k_max} does not fit: with features = {features} it must be at most that")
