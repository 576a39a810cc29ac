"""Every parameter has a type and a range, and a value that does not fit is refused by name."""

import dataclasses
import math

import numpy as np
import pytest

from lib.config import CHUNK, Config, ConfigError, Measurement, changed
from lib.experiments.parameters import KINDS, KNOWN, Study

RANGES = {  # name: (lowest, highest) value that fits
    "features": (2, 10_000),
    "neurons": (1, 10_000),
    "steps": (1, 10_000_000),
    "batch": (1, 1_000_000),
    "seeds": (1, 100_000),
    "p": (1e-9, 1.0),
    "low": (-1.0, 0.99),
    "learning_rate": (math.nextafter(0, 1), 10.0),
    "init_scale": (math.nextafter(0, 1), 10.0),
    "exponent": (1.0, 16.0),
    "importance": (1.0, 1e6),
    "favoured": (1, 10_000),
    "samples": (CHUNK, 2**23),
    "inputs": (CHUNK, 2**26),
    "k_max": (2, 10_000),
    "touched": (0.0, 100.0),
    "harmed": (0.0, 100.0),
    "rival_seeds": (1, 100_000),
    "longest": (1, 10_000_000),
    "grid": (2, 1_000),
    "every": (1, 1_000_000),
    "digits": (1, 12),
}
WORDS = {"target", "activation", "optimiser", "profile", "start"}
LISTS = {"drawn", "lengths", "sizes", "powers", "rates", "weights", "widths", "activations"}
ODD = ("1", "1e3", True, None, [1], 1 + 0j, np.float32(0.5), np.ones(1))


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


def test_defaults_are_the_experiment_of_the_spec():
    assert Config() == Config(
        features=100, neurons=10, p=0.02, low=-1.0, target="relu", activation="relu", optimiser="adam", steps=1_000, batch=2_048, learning_rate=3e-3,
        init_scale=0.01, exponent=4.0, importance=1.0, start="small",
    )  # fmt: skip
    assert Config().seeds >= 64
    assert (Measurement().k_max, Measurement().touched, Measurement().harmed) == (100, 0.05, 0.005)


def test_every_parameter_is_tested_here():
    assert set(KNOWN) == set(RANGES) | WORDS | LISTS
    assert all(field.metadata["meaning"] for field in KNOWN.values())


def test_both_ends_of_a_range_fit_and_the_next_number_is_refused_by_name():
    for name, ends in RANGES.items():
        for end, beyond in zip(ends, (-math.inf, math.inf), strict=True):
            assert getattr(build(name, end), name) == end
            outside = end + (1 if beyond > 0 else -1) if isinstance(end, int) else math.nextafter(end, beyond)
            said = refusal(name, outside)
            assert repr(outside) in said and f"up to {ends[1]:g}" in said, "what was given, and what fits"


def test_a_value_of_the_wrong_type_is_refused():
    for name, (low, _) in RANGES.items():
        for value in (*ODD, math.nan, math.inf, -math.inf, *([float(low)] if isinstance(low, int) else [])):
            assert "must be an integer from " in (said := refusal(name, value)) or "must be a number " in said
    for name in WORDS:
        for value in ("ReLU", "", None, 1, True):
            assert "must be one of '" in refusal(name, value)


def test_an_integer_and_a_numpy_double_are_kept_as_plain_floats():
    for name, (low, _) in RANGES.items():
        if isinstance(low, float):
            value = 0 if name == "low" else 1
            kept = [getattr(build(name, given), name) for given in (value, np.float64(value))]
            assert [type(number) for number in kept] == [float, float] and kept == [value, value]
            assert build(name, value) == build(name, float(value)), "1 and 1.0 are one configuration, under one key"


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


def test_no_more_neurons_than_features():
    assert Config(features=10, neurons=10).neurons == 10
    with pytest.raises(ConfigError, match="^neurons = 11 .*features = 10 "):
        Config(features=10, neurons=11)


def test_samples_come_in_whole_chunks():
    with pytest.raises(ConfigError, match=f"^samples = {CHUNK + 1} .*multiple of {CHUNK}"):
        Measurement(samples=CHUNK + 1)


def test_a_configuration_cannot_be_changed_afterwards():
    for kind in KINDS:
        for field in dataclasses.fields(kind):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(kind(), field.name, 3)
        assert kind() == kind() and hash(kind()) == hash(kind())


def test_what_is_changed_is_what_differs_from_its_default():
    assert changed(Config()) == {} and changed(Config(p=0.02, seeds=3)) == {"seeds": 3}
