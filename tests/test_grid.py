"""A sweep on a Dask cluster: a scheduler and workers in processes of their own, on the loopback address."""

import io
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter

import distributed
import numpy as np
import pytest

from lib import paths, store, train
from lib.publish import cluster, grid

TINY = ["features=6", "neurons=2", "steps=3", "batch=16", "seeds=4"]
PRELOAD = """
import functools, inspect, itertools, os, time
from pathlib import Path
from lib import train

folder, name, held = Path(os.environ["FOLDER"]), os.environ["NAME"], int(os.environ["HELD"])
compute, calls = inspect.unwrap(train.train_ensemble), itertools.count(1)  # Dask may load this twice

@functools.wraps(compute)
def train_ensemble(config, first=0):
    with open(folder / "log", "a") as log:
        log.write(f"{name} {config.p} {first}\\n")
    if next(calls) == held:
        while not (folder / "release").exists():
            time.sleep(0.02)
    return compute(config, first)

train.train_ensemble = train_ensemble
"""


class Cluster:
    """A scheduler, and workers that note in a log what they train.

    Attributes:
        folder: holds `log`, a line for each training that began; a worker that is held goes on once there is `release`.
        processes: of the scheduler and the workers, by name.
    """

    def __init__(self, folder):
        self.folder, self.processes = folder, {}
        (folder / "preload.py").write_text(PRELOAD)
        place = folder / "scheduler.json"
        self.start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", place)
        until(place.exists)
        with distributed.Client(scheduler_file=str(place), set_as_default=False) as client:
            self.address = client.scheduler.address

    def start(self, name, *command, **environ):
        command = [sys.executable, "-m", "dask", *map(str, command), "--no-dashboard"]
        environ = os.environ | {"FOLDER": str(self.folder), "NAME": name} | environ
        with open(self.folder / f"{name}.txt", "w") as file:
            self.processes[name] = subprocess.Popen(command, cwd=self.folder, env=environ, stdout=file, stderr=file)

    def worker(self, name, held=0, **environ):
        """Starts a worker whose training number `held` waits to be released."""
        options = ("--nthreads", 1, "--no-nanny", "--local-directory", self.folder, "--preload", "preload.py")
        self.start(name, "worker", self.address, *options, HELD=str(held), **environ)

    def wait_for(self, workers):
        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=120)

    def log(self):
        """What was trained: name of the worker, p, first seed."""
        path = self.folder / "log"
        return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []

    def meanwhile(self, *do):
        """Does these, one after the other, beside the test; if one fails, so does the scheduler: no test hangs."""

        def run():
            try:
                for step in do:
                    step()
            except BaseException:
                self.kill("scheduler")
                raise

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()


@pytest.fixture
def dask(tmp_path):
    one = Cluster(tmp_path)
    yield one
    for name in one.processes:
        one.kill(name)


@pytest.fixture(autouse=True)
def said(tmp_path, monkeypatch):
    """An empty store, which is filled in blocks of two networks; and what is said at the terminal."""
    monkeypatch.setattr(paths, "STORE", tmp_path / "store")
    monkeypatch.setattr(store, "BLOCK", 2)
    monkeypatch.setattr(sys, "__stderr__", io.StringIO())
    return lambda: sys.__stderr__.getvalue()


def until(true):
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_killed_workers_block_goes_to_another_and_nothing_else_is_trained_twice(dask, said):
    dask.worker("lost", held=2), dask.worker("other", held=1)
    dask.wait_for(2)
    held = lambda: Counter(name for name, *_ in dask.log()) == {"lost": 2, "other": 1}
    killing = dask.meanwhile(lambda: until(held), lambda: dask.kill("lost"), (dask.folder / "release").touch)
    words = ["p=0.3,0.4", *TINY]
    assert grid.main(*words, "--scheduler", dask.address) == 0
    killing.join()
    (again,) = [block for name, *block in dask.log() if name == "lost"][1:]
    trained = Counter(tuple(block) for _, *block in dask.log())
    assert trained == Counter({(p, first): 1 for p in ("0.3", "0.4") for first in "02"}) + Counter([tuple(again)])
    assert said().count("is lost; its block goes to another\n") == 1 and "4 of 4 blocks are done" in said()
    assert "computing" not in said() and "distributed" not in said(), "trained there, and Dask's own words are not ours"
    configs = grid.grid(words)
    assert store.missing(configs) == []
    for block in (block for config in configs for block in store.blocks(config)):
        ours = train.train_ensemble(**block)
        theirs = store.fetch(train.train_ensemble, **block)
        assert ours.keys() == theirs.keys()
        for name in ours:
            assert theirs[name].dtype == np.float32
            np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-5, atol=1e-7, err_msg=name)


def test_a_worker_with_other_code_is_refused_also_if_it_comes_later(dask, said, tmp_path, capsys):
    shutil.copytree(paths.ROOT / "lib", tmp_path / "other" / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    with open(tmp_path / "other" / "lib" / "train.py", "a") as file:
        file.write("\nEDITED = True\n")
    dask.worker("good", held=1)
    refused = lambda: "is not used, as it has another lib.train: bring its checkout" in said()
    starting = lambda: dask.worker("odd", PYTHONPATH=str(tmp_path / "other"))
    coming = dask.meanwhile(lambda: until(dask.log), starting, lambda: until(refused), (tmp_path / "release").touch)
    assert grid.main("p=0.3,0.4", *TINY, "--scheduler", dask.address) == 0
    coming.join()
    assert [name for name, *_ in dask.log()] == ["good"] * 4 and said().count("is not used") == 1
    assert f"waiting for workers: dask worker {dask.address} --nthreads 1\n" in said()
    dask.kill("good")
    capsys.readouterr()
    with distributed.Client(dask.address, set_as_default=False) as client:
        until(lambda: len(client.nthreads()) == 1)
    assert grid.main("p=0.5", *TINY, "--scheduler", dask.address) == 1
    assert capsys.readouterr().err == f"no worker at {dask.address} can be used\n" and len(dask.log()) == 4


def test_what_goes_wrong_is_one_line_and_costs_no_finished_block(dask, capsys, monkeypatch):
    dask.worker("one", held=7)
    words, at = ["p=0.3,0.4", *TINY], ("--scheduler", dask.address)
    put, stop = store.put, [False, True]
    with monkeypatch.context() as patch:
        patch.setattr(store, "put", lambda *what: put(*what) if not stop.pop(0) else signal())
        assert grid.main(*words, *at) == 130
    assert capsys.readouterr().err == "stopped: finished blocks are kept, and the same command goes on\n"
    assert len(store.missing(grid.grid(words))) == 3
    words = ["learning_rate=10,0.003", "features=6", "neurons=2", "steps=50", "batch=16", "seeds=2"]
    assert grid.main(*words, *at) == 1
    err = capsys.readouterr().err
    assert "networks diverged" in err and err.count("\n") == 1
    (left,) = store.missing(grid.grid(words))
    assert left["config"].learning_rate == 10
    before = len(dask.log())
    losing = dask.meanwhile(lambda: until(lambda: len(dask.log()) > before), lambda: dask.kill("scheduler"))
    assert grid.main("p=0.7", *TINY, *at) == 1
    losing.join()
    err = capsys.readouterr().err
    assert err.startswith(f"lost the scheduler at {dask.address}; finished blocks are kept") and err.count("\n") == 1


def signal():
    raise KeyboardInterrupt


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "host 8786", "no:such"])
def test_a_wrong_address_is_one_line(address, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    assert grid.main("p=0.3", *TINY, "--scheduler", address) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"no scheduler answers at '{address}'") and err.count("\n") == 1


def test_what_differs_is_named():
    ours = store.origin(train.train_ensemble)
    assert set(ours["versions"]) == {"jax", "jaxlib", "flax", "optax"} and "lib.train" in ours["code"]
    theirs = {"code": ours["code"] | {"lib.data": "0"}, "versions": ours["versions"] | {"jax": "0.1"}, "devices": ["x"]}
    devices, jax = ", ".join(ours["devices"]), ours["versions"]["jax"]
    said = f"another lib.data; jax 0.1, not {jax}; x for a device, not {devices}"
    assert cluster.differences(ours, theirs) == said
    told = cluster.differences(ours, ModuleNotFoundError("No module named 'lib'"))
    assert told == "not this code (ModuleNotFoundError: No module named 'lib')"
