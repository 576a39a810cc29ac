"""Work spread over devices and processes is the same work."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lib import devices, paths
from lib.config import Config
from lib.publish import grid


def python(code, *words, **environment):
    """A process of its own, with the repository's lib: JAX's devices are fixed once per process."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    where = os.environ | {"PYTHONPATH": "."} | environment
    return subprocess.Popen([sys.executable, *code, *words], cwd=paths.ROOT, env=where, **pipes)


def test_each_is_a_plain_loop():
    many = {"a": np.arange(10.0).reshape(5, 2), "b": np.arange(5)}
    ours = devices.each(lambda one, x: (one["a"] * x, one["b"] + 1), many, jnp.arange(2.0))
    assert np.array_equal(ours[0], many["a"] * [0, 1]) and np.array_equal(ours[1], many["b"] + 1)


def test_a_configuration_passes_through_a_program_unchanged():
    config = Config(p=0.25, low=-0.5, target="identity", activation="abs")
    leaves, rest = jax.tree.flatten(config)
    assert (
        leaves == [0.25, -0.5, 1.0, config.learning_rate, config.init_scale]
        and jax.tree.unflatten(rest, leaves) == config
    )
    other = dataclasses.replace(config, exponent=3.0)  # 4 alone is compiled in
    leaves, rest = jax.tree.flatten(other)
    assert 3.0 in leaves and jax.tree.unflatten(rest, leaves) == other


def test_one_program_serves_every_probability_and_rate():
    traced = []

    def measure(one, config):
        traced.append(config.p)
        return one * config.p + config.neurons

    for p, neurons in ((0.1, 3), (0.2, 3), (0.3, 3), (0.1, 4)):
        np.testing.assert_allclose(
            devices.each(measure, np.ones(2), Config(p=p, neurons=neurons)), p + neurons, rtol=1e-6
        )
    assert len(traced) == 2, "compiled once for each number of neurons"


def test_what_was_compiled_is_kept_in_the_project():
    assert jax.config.jax_compilation_cache_dir == str(paths.BUILD / "jax")
    devices.each(
        lambda key: jax.random.normal(key, (7, 11, 13)) @ jnp.ones((13, 2)), jax.random.split(jax.random.key(0), 3)
    )
    assert any((paths.BUILD / "jax").iterdir())


def test_an_accelerator_takes_many_at_once(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(devices, "TOGETHER", 2)
    assert devices.one_by_one(lambda x: x.sum(), jnp.arange(10.0).reshape(5, 2)).tolist() == [1, 5, 9, 13, 17]


DEVICES = """
import sys
import numpy as np
from lib import measure, train
from lib.config import Config
from lib.model import Network
import jax

config = Config(features=12, neurons=3, p=0.2, steps=30, batch=64, learning_rate=0.02, seeds=21)
arrays = train.train_ensemble(config)
arrays |= measure.ensemble_errors(Network(arrays["w_in"], arrays["w_out"]), config, 512)
np.savez(sys.argv[1], devices=jax.local_device_count(), **arrays)
"""


def test_one_device_and_three_give_the_same_numbers(tmp_path):
    """Up to rounding: a share of one group is compiled without a loop. 21 networks are three groups, the last not full."""
    setups = {"one": {"JAX_NUM_CPU_DEVICES": "1"}, "three": {"XLA_FLAGS": "--xla_force_host_platform_device_count=3"}}
    running = [python(["-c", DEVICES], str(tmp_path / f"{name}.npz"), **setup) for name, setup in setups.items()]
    for process in running:
        assert process.communicate(timeout=300)[1] == "" and process.returncode == 0
    one, three = (dict(np.load(tmp_path / f"{name}.npz")) for name in setups)
    assert (one.pop("devices"), three.pop("devices")) == (1, 3)
    assert len(one["w_in"]) == 21 and len(np.unique(one["w_in"].reshape(21, -1), axis=0)) == 21
    for name in one:
        np.testing.assert_allclose(one[name], three[name], rtol=1e-5, atol=1e-6)


# ---- a sweep


def test_a_grid_is_every_combination():
    configs = grid.grid(["p=0.1,0.2", "neurons=3", "seeds=2,4"])
    assert [(c.p, c.seeds) for c in configs] == [(0.1, 2), (0.1, 4), (0.2, 2), (0.2, 4)]
    assert {c.neurons for c in configs} == {3} and {c.steps for c in configs} == {Config.steps}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["prob=0.1"], "unknown parameter 'prob'"),
        (["p=0.1,2"], "p = 2 does not fit"),
        (["steps=ten"], "steps = 'ten' does not fit"),
        (["p=0.1", "p=0.2"], "p is given twice"),
        (["p"], "'p' does not fit"),
        (["p=0.1", "--process", "2/2", "--at", "localhost:1"], "--process 2/2 does not fit"),
        (["p=0.1", "--process", "0/2"], "does not fit: say which of how many"),
    ],
)
def test_a_sweep_that_does_not_fit_is_refused(words, says, capsys):
    assert grid.main(*words) == 1
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1


SWEEP = """
import sys
import time
from pathlib import Path
from lib import paths, store, sweep, train

paths.STORE = Path(sys.argv[1]) / "store"
whole = train.train_ensemble

def train_ensemble(config, first):
    if config.steps > 2:  # the first is filed, the others never are
        while not any('"steps": 2,' in path.read_text() for path in paths.STORE.glob("*.json")):
            time.sleep(0.01)
        (Path(sys.argv[1]) / "hangs").touch()
        time.sleep(600)
    return whole(config, first)

if sys.argv[2] == "hang":
    train_ensemble.__module__ = train.__name__  # filed as if nothing were the matter
    train.train_ensemble = train_ensemble
sys.exit(sweep.main(*sys.argv[3:]))
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_two_processes_share_a_sweep_and_one_is_lost(tmp_path):
    """Process 0, which the other met at its address, is killed; its share, and no more, is trained afterwards."""
    script = tmp_path / "script.py"
    script.write_text(SWEEP)
    grid = ["features=6", "neurons=2", "p=0.5", "batch=64", "seeds=2", "steps=2,3,4,5,6,7"]
    at = ["--at", f"127.0.0.1:{free_port()}"]
    lost = python([str(script)], str(tmp_path), "hang", *grid, "--process", "0/2", *at)
    other = python([str(script)], str(tmp_path), "go", *grid, "--process", "1/2", *at)
    try:
        while not (tmp_path / "hangs").exists():
            assert lost.poll() is None, lost.communicate()
            time.sleep(0.01)
        lost.send_signal(signal.SIGKILL)
        said = other.communicate(timeout=300)[1]
        assert other.returncode == 0 and said.count("computing train_ensemble") == 3, "steps 3, 5 and 7"
        assert len(list((tmp_path / "store").glob("*.npz"))) == 4, "and of the lost process's share, steps 2"
        rest = python([str(script)], str(tmp_path), "go", *grid)
        said = rest.communicate(timeout=300)[1]
        assert rest.returncode == 0 and said.count("computing train_ensemble") == 2, "steps 4 and 6"
        assert "ensemble 2 of 2" in said
    finally:
        for process in (lost, other):
            process.kill()
            process.communicate()
