"""When a neuron belongs to one feature: against plain numpy and networks written by hand."""

import dataclasses
import re

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from lib import data, measure, model
from lib.claims import words
from lib.config import Config
from lib.experiments import sweep, width
from lib.model import Network

CONFIG = Config(features=12, neurons=4, p=0.2)


def read(network, config=CONFIG):
    x = data.evaluation_samples(data.key(0, "test"), config, 2048)
    return {name: float(value) for name, value in width.by_width(network, config, x).items()}, x


def test_neurons_with_one_feature_and_with_more():
    assert read(model.naive(CONFIG))[0]["monosemantic"] == 1
    served = jnp.repeat(jnp.eye(4), 3, axis=1)
    assert read(Network(served, served.T))[0]["monosemantic"] == 0, "three features each, alike"
    uneven = served.at[:2, ::3].multiply(3.0)  # 9 of 11 parts go to one feature of each of two neurons
    assert read(Network(uneven, uneven.T))[0]["monosemantic"] == 0.5


def test_errors_are_in_units_of_silence_also_with_a_neuron_for_every_feature():
    rng = np.random.default_rng(0)
    w_in, w_out = rng.normal(size=(4, 12)), rng.normal(size=(12, 4))
    found, x = read(Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(w_out, jnp.float32)))
    target = np.maximum(x, 0)
    error = w_out @ np.maximum(w_in @ x, 0) - target
    for name, value in {"mse": (error**2).mean() / (target**2).mean(), "l4": (error**4).mean() / (target**4).mean(),
                        "active": (error[x != 0] ** 2).mean() / (target[x != 0] ** 2).mean()}.items():  # fmt: skip
        assert found[name] == pytest.approx(value, rel=1e-4), name
    whole = dataclasses.replace(CONFIG, neurons=12)
    found, _ = read(model.naive(whole), whole)
    assert (found["loss"], found["monosemantic"], found["load"]) == (0, 1, 1) and np.isfinite(
        list(found.values())
    ).all()


def test_the_rest_is_what_every_sweep_reads():
    found, x = read(model.naive(CONFIG))
    others = measure.readings(model.naive(CONFIG), CONFIG, x)
    assert {name: found[name] for name in ("slope_mean", "carriers", "load")} == {
        name: float(others[name]) for name in ("slope_mean", "carriers", "load")
    }


def test_all_widths_of_the_paper_and_any_of_the_reader():
    base = sweep.at_full_rate(Config(), 16)
    assert {point.start for point in width.points(base, [10])} == {"small"}
    own = [point for point in width.points(base, [7]) if point.neurons == 7]
    assert {(point.start, point.steps) for point in own} == {
        ("small", 1000),
        ("small", 5000),
        ("naive", 1000),
        ("naive", 5000),
    }
    largest = sweep.at_full_rate(Config(features=10_000, steps=10_000_000), 1)
    assert max(point.features for point in width.points(largest, [10_000])) == 10_000


def rows(**columns):
    return pd.DataFrame({"seed": 0} | columns)


@pytest.mark.parametrize(
    "share, said",
    [
        ([0.0, 0.1], "never half"),
        ([0.9, 1.0], "half of the neurons or more at every width"),
        ([0.0, 1.0], r"at \*\*14\*\* neurons"),
    ],
)
def test_where_half_of_the_neurons_have_one_feature(share, said):
    assert re.search(said, words.halfway(rows(neurons=[10, 20], monosemantic=share)))


def test_where_the_naive_start_is_ahead():
    small = rows(neurons=[10, 20], loss=[1.0, 1.0])
    ahead = lambda *loss: words.ahead(rows(neurons=[10, 20], loss=loss), small, 1)  # noqa: E731
    assert ahead(2.0, 0.5).startswith("from **16**") or ahead(2.0, 0.5).startswith("from **1")
    assert ahead(0.5, 0.5) == "from 10 neurons, or fewer" and ahead(2.0, 2.0) == "nowhere, or not up to 20 neurons"
    assert words.ahead(small.iloc[:0], small, 1) == "nowhere that can be compared"
