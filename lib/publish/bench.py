"""How fast training is: ours beside the loops that such scripts use, all in one run on the same cores.

    python -m lib.publish.bench        about ten minutes; `make bench` installs PyTorch for it first

Each contender has a process of its own. They take turns, several rounds; what counts is the median, and the lowest and
highest round are kept beside it. Results go to `data/bench.json`, `figures/bench.png` and the tables in README.md.
"""

import json
import multiprocessing
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

from lib import paths, plots
from lib.config import Config
from lib.publish import readme
from lib.publish.contenders import arithmetic, fixed_batch, jitted_steps, ours, products, seconds, torch_loop

ROUNDS = 5
MANY = 64  # networks of the ensemble that the contenders train
COPY = paths.BUILD / "bench"  # a clone of the last commit, in which `make paper` is timed
BARE = ["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "PYTHONPATH"]  # as a shell would call it


def timed(contenders: dict) -> dict:
    """Network-steps per second of each contender: median, low and high over the rounds, which take turns; and the most
    memory that its process held, in GiB.

    Args:
        contenders: name -> (what makes the thing to run, its configuration).
    """
    spawn = multiprocessing.get_context("spawn")
    pools, rates = {name: ProcessPoolExecutor(1, spawn) for name in contenders}, {name: [] for name in contenders}
    for _ in range(1 + ROUNDS):
        for name, (make, config) in contenders.items():
            rates[name].append(config.seeds * config.steps / pools[name].submit(seconds, make, config).result())
    found = {}
    for name, pool in pools.items():
        low, *_, high = sorted_rates = sorted(rates[name][1:])  # the first compiled
        peak = pool.submit(peak_memory).result()
        found[name] = {"median": statistics.median(sorted_rates), "low": low, "high": high, "peak": peak}
        pool.shutdown()
    return found


def peak_memory() -> float:
    """Most memory that this process has held, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** (20 if sys.platform == "linux" else 30)


def exponents(rates: dict[str, dict]) -> dict[str, float]:
    """How the seconds of a network-step and the memory grow with a size: exponents of a power law through all sizes."""
    size = np.log([float(name) for name in rates])
    grown = {"time": [1 / rate["median"] for rate in rates.values()], "memory": [r["peak"] for r in rates.values()]}
    return {what: float(np.polyfit(size, np.log(values), 1)[0]) for what, values in grown.items()}


def make(*words: str) -> float:
    """Seconds of a call of make in the clone."""
    start = time.perf_counter()
    subprocess.run([*BARE, "make", *words], cwd=COPY, check=True, stdout=sys.stderr)
    return time.perf_counter() - start


def paper_times() -> dict:
    """Seconds of `make paper`: from a clean clone, with trained networks kept, and with nothing to do."""
    shutil.rmtree(COPY, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(paths.ROOT), str(COPY)], check=True)
    set_up, cold = make("help", "lock"), make("paper")
    print("files that this run made otherwise than the last commit has them:", file=sys.stderr)
    subprocess.run(["git", "status", "--short"], cwd=COPY, check=True, stdout=sys.stderr)
    shutil.rmtree(COPY / "build" / "stamps")
    warm, nothing = make("paper"), make("paper")
    shutil.rmtree(COPY)
    return {"set-up": set_up, "all, cold": cold, "all, networks kept": warm, "nothing to do": nothing}


def machine() -> dict:
    """What the figures were taken on."""
    import torch

    about = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", about.read_text() if about.exists() else "")
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
            f"PyTorch, batch axis of {MANY}": (torch_loop, replace(many, steps=5)),
            "JAX, a jitted step in a loop, 1 network": (jitted_steps, one),
            "ours, 1 network": (ours, one),
            "ours, 8 networks": (ours, replace(many, seeds=8)),
            f"ours, {MANY} networks": (ours, many),
            "ours, 512 networks": (ours, replace(many, seeds=512, steps=50)),
            "ours on a fixed batch, 1 network": (fixed_batch, one),
            f"ours on a fixed batch, {MANY} networks": (fixed_batch, many),
            f"matrix products alone, {MANY} networks": (products, many),
            f"as many operations in large products, {MANY} networks": (arithmetic, many),
        }
    )
    wide = {f: replace(many, features=f, neurons=f // 10, p=2 / f, seeds=4, steps=4) for f in (100, 300, 1000, 3000)}
    sizes = {"features": wide, "networks": {n: replace(many, seeds=n, steps=50) for n in (1, 8, MANY, 512)}}
    result["growth"] = {}
    for name, configs in sizes.items():
        rates = timed({str(size): (ours, config) for size, config in configs.items()})
        result["growth"][name] = {"rates": rates, "exponents": exponents(rates)}
    written = paths.ROOT / "data" / "bench.json"
    written.write_text(json.dumps(result, indent=2, default=float) + "\n")
    plots.save(plots.speed(result), paths.ROOT / "figures" / "bench.png")
    readme.write(paths.ROOT)


if __name__ == "__main__":
    main()
