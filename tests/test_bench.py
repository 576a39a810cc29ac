"""The benchmark's contenders do the work that they are timed for; no test asserts a time."""

import dataclasses
import json

import jax.numpy as jnp
import numpy as np
import pytest

from lib import data, devices, paths, train
from lib.config import Config
from lib.publish import bench

TINY = Config(features=6, neurons=2, p=0.5, batch=16, steps=3, seeds=3)


def test_contenders_take_turns_and_keep_their_range(monkeypatch):
    monkeypatch.setattr(bench, "ROUNDS", 2)
    one = Config(**{**dataclasses.asdict(TINY), "seeds": 1})
    contenders = {"loop": (bench.jitted_steps, one), "products": (bench.products, TINY)}
    rates = bench.timed(contenders)
    assert list(rates) == list(contenders)
    assert all(0 < rate["low"] <= rate["median"] <= rate["high"] for rate in rates.values())


def test_the_fixed_batch_is_our_training_on_one_batch():
    first, losses, _ = bench.fixed_batch(TINY)()
    again, _, _ = bench.fixed_batch(TINY)()
    other = train.train_ensemble(TINY)
    assert losses.shape == (1, 3, 3) and np.array_equal(first.w_in[...], again.w_in[...])
    x = data.sample(data.key(0, "data"), TINY, TINY.batch)
    starts, _ = train.keys(TINY)
    network = train.init(starts[0, 1], TINY)
    np.testing.assert_allclose(losses[0, 1, 0], train.loss(network, TINY, x, jnp.maximum(x, 0)), rtol=1e-5)
    assert not np.allclose(losses[0, :, 0], other["loss"][:, 0]), "and ours draws samples of its own, before and after"
    assert len(devices.each(train.train, train.starts(TINY), TINY)) == 3


@pytest.mark.skipif(not (paths.ROOT / "data" / "bench.json").exists(), reason="not measured yet")
def test_the_committed_figures_are_whole():
    result = json.loads((paths.ROOT / "data" / "bench.json").read_text())
    assert {"machine", "rounds", "network-steps per second", "scaling", "make paper, seconds"} <= result.keys()
    readme = (paths.ROOT / "README.md").read_text()
    assert all(
        f"| {name} | {rate['median']:,.0f} |" in readme for name, rate in result["network-steps per second"].items()
    )
    assert str(paths.ROOT) not in json.dumps(result)
