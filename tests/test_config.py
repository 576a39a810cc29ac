"""Every parameter has a type and a range, and a value that does not fit is refused by name."""

import dataclasses
import math

import numpy as np
import pytest

from lib.config import CHUNK, Config, ConfigError, Measurement
from lib.experiments import sweep
from lib.experiments.parameters import KINDS, KNOWN, Study

WORDS = {name for name, field in KNOWN.items() if "options" in field.metadata}
LISTS = {name for name, field in KNOWN.items() if "kind" in field.metadata}
NUMBERS = KNOWN.keys() - WORDS - LISTS
ODD = ("1", "1e3", True, None, [1], 1 + 0j, np.float32(0.5), np.ones(1), math.nan, math.inf, -math.inf)


def build(name, value):
    """The dataclass with one parameter changed, and its companion where the two must agree."""
    (kind,) = (kind for kind in KINDS if name in {field.name for field in dataclasses.fields(kind)})
    companion = {"features": {"neurons": 1}, "neurons": {"features": 10_000}}.get(name, {})
    return kind(**companion, **{name: value})


def refusal(name, value):
    """What is said of a value that does not fit."""
    with pytest.raises(ConfigError, match=f"^{name} = ") as caught:
        build(name, value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_defaults_are_the_experiment_of_the_post():
    task = {"features": 100, "neurons": 10, "p": 0.02, "low": -1.0, "target": "relu", "activation": "relu"}
    training = {"steps": 1_000, "batch": 2_048, "learning_rate": 3e-3, "init_scale": 0.01, "exponent": 4.0}
    assert Config() == Config(**task, **training, optimiser="adam", importance=1.0, start="small", seeds=64)
    assert (Measurement().k_max, Measurement().touched, Measurement().harmed) == (100, 0.05, 0.005)


def test_a_number_in_its_range_is_kept_and_any_other_value_refused_by_name():
    """Both ends fit, unless the lower is open, and the next number does not; a number is kept as a plain one."""
    assert all(field.metadata["meaning"] for field in KNOWN.values())
    for name in NUMBERS:
        kind, about = KNOWN[name].type, KNOWN[name].metadata
        low, high, step = kind(about["low"]), kind(about["high"]), about.get("multiple", 1)
        assert low < high < math.inf
        beyond = (low - step, high + step) if kind is int else (math.nextafter(low, -9), math.nextafter(high, 1e9))
        inside = math.nextafter(0, 1) if about.get("open_low") else low
        for value in (0.0 if about.get("open_low") else beyond[0], beyond[1]):
            assert repr(value) in (said := refusal(name, value)) and f"up to {high:g}" in said
        for odd in (*ODD, *([float(high)] if kind is int else [])):
            assert "must be an integer from " in (said := refusal(name, odd)) or "must be a number " in said
        for value in (inside, high) if kind is int else (inside, high, np.float64(high), int(high)):
            kept = build(name, value)
            assert getattr(kept, name) == value and type(getattr(kept, name)) is kind


def test_a_word_is_one_of_those_declared():
    assert {"target", "activation", "biases", "optimiser", "profile", "start"} == WORDS - LISTS
    for name in WORDS - LISTS:
        for value in ("ReLU", "", None, 1, True):
            assert "must be one of '" in refusal(name, value)
        assert all(getattr(build(name, word), name) == word for word in KNOWN[name].metadata["options"])


def test_a_list_is_kept_as_a_tuple_and_each_entry_is_checked():
    assert Study(powers=[2, 4]).powers == (2.0, 4.0) and Study(activations=["abs"]).activations == ("abs",)
    assert Study(drawn=[]).drawn == () and Study(drawn=[3]).drawn == (3,)
    for name, value, said in (
        ("powers", [2, 17], "powers = 17 does not fit: .*from 1 up to 16"),
        ("rates", [0.0], "rates = 0.0 does not fit: .*from 1e-09 up to 1"),
        ("powers", 2.0, "must be a list, as in"),
        ("activations", "abs", r"must be a list, as in \['relu'"),
        ("powers", [], "it must have 1 to 100 different entries"),
        ("powers", [2, 2.0], "different entries"),
        ("lengths", [float(n) for n in range(1, 14)], "1 to 12 different"),
        ("drawn", list(range(7)), "0 to 6 different"),
        ("widths", [2.5], "widths = 2.5 does not fit: .*an integer"),
        ("activations", ["tanh"], "one of 'relu'"),
    ):
        with pytest.raises(ConfigError, match=said):
            Study(**{name: value})


def test_what_does_not_go_together_is_refused():
    assert Config(features=10, neurons=10).neurons == 10
    with pytest.raises(ConfigError, match="^neurons = 11 .*features = 10 "):
        Config(features=10, neurons=11)
    with pytest.raises(ConfigError, match=f"^samples = {CHUNK + 1} .*multiple of {CHUNK}"):
        Measurement(samples=CHUNK + 1)


def test_a_configuration_is_a_key():
    """It cannot be changed, equals its like, and knows what is not at its default."""
    for kind in KINDS:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(kind(), dataclasses.fields(kind)[0].name, 3)
        assert kind() == kind() and hash(kind()) == hash(kind())
    assert sweep.changed(Config()) == {} and sweep.changed(Config(p=0.02, seeds=3)) == {"seeds": 3}


def test_a_task_is_without_its_training():
    """What is read off networks is compiled once for all of these."""
    trained = Config(start="naive", steps=7, batch=3, optimiser="normalised", seeds=9)
    assert trained.task() == Config().task() and Config(p=0.1, exponent=2.0).task().p == 0.1
    assert [Config(exponent=q).fourth_power for q in (4, 4.0, 3.999)] == [True, True, False]
