"""The benchmark's contenders do the work that they are timed for; no test asserts a time."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lib import paths, train
from lib.config import Config
from lib.publish import bench, contenders

TINY = Config(features=6, neurons=2, p=0.5, batch=16, steps=3, seeds=3)


def test_contenders_take_turns_and_keep_their_range(monkeypatch):
    monkeypatch.setattr(bench, "ROUNDS", 2)
    runs = {"loop": (contenders.jitted_steps, replace(TINY, seeds=1)), "products": (contenders.products, TINY)}
    rates = bench.timed(runs)
    assert list(rates) == list(runs)
    assert all(0 < rate["low"] <= rate["median"] <= rate["high"] for rate in rates.values())


def test_the_fixed_batch_is_our_training_on_one_batch():
    """Where every feature is on, at about the same value in each sample, one batch is like another."""
    config = replace(TINY, p=1.0, low=0.99, steps=30, learning_rate=0.02, init_scale=0.3, activation="abs")
    networks, losses = contenders.fixed_batch(config)()
    whole = train.train_ensemble(config)
    np.testing.assert_allclose(losses, whole["loss"], rtol=0.02)
    np.testing.assert_allclose(networks.w_in[...], whole["w_in"], atol=0.005)
    assert (whole["loss"][:, -1] < whole["loss"][:, 0] / 4).all(), "they learn"


@pytest.mark.skipif(not (paths.ROOT / "data" / "bench.json").exists(), reason="not measured yet")
def test_the_committed_figures_are_whole():
    result = json.loads((paths.ROOT / "data" / "bench.json").read_text())
    assert {"machine", "rounds", "network-steps per second", "growth", "make paper, seconds"} <= result.keys()
    readme, rates = (paths.ROOT / "README.md").read_text(), result["network-steps per second"]
    assert all(f"| {name} | {rate['median']:,.0f} |" in readme for name, rate in rates.items())
    assert str(paths.ROOT) not in json.dumps(result)
