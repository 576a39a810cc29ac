"""What was computed once is found again: trained ensembles, and what was measured on them.

A result is filed under a hash of everything that decided it: the parameters, the code that it rests on (see `code`),
the versions of JAX and its companions, and the kind of device. It is `build/store/NAME.npz`, with `NAME.json` beside
it, which holds all of that in plain words. A large ensemble is trained and filed in blocks of networks: what stops
half-way keeps its finished blocks, and a larger ensemble begins with those of a smaller one.
"""

import ast
import dataclasses
import functools
import hashlib
import json
import os
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path

import flax
import jax
import jaxlib
import numpy as np
import optax
from filelock import FileLock

from lib import paths, train
from lib.config import Config, Measurement, OneLine
from lib.devices import together
from lib.model import Network

_PARSING = threading.Lock()  # Python 3.11 parses in one thread at a time, or not at all
BLOCK = 64  # networks in one file
CLEAR = "\r\x1b[K" if sys.__stderr__ and sys.__stderr__.isatty() else ""  # a terminal's line is begun anew
jax.config.update("jax_compilation_cache_dir", str(paths.BUILD / "jax"))  # what one notebook compiled serves all
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


class StoreError(OneLine, RuntimeError):
    """A result could not be written; the message says where and why."""


def say(message: str, routine: bool = False) -> None:
    """One line to the terminal, never into the notebook; `make` tells what is routine in its own way."""
    if not (routine and "PAPER_PROGRESS" in os.environ):
        print(f"{CLEAR}  {message}", file=sys.__stderr__, flush=True)


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
    """Training loss of every network, (seeds, steps) or, of long trainings, (seeds, parts): `train.train_ensemble`."""
    return _ensemble(config)["loss"]


def _ensemble(config: Config) -> dict[str, np.ndarray]:
    parts = [fetch(train.train_ensemble, **block) for block in blocks(config)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def blocks(config: Config) -> list[dict]:
    """The ensemble cut into what is trained and filed at once: arguments of `train.train_ensemble`."""
    firsts = range(0, config.seeds, BLOCK)
    return [{"config": dataclasses.replace(config, seeds=min(BLOCK, config.seeds - n)), "first": n} for n in firsts]


def train_missing(configs: Iterable[Config]) -> None:
    """Trains what is missing of many ensembles, and says how far it is.

    Raises:
        FloatingPointError, StoreError: as `networks`.
    """
    todo = missing(configs)

    def one(number: int) -> None:
        say(f"ensemble {number + 1} of {len(todo)}", routine=True)
        fetch(train.train_ensemble, **todo[number])

    together(one, range(len(todo)))


def missing(configs: Iterable[Config]) -> list[dict]:
    """The blocks of these ensembles that are not in the store, see `blocks`."""
    todo = [block for config in configs for block in blocks(config)]
    return [block for block in todo if not _file(train.train_ensemble, block)[0].exists()]


def put(block: dict, arrays: dict[str, np.ndarray]) -> None:
    """Files a block that was trained elsewhere, by the same code; see `blocks`."""
    _kept(train.train_ensemble, block, arrays)


def measured(read: Callable, config: Config, options: int | Measurement) -> dict[str, np.ndarray]:
    """What `read(networks, config, options)` finds in the trained ensemble for `config`, from the store or read now.

    Raises:
        FloatingPointError, StoreError: as `networks`.
    """
    return fetch(_measured, read=read, config=config, options=options)


def _measured(read: Callable, config: Config, options: int | Measurement) -> dict[str, np.ndarray]:
    return read(networks(config), config, options)


def fetch(compute: Callable[..., dict], **parameters) -> dict[str, np.ndarray]:
    """`compute(**parameters)` from the store, computed and filed first if it is not there.

    The parameters are numbers, words, configurations, or functions defined at the top of a module. Two processes that
    want the same result at once compute it once: the second waits for the first.
    """
    return _kept(compute, parameters)


def _kept(compute: Callable, parameters: dict, arrays: dict | None = None) -> dict[str, np.ndarray]:
    path, about = _file(compute, parameters)
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".lock").touch()
    with FileLock(path.with_suffix(".lock")):
        found = _read(path, about)
        if found is None:
            start = time.perf_counter()
            if arrays is None:
                say(f"computing {about['result']}, to be kept as {path.name}", routine=True)
                arrays = jax.device_get(compute(**parameters))
                say(f"{path.name} took {time.perf_counter() - start:.1f} s", routine=True)
            took = time.perf_counter() - start
            with _writing(path):
                _write(path, arrays, about)
                _note(about, took)
            found = _read(path, about)
    return found


def _note(about: dict, seconds: float) -> None:
    """Leaves a line for `lib.publish.progress` if `make` runs this notebook."""
    if "PAPER_PROGRESS" in os.environ:
        with open(os.environ["PAPER_PROGRESS"], "a") as file:
            file.write(json.dumps({"result": about["result"], "seconds": seconds} | about["parameters"]) + "\n")


def _file(compute: Callable, parameters: dict) -> tuple[Path, dict]:
    """Where a result is filed, and the description under which it is."""
    functions = [value for value in parameters.values() if callable(value)] or [compute]
    label = ".".join(function.__name__ for function in functions)
    about = {"result": label, "parameters": {name: _described(value) for name, value in parameters.items()}} | origin(
        *functions, train.train_ensemble
    )
    return paths.STORE / f"{label}-{_digest(json.dumps(about, sort_keys=True).encode())[:16]}.npz", about


def origin(*functions: Callable) -> dict:
    """What decides a result of these functions beside its parameters: code, versions and devices, as they are here."""
    return {
        "code": {name: digest for function in functions for name, digest in code(function.__module__).items()},
        "versions": {m.__name__: m.__version__ for m in (jax, jaxlib, flax, optax)},
        "devices": sorted({device.device_kind for device in jax.local_devices()}),
    }


def _described(value: object) -> object:
    if callable(value):
        return f"{value.__module__}.{value.__name__}"
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value


@functools.cache
def code(module: str) -> dict[str, str]:
    """Hashes of the module and of all it imports from `lib`, directly or not; comments and docstrings don't count."""
    found, waiting = {}, [module]
    while waiting:
        name = waiting.pop()
        if name in found or name in (__name__, paths.__name__):  # how a result is kept does not decide it
            continue
        with _PARSING:
            tree = ast.parse(Path(sys.modules[name].__file__).read_bytes())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "lib":
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                waiting += [name if name in sys.modules else node.module for name in names]
            match getattr(node, "body", None):
                case [ast.Expr(value=ast.Constant() as docstring), *_]:
                    docstring.value = None
        found[name] = _digest(ast.dump(tree).encode())
    return found


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
