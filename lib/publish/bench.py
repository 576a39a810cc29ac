"""How fast training is: ours beside the loops that such scripts use, all in one run on the same cores.

    python -m lib.publish.bench        about ten minutes; `make bench` installs PyTorch for it first

Each contender has a process of its own. They take turns, several rounds; what counts is the median, and the lowest and highest round are
kept beside it. Results go to `data/bench.json`, `figures/bench.png` and the table in README.md.
"""

import json
import multiprocessing
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from unittest import mock

import jax
import optax

from lib import data, devices, model, paths, plots, train
from lib.config import Config
from lib.publish import asked, kernel, readme

ROUNDS = 5
MANY = 64  # networks of the ensemble that the contenders train
COPY = paths.BUILD / "bench"  # a clone of the last commit, in which `make paper` is timed


def torch_loop(config: Config, networks: int = 1):
    """The plain PyTorch loop; with several networks they get a batch axis and share their samples."""
    import torch

    torch.set_num_threads(devices.CORES)
    many = (networks,) if networks > 1 else ()
    w_in = torch.nn.Parameter(torch.randn(*many, config.neurons, config.features) * config.init_scale)
    w_out = torch.nn.Parameter(torch.randn(*many, config.features, config.neurons) * config.init_scale)
    optimiser = torch.optim.Adam([w_in, w_out], lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    shape = config.batch, config.features

    def run():
        for _ in range(config.steps):
            x = torch.where(torch.rand(shape) < config.p, 2 * torch.rand(shape) - 1, torch.zeros(()))
            y = torch.relu(x @ w_in.mT) @ w_out.mT
            loss = ((y - torch.relu(x)) ** 4).mean((-2, -1)).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()

    return run


def jitted_steps(config: Config):
    """One JAX network, one jitted step at a time, in a Python loop."""
    optimiser = optax.adam(optax.cosine_decay_schedule(config.learning_rate, config.steps))
    network = model.init(data.key(0, "init"), config)
    state = network, optimiser.init(network), data.key(0, "data")

    @jax.jit
    def step(state):
        network, moments, key = state
        key, now = jax.random.split(key)
        x = data.sample(now, config, config.batch)
        slope = jax.grad(train.loss)(network, config, x, data.target(config, x))
        update, moments = optimiser.update(slope, moments)
        return optax.apply_updates(network, update), moments, key

    def run():
        now = state
        for _ in range(config.steps):
            now = step(now)
        jax.block_until_ready(now)

    return run


def ours(config: Config):
    """What the paper does."""
    return partial(train.train_ensemble, config)


def fixed_batch(config: Config):
    """What the paper does, without drawing samples: every step sees the same ones."""
    x = data.sample(data.key(0, "data"), config, config.batch)

    def on_one_batch(start, config, x):  # a function of its own, so that no compiled program is shared with `ours`
        with mock.patch.object(data, "sample", lambda *_: x):
            return train.train(start, config)

    return lambda: devices.each(on_one_batch, train.starts(config), config, x)


def products(config: Config):
    """The matrix products of a step and nothing else: two forward, three back, on arrays of their shapes."""
    x = data.sample(data.key(0, "data"), config, config.batch)
    networks = jax.vmap(model.init, (0, None))(train.keys(config)[0].ravel()[: config.seeds], config)

    def one(network, x):
        def step(state, _):
            w_in, w_out = state
            h = w_in @ x
            y = w_out @ h
            return (w_in + 1e-30 * (w_out.T @ y) @ x.T, w_out + 1e-30 * y @ h.T), None

        return jax.lax.scan(step, (network.w_in[...], network.w_out[...]), None, length=config.steps)[0]

    return lambda: devices.each(one, networks, x)


def alone(make: Callable, config: Config) -> Callable[[], None]:
    """`make(config)()` in a process of its own, as a script has it; run once already, which compiles."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    spawn.Process(target=_serve, args=(make, config, theirs), daemon=True).start()
    theirs.close()

    def run():
        ours.send("run")
        ours.recv()

    run()
    return run


def _serve(make: Callable, config: Config, orders) -> None:
    run = make(config)
    try:
        while orders.recv():
            run()
            orders.send("done")
    except EOFError:
        pass  # nobody wants more


def timed(contenders: dict) -> dict:
    """Network-steps per second of each contender: median, low and high over the rounds, which take turns.

    Args:
        contenders: name -> (what makes the thing to run, its configuration).
    """
    runs = {name: (alone(make, config), config.seeds * config.steps) for name, (make, config) in contenders.items()}
    rates = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, (run, work) in runs.items():
            start = time.perf_counter()
            run()
            rates[name].append(work / (time.perf_counter() - start))
    for name, each in rates.items():
        print(f"{name:<42} {statistics.median(each):8,.0f} network-steps per second", file=sys.stderr)
    return {name: {"median": statistics.median(r), "low": min(r), "high": max(r)} for name, r in rates.items()}


def peak_memory(config: Config) -> float:
    """Most memory that a process holds which trains such an ensemble, in the store's blocks, and does nothing else, in GiB."""
    code = (
        "import resource; from lib import store, train; from lib.config import Config\n"
        f"for block in store.blocks({config!r}): train.train_ensemble(**block)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=paths.ROOT, stdout=subprocess.PIPE, text=True)
    return int(done.stdout) / 2 ** (20 if sys.platform == "linux" else 30)


def paper_times() -> dict:
    """Seconds of `make paper`: from a clean clone, with trained networks kept, and with nothing to do."""
    shutil.rmtree(COPY, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(paths.ROOT), str(COPY)], check=True)

    def make(*words):
        start = time.perf_counter()
        alone = {
            name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "PYTHONPATH")
        }
        done = subprocess.run(
            ["make", *words], cwd=COPY, env=alone, stdout=sys.stderr, stderr=subprocess.PIPE, text=True
        )
        if done.returncode:
            sys.exit(f"make {' '.join(words)} failed in a clone of the last commit: {done.stderr}")
        return time.perf_counter() - start

    set_up = make("help", "lock")
    cold = make("paper")
    spent = [json.loads(line) for line in (COPY / "build" / "progress.jsonl").read_text().splitlines()]
    differ = subprocess.run(["git", "status", "--short"], cwd=COPY, capture_output=True, text=True, check=True).stdout
    print(f"files that this run made otherwise than the last commit has them:\n{differ or 'none'}", file=sys.stderr)
    shutil.rmtree(COPY / "build" / "stamps")
    warm = make("paper")
    nothing = make("paper")
    training = sum(note["seconds"] for note in spent if note["result"] == "train_ensemble")
    measuring = sum(note["seconds"] for note in spent if note["result"] != "train_ensemble")
    empty = kernel_start() * len(list(asked.NOTEBOOKS.glob("[0-9]*.ipynb")))
    shutil.rmtree(COPY)
    return {
        "set-up": set_up,
        "training": training,
        "measuring": measuring,
        "kernel start": empty,
        "drawing and the rest": cold - training - measuring - empty,
        "all, cold": cold,
        "all, networks kept": warm,
        "nothing to do": nothing,
    }


def kernel_start() -> float:
    """Seconds to start a notebook's kernel, import what notebooks import, and stop it."""
    import nbformat

    notebook = COPY / "build" / "empty.ipynb"
    cell = nbformat.v4.new_code_cell("from lib import claims, data, measure, model, plots, store, theory, train")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel.KERNEL), notebook)
    code = "import papermill, sys; papermill.execute_notebook(*sys.argv[1:], kernel_name='python3', progress_bar=False)"
    start = time.perf_counter()
    command = [sys.executable, "-c", code, str(notebook), str(notebook)]
    subprocess.run(command, check=True, cwd=paths.ROOT, capture_output=True)
    return time.perf_counter() - start


def machine() -> dict:
    """What the figures were taken on."""
    with open("/proc/cpuinfo") if os.path.exists("/proc/cpuinfo") else open(os.devnull) as file:
        names = re.findall(r"model name\s*: (.*)", file.read())
    import torch

    return {
        "processor": names[0] if names else platform.processor(),
        "cores used": jax.local_device_count(),
        "devices": sorted({device.device_kind for device in jax.local_devices()}),
        "system": platform.system(),
        "python": platform.python_version(),
        "jax": jax.__version__,
        "torch": torch.__version__,
    }


def main() -> None:
    one, many = Config(seeds=1), Config(seeds=MANY, steps=250)
    result = {"machine": machine(), "rounds": ROUNDS, "make paper, seconds": paper_times()}
    result["network-steps per second"] = timed(
        {
            "PyTorch loop, 1 network": (torch_loop, replace(one, steps=200)),
            f"PyTorch, batch axis of {MANY}": (partial(torch_loop, networks=MANY), replace(many, steps=5)),
            "JAX, a jitted step in a loop, 1 network": (jitted_steps, one),
            "ours, 1 network": (ours, one),
            "ours, 8 networks": (ours, replace(many, seeds=8)),
            f"ours, {MANY} networks": (ours, many),
            "ours, 512 networks": (ours, replace(many, seeds=512, steps=50)),
            "ours on a fixed batch, 1 network": (fixed_batch, one),
            f"ours on a fixed batch, {MANY} networks": (fixed_batch, many),
            f"matrix products alone, {MANY} networks": (products, many),
        }
    )
    sizes = {"features": (50, 100, 200, 400), "neurons": (5, 10, 20, 40), "batch": (512, 2048, 8192)}
    small = replace(many, seeds=16, steps=100)
    result["scaling"] = {
        name: timed({str(value): (ours, replace(small, **{name: value})) for value in values})
        for name, values in sizes.items()
    }
    result["peak memory, 512 networks, GiB"] = peak_memory(Config(seeds=512))
    written = paths.ROOT / "data" / "bench.json"
    written.write_text(json.dumps(result, indent=2, default=float) + "\n")
    plots.save(plots.speed(result), paths.ROOT / "figures" / "bench.png")
    readme.write(paths.ROOT)


if __name__ == "__main__":
    main()
