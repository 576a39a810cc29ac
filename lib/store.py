"""What was computed once is found again: trained ensembles, and what was measured on them.

A result is filed under a hash of everything that decided it: the parameters, the source of the code
that computed it, the versions of JAX and its companions, and the kind of device. Each result is
`build/store/NAME.npz` with `NAME.json` beside it, which holds all of that in plain words. A large
ensemble is trained and filed in blocks of networks: what stops half-way keeps its finished blocks,
and a larger ensemble begins with those of a smaller one.
"""

import dataclasses
import hashlib
import json
import os
import sys
import time
import zipfile
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import flax
import jax
import jaxlib
import numpy as np
import optax
from filelock import FileLock

from lib import config, data, devices, findings, measure, model, paths, theory, train
from lib.config import Config, Measurement
from lib.model import Network

BLOCK = 64  # networks in one file; a multiple of `train.GROUP`
TRAINING = (config, data, devices, model, train)  # the modules that decide a trained network
MEASURING = (*TRAINING, findings, measure, theory)  # and those that decide what is measured on it


class StoreError(RuntimeError):
    """A result could not be written; the message says where and why."""


def say(message: str) -> None:
    """One line to the terminal that runs the notebook, never into the notebook."""
    print(f"  {message}", file=sys.__stderr__, flush=True)


def networks(config: Config) -> Network:
    """The trained ensemble for `config`, from the store or trained now.

    Returns: a `Network` with a leading axis of seeds on both matrices.

    Raises:
        FloatingPointError: training diverged.
        StoreError: the result could not be written.
    """
    arrays = _ensemble(config)
    return Network(arrays["w_in"], arrays["w_out"], config.activation)


def losses(config: Config) -> np.ndarray:
    """Training loss of every network at every step, (seeds, steps)."""
    return _ensemble(config)["loss"]


def _ensemble(config: Config) -> dict[str, np.ndarray]:
    parts = [fetch(train.train_ensemble, TRAINING, **block) for block in blocks(config)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def blocks(config: Config) -> list[dict]:
    """The ensemble cut into what is trained and filed at once: arguments of `train.train_ensemble`."""
    firsts = range(0, config.seeds, BLOCK)
    return [{"config": dataclasses.replace(config, seeds=min(BLOCK, config.seeds - n)), "first": n} for n in firsts]


def sweep(configs: Iterable[Config], share: int = 0, shares: int = 1) -> None:
    """Trains what is missing of many ensembles, and says how far it is.

    Args:
        share, shares: which of how many processes this is; each takes every `shares`-th block.

    Raises:
        FloatingPointError, StoreError: as `networks`.
    """
    todo = [block for config in configs for block in blocks(config)][share::shares]
    missing = [block for block in todo if not _file(train.train_ensemble, TRAINING, block)[0].exists()]
    for number, block in enumerate(missing, 1):
        say(f"ensemble {number} of {len(missing)}")
        fetch(train.train_ensemble, TRAINING, **block)


def errors(config: Config, samples: int) -> dict[str, np.ndarray]:
    """`measure.errors` of every network: `error` (seeds, features), `silenced` (seeds, features, neurons); see `measured`."""
    return measured(measure.ensemble_errors, config, samples)


def ids(config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """Every published number of every network: for each id an array (seeds,); see `measured`."""
    return measured(findings.of_ensemble, config, options)


def measured(read: Callable, config: Config, options: int | Measurement) -> dict[str, np.ndarray]:
    """What `read(networks, config, options)` finds in the trained ensemble for `config`, from the store or read now.

    Raises:
        FloatingPointError, StoreError: as `networks`.
    """
    trained = networks(config)

    def compute(config: Config, options: int | Measurement) -> dict[str, np.ndarray]:
        return read(trained, config, options)

    module = sys.modules[read.__module__]
    compute.__name__ = f"{module.__name__.rpartition('.')[2]}.{read.__name__}"
    uses = [used for used in vars(module).values() if isinstance(used, ModuleType) and used.__name__.startswith("lib.")]
    return fetch(compute, tuple(dict.fromkeys((*MEASURING, module, *uses))), config=config, options=options)


def fetch(compute: Callable[..., dict], modules: tuple, **parameters) -> dict[str, np.ndarray]:
    """`compute(**parameters)` from the store, computed and filed first if it is not there.

    Two processes that want the same result at once compute it once: the second waits for the first.
    """
    path, about = _file(compute, modules, parameters)
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".lock").touch()
    with FileLock(path.with_suffix(".lock")):
        found = _read(path, about)
        if found is None:
            say(f"computing {compute.__name__}, to be kept as {path.name}")
            start = time.perf_counter()
            arrays = jax.device_get(compute(**parameters))
            say(f"{path.name} took {time.perf_counter() - start:.1f} s")
            with _writing(path):
                _write(path, arrays, about)
            found = _read(path, about)
    return found


def _file(compute: Callable, modules: tuple, parameters: dict) -> tuple[Path, dict]:
    """Where a result is filed, and the description under which it is."""
    label = compute.__name__
    about = {
        "result": label,
        "parameters": {
            name: dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value
            for name, value in parameters.items()
        },
        "code": {m.__name__: _digest(Path(m.__file__).read_bytes()) for m in modules},
        "versions": {m.__name__: m.__version__ for m in (jax, jaxlib, flax, optax)},
        "devices": sorted({device.device_kind for device in jax.local_devices()}),
    }
    return paths.STORE / f"{label}-{_digest(json.dumps(about, sort_keys=True).encode())[:16]}.npz", about


@contextmanager
def _writing(path: Path):
    """A failure to write becomes one message that names the file and the fix."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}; make room and run again; what was finished is kept"
        ) from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(path: Path, about: dict) -> dict[str, np.ndarray] | None:
    """The arrays of a stored result, or None if it is absent or damaged (which is said)."""
    beside = path.with_suffix(".json")
    if not (path.exists() and beside.exists()):
        return None
    try:
        if json.loads(beside.read_text()) != about | {"sha256": _digest(path.read_bytes())}:
            raise ValueError("it and its description do not match")
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        say(f"{path.name} is damaged ({error}); computing it again")
        return None


def _write(path: Path, arrays: dict, about: dict) -> None:
    """Writes the arrays and their description; a reader sees both whole or neither."""
    draft = path.with_suffix(".part")
    try:
        with open(draft, "wb") as file:
            np.savez(file, **arrays)
        about = about | {"sha256": _digest(draft.read_bytes())}
        os.replace(draft, path)
        draft.write_text(json.dumps(about, indent=2) + "\n")
        os.replace(draft, path.with_suffix(".json"))
    finally:
        draft.unlink(missing_ok=True)
