"""Every parameter has a type and a range, and a value that does not fit is refused by name."""

import dataclasses
import math

import numpy as np
import pytest

from lib.config import CHUNK, Config, ConfigError, Measurement, check, parameters

RANGES = {  # name: (lowest, highest) value that fits
    "features": (2, 10_000),
    "neurons": (1, 10_000),
    "steps": (1, 10_000_000),
    "batch": (1, 1_000_000),
    "seeds": (1, 100_000),
    "p": (math.nextafter(0, 1), 1.0),
    "low": (-1.0, 0.99),
    "learning_rate": (math.nextafter(0, 1), 10.0),
    "init_scale": (math.nextafter(0, 1), 10.0),
    "samples": (CHUNK, 2**23),
    "inputs": (CHUNK, 2**26),
    "k_max": (2, 10_000),
    "touched": (0.0, 100.0),
    "harmed": (0.0, 100.0),
    "rival_seeds": (1, 100_000),
    "longest": (1, 10_000_000),
    "digits": (1, 12),
    "grid": (2, 1_000),
    "every": (1, 1_000_000),
    "exponent": (1.0, 16.0),
    "importance": (1.0, 1e6),
    "favoured": (0, 10_000),
}
NUMBERS = sorted(RANGES)
INTEGERS = [name for name in NUMBERS if isinstance(RANGES[name][0], int)]
REALS = [name for name in NUMBERS if isinstance(RANGES[name][0], float)]


def build(name, value):
    """The configuration with one parameter changed, and its companion where the two must agree."""
    if name in {field.name for field in dataclasses.fields(Measurement)}:
        return Measurement(**{name: value})
    companion = {"features": {"neurons": 1}, "neurons": {"features": 10_000}}.get(name, {})
    return Config(**companion, **{name: value})


def just_outside(name):
    low, high = RANGES[name]
    if isinstance(low, int):
        return low - 1, high + 1
    return math.nextafter(low, -math.inf), math.nextafter(high, math.inf)


def test_defaults_are_the_experiment_of_the_spec():
    assert Config() == Config(
        features=100, neurons=10, p=0.02, low=-1.0, target="relu", activation="relu", optimiser="adam", steps=1_000, batch=2_048, learning_rate=3e-3,
        init_scale=0.01, exponent=4.0, importance=1.0, start="small",
    )  # fmt: skip
    assert Config().seeds >= 64
    assert (Measurement().k_max, Measurement().touched, Measurement().harmed) == (100, 0.05, 0.005)


def test_every_parameter_is_tested_here():
    assert set(parameters()) == set(RANGES) | {"target", "activation", "optimiser", "profile", "start"}
    assert all(field.metadata["meaning"] for field in parameters().values())


@pytest.mark.parametrize("name", NUMBERS)
def test_both_ends_of_a_range_fit(name):
    for value in RANGES[name]:
        assert getattr(build(name, value), name) == value


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_does_not_fit_is_refused_by_name(name):
    for value in (*just_outside(name), math.nan, math.inf, -math.inf):
        with pytest.raises(ConfigError, match=f"^{name} = ") as caught:
            build(name, value)
        said = str(caught.value)
        assert repr(value) in said, "the message says what was given"
        assert f"up to {parameters()[name].metadata['high']:g}" in said, "and what fits"


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["1", "1e3", True, None, [1], 1 + 0j, np.float32(0.5), np.ones(1)], ids=repr)
def test_a_value_of_the_wrong_type_is_refused(name, value):
    with pytest.raises(ConfigError, match=f"^{name} = .* must be an? (integer|number) "):
        build(name, value)


@pytest.mark.parametrize("name", INTEGERS)
def test_a_float_where_an_integer_belongs_is_refused(name):
    with pytest.raises(ConfigError, match=f"^{name} = .* must be an integer from "):
        build(name, float(RANGES[name][0]))


@pytest.mark.parametrize("name", REALS)
def test_an_integer_and_a_numpy_double_are_kept_as_plain_floats(name):
    value = 0 if name == "low" else 1
    for given in (value, np.float64(value)):
        kept = getattr(build(name, given), name)
        assert type(kept) is float and kept == value
    assert build(name, value) == build(name, float(value)), "1 and 1.0 are one configuration, under one key"


@pytest.mark.parametrize("value", ["ReLU", "", None, 1, True])
def test_a_target_must_be_one_of_two_words(value):
    with pytest.raises(ConfigError, match="^target = .*'relu', 'identity'"):
        Config(target=value)
    assert Config(target="identity").target == "identity"


def test_no_more_neurons_than_features():
    assert Config(features=10, neurons=10).neurons == 10
    with pytest.raises(ConfigError, match="^neurons = 11 .*features = 10 "):
        Config(features=10, neurons=11)


def test_samples_come_in_whole_chunks():
    with pytest.raises(ConfigError, match=f"^samples = {CHUNK + 1} .*multiple of {CHUNK}"):
        Measurement(samples=CHUNK + 1)


@pytest.mark.parametrize("kind", [Config, Measurement])
def test_a_configuration_cannot_be_changed_afterwards(kind):
    config = kind()
    for field in dataclasses.fields(kind):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(config, field.name, 3)
    assert config == kind() and hash(config) == hash(kind())


def test_check_accepts_what_fits():
    check({})
    check({"seeds": 8, "steps": 200, "samples": CHUNK, "target": "identity"})
    check({"features": 20, "k_max": 20})
    check({"features": 20})  # loads then go up to the number of features


@pytest.mark.parametrize(
    "values, said",
    [
        ({"sedes": 8}, "unknown parameter 'sedes'.*seeds"),
        ({"p": 0}, "^p = 0 "),
        ({"seeds": "8"}, "^seeds = '8' "),
        ({"seeds": 8, "harmed": -0.1}, "^harmed = -0.1 "),
        ({"features": 9}, "^neurons = 10 .*features = 9 "),
        ({"k_max": 101}, "k_max = 101 .*features = 100"),
        ({"features": 19, "k_max": 20}, "k_max = 20 .*features = 19"),
    ],
)
def test_check_refuses_what_does_not(values, said):
    with pytest.raises(ConfigError, match=said):
        check(values)
