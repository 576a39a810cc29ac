"""Work spread over devices is the same work, and a sweep is all of a grid."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np

from lib import devices, paths
from lib.config import Config
from lib.publish import grid


def test_each_is_a_plain_loop():
    many = {"a": np.arange(10.0).reshape(5, 2), "b": np.arange(5)}
    ours = devices.each(lambda one, x: (one["a"] * x, one["b"] + 1), many, jnp.arange(2.0))
    assert np.array_equal(ours[0], many["a"] * [0, 1]) and np.array_equal(ours[1], many["b"] + 1)


def test_a_configuration_passes_through_a_program_unchanged():
    for config in (Config(p=0.25, low=-0.5, target="identity", activation="abs"), Config(exponent=3.0)):
        leaves, rest = jax.tree.flatten(config)
        assert jax.tree.unflatten(rest, leaves) == config and {config.p, config.low} <= set(leaves)
    fourth, third, fifth = (jax.tree.structure(Config(exponent=power)) for power in (4.0, 3.0, 5.0))
    assert third == fifth != fourth, "the post's power alone is compiled in"


def test_one_program_serves_every_probability_rate_and_length():
    traced = []

    def measure(one, config):
        traced.append(config.p)
        return one * config.p + config.neurons

    for p, neurons in ((0.1, 3), (0.2, 3), (0.3, 3), (0.1, 4)):
        ours = devices.each(measure, np.ones(2), Config(p=p, neurons=neurons, steps=round(100 * p)))
        np.testing.assert_allclose(ours, p + neurons, rtol=1e-6)
    assert len(traced) == 2, "compiled once for each number of neurons"


def test_what_was_compiled_is_kept_in_the_project():
    assert jax.config.jax_compilation_cache_dir == str(paths.BUILD / "jax")
    keys = jax.random.split(jax.random.key(0), 3)
    devices.each(lambda key: jax.random.normal(key, (7, 11, 13)) @ jnp.ones((13, 2)), keys)
    assert any((paths.BUILD / "jax").iterdir())


def test_an_accelerator_takes_many_at_once(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(devices, "TOGETHER", 2)
    assert devices.each(lambda x: x.sum(), jnp.arange(10.0).reshape(5, 2)).tolist() == [1, 5, 9, 13, 17]


DEVICES = """
import sys
import numpy as np
from lib import measure, train
from lib.config import Config
from lib.model import Network
import jax

config = Config(features=12, neurons=3, p=0.2, steps=30, batch=64, learning_rate=0.02, seeds=22)
arrays = train.train_ensemble(config)
arrays |= measure.ensemble_errors(Network(arrays["w_in"], arrays["w_out"]), config, 512)
np.savez(sys.argv[1], devices=jax.local_device_count(), **arrays)
"""


def test_one_device_and_three_give_the_same_numbers(tmp_path):
    """Up to rounding; 22 networks do not fill the last of three shares."""
    setups = {"one": {"JAX_NUM_CPU_DEVICES": "1"}, "three": {"XLA_FLAGS": "--xla_force_host_platform_device_count=3"}}
    running = []
    for name, setup in setups.items():  # in processes of their own: JAX's devices are fixed once per process
        command = [sys.executable, "-c", DEVICES, str(tmp_path / f"{name}.npz")]
        running.append(subprocess.Popen(command, cwd=paths.ROOT, env=os.environ | setup, stderr=subprocess.PIPE))
    for process in running:
        assert process.communicate(timeout=300)[1] == b"" and process.returncode == 0
    one, three = (dict(np.load(tmp_path / f"{name}.npz")) for name in setups)
    assert (one.pop("devices"), three.pop("devices")) == (1, 3)
    assert len(one["w_in"]) == 22 and len(np.unique(one["w_in"].reshape(22, -1), axis=0)) == 22
    for name in one:
        np.testing.assert_allclose(one[name], three[name], rtol=1e-5, atol=1e-6)


# ---- a sweep


def test_a_grid_is_every_combination_or_refused(capsys):
    configs = grid.grid(["p=0.1,0.2", "neurons=3", "seeds=2,4"])
    assert [(c.p, c.seeds) for c in configs] == [(0.1, 2), (0.1, 4), (0.2, 2), (0.2, 4)]
    assert {c.neurons for c in configs} == {3} and {c.steps for c in configs} == {Config.steps}
    refused = {"prob=0.1": "unknown parameter 'prob'", "p=0.1,2": "p = 2 does not fit", "p": "'p' does not fit"}
    refused |= {"steps=ten": "steps = 'ten' does not fit", "p=0.1 p=0.2": "given twice: p=0.1 p=0.2"}
    for words, says in refused.items():
        assert grid.main(*words.split()) == 1
        said = capsys.readouterr().err
        assert says in said and said.count("\n") == 1


def test_a_sweep_trains_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "STORE", tmp_path)
    monkeypatch.setattr(sys, "__stderr__", sys.stderr)
    tiny = ["features=6", "neurons=2", "p=0.5", "batch=64", "seeds=2"]
    for steps, missing in (("2,3", 2), ("2,3", 0), ("3,4", 1)):
        assert grid.main(*tiny, f"steps={steps}") == 0
        assert capsys.readouterr().err.count("computing train_ensemble") == missing
