"""What decides a trained network, and how it is measured: two frozen dataclasses that check themselves."""

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

RAREST = 1e-9  # the least p: 32 random bits hardly tell a rarer feature from none
CHUNK = 256  # samples evaluated at once: every array of a pass then fits the processor's cache


class OneLine(Exception):
    """An error that its message explains: JupyterLab shows that one line, and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class ConfigError(OneLine, ValueError):
    """A parameter is misspelt, of the wrong type or out of range; the message says which and what fits."""


def misfit(name: str, value: Any, why: str) -> ConfigError:
    """The error of a value that does not fit."""
    return ConfigError(f"{name} = {value!r} does not fit: {why}")


def declare(default: Any, meaning: str, low: float = -math.inf, high: float = math.inf, **about: Any) -> Any:
    """A dataclass field with its meaning and its range `low..high`.

    Args:
        about: `open_low` excludes `low`. `multiple` is what the value must be a multiple of. `options` are the words
            that fit. `at_most` names the parameter that this one must not exceed, `below` one that it must stay under:
            typed, it is refused there; left at its default, it gives way. Of a list, all of this is said of its
            entries; `kind` is their type, `most` how many there may be (from 1, or from 0 if the default is empty).
    """
    return dataclasses.field(default=default, metadata={"meaning": meaning, "low": low, "high": high} | about)


def checked(field: dataclasses.Field, value: Any) -> Any:
    """`value` as a plain int, float, str or list of them, or a `ConfigError` that names the parameter and what fits."""
    about, name = field.metadata, field.name
    if "kind" not in about:
        return _entry(name, field.type, value, about)
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise misfit(name, value, f"{about['meaning']} must be a list, as in {list(field.default) or [1, 2]}")
    values, least = tuple(_entry(name, about["kind"], entry, about) for entry in value), min(1, len(field.default))
    if not least <= len(values) <= about["most"] or len(set(values)) < len(values):
        raise misfit(name, list(values), f"it must have {least} to {about['most']} different entries")
    return values


def _entry(name: str, kind: type, value: Any, about: dict) -> Any:
    if "options" in about:
        fits, ok = "one of " + ", ".join(map(repr, about["options"])), value in about["options"]
    else:
        low, high, multiple = about["low"], about["high"], about.get("multiple", 1)
        article = {int: "an integer", float: "a number"}[kind]
        fits = f"{article} {'above' if about.get('open_low') else 'from'} {low:g} up to {high:g}"
        fits += f" and a multiple of {multiple}" if multiple > 1 else ""
        right_type = isinstance(value, (int, kind)) and not isinstance(value, bool)
        ok = right_type and low <= value <= high and not (about.get("open_low") and value == low)
        ok = ok and (multiple == 1 or value % multiple == 0)
    if not ok:
        raise misfit(name, value, f"{about['meaning']} must be {fits}")
    return kind(value)


def limit(field: dataclasses.Field, values: dict[str, Any]) -> tuple[float, str]:
    """The most that a parameter may be beside the others, and what that is called; no limit if they do not name one."""
    for word, less in (("at_most", 0), ("below", 1)):
        if (bound := field.metadata.get(word)) in values:
            return values[bound] - less, f"with {bound} = {values[bound]} it must be {word.replace('_', ' ')} that"
    return math.inf, ""


class Checked:
    """Checks every field of a frozen dataclass and stores it as a plain value."""

    def __post_init__(self):
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, checked(field, getattr(self, field.name)))


@dataclass(frozen=True)
class Config(Checked):
    """All that decides a trained ensemble. The defaults are the post's experiment.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """

    features: int = declare(100, "number of features (inputs and outputs)", 2, 10_000)
    neurons: int = declare(10, "number of hidden neurons, the width", 1, 10_000, at_most="features")
    activation: str = declare("relu", "what a neuron does with its input", options=("relu", "abs", "gelu", "linear"))
    biases: str = declare("none", "constants of neurons, or of outputs as well", options=("none", "hidden", "both"))
    p: float = declare(0.02, "probability that a feature is on", RAREST, 1)
    low: float = declare(-1.0, "lower end of an active value, Uniform(low, 1)", -1, 0.99)
    target: str = declare("relu", "what each output must return, ReLU(x) or x", options=("relu", "identity"))
    exponent: float = declare(4.0, "power of the error in the loss", 1, 16)
    importance: float = declare(1.0, "weight in the loss of the most important feature, that of the least is 1", 1, 1e6)
    profile: str = declare("step", "how weights fall from feature to feature", options=("step", "geometric"))
    favoured: int = declare(10, "number of features that weigh more, of a step", 1, 10_000, below="features")
    start: str = declare("small", "what training starts from", options=("small", "naive", "shared"))
    steps: int = declare(1_000, "number of optimiser steps", 1, 10_000_000)
    batch: int = declare(2_048, "fresh samples per step", 1, 1_000_000)
    optimiser: str = declare("adam", "a step size for every weight, or one for all", options=("adam", "normalised"))
    learning_rate: float = declare(3e-3, "the optimiser's rate at step 0, cosine-decayed to 0", 0, 10, open_low=True)
    init_scale: float = declare(0.01, "standard deviation of both matrices at step 0", 0, 10, open_low=True)
    seeds: int = declare(64, "number of networks in the ensemble", 1, 100_000)

    def __post_init__(self):
        super().__post_init__()
        most, why = limit(self.__dataclass_fields__["neurons"], {"features": self.features})
        if self.neurons > most:
            raise misfit("neurons", self.neurons, why)

    @cached_property
    def fourth_power(self) -> bool:
        """Whether the loss takes the post's power: squares, compiled in, cost half of what a power does."""
        return self.exponent == 4

    def task(self) -> "Config":
        """The same without how it is trained: what is read off networks is compiled once, however they were trained."""
        return dataclasses.replace(self, start="small", steps=1, batch=1, optimiser="adam", seeds=1)


@dataclass(frozen=True)
class Measurement(Checked):
    """All that decides how a trained ensemble is measured: sample sizes and thresholds.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """

    samples: int = declare(16_384, "evaluation samples per feature and per load", CHUNK, 2**23, multiple=CHUNK)
    inputs: int = declare(65_536, "evaluation inputs for the three metrics", CHUNK, 2**26, multiple=CHUNK)
    k_max: int = declare(100, "largest number of features switched on at once", 2, 10_000, at_most="features")
    touched: float = declare(0.05, "abs(W_in) above which a neuron touches a feature", 0, 100)
    harmed: float = declare(0.005, "rise in error above which silencing a neuron harms a feature", 0, 100)
