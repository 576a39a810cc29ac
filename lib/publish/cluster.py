"""A sweep on many machines: the workers of a Dask cluster train blocks of networks, and this process files them."""

import logging
import re
import time
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress

import jax

from lib import store, train
from lib.config import Config, OneLine

PATIENCE = 10  # seconds for a scheduler to answer
GATHER = 600  # seconds for a block to arrive
TRIES = 3  # workers that a block may lose


class ClusterError(OneLine, RuntimeError):
    """A cluster cannot be used, or failed to train a block; the message says why."""


def train_missing(configs: Iterable[Config], address: str) -> None:
    """Trains what is missing of many ensembles on the workers of a scheduler, and files each block as it comes.

    Each worker has one block at a time. Workers may join at any time; the block of one that is lost goes to another.

    Args:
        address: the scheduler's, such as tcp://host:8786.

    Raises:
        ClusterError: no scheduler answers, or none of its workers fits; or, when all else is filed, a block failed.
        FloatingPointError, StoreError: as `store.train_missing`, the first when all else is filed.
    """
    todo = [(block, 1) for block in store.missing(configs)]
    running, fits, failures, count, told = {}, {}, [], len(todo), False
    with _connected(address) as client:
        while todo or running:
            here = list(client.nthreads())
            fits |= _judged(client, [worker for worker in here if worker not in fits])
            for future, (worker, block, tries) in list(running.items()):
                if worker in here and not future.done():
                    continue
                del running[future]  # Dask forgets what nobody asks for
                if worker not in here and tries < TRIES:
                    store.say(f"{worker} is lost; its block goes to another")
                    todo.insert(0, (block, tries + 1))
                elif worker not in here:
                    failures.append(ClusterError(f"{TRIES} workers were lost with one block: have they enough memory?"))
                elif error := future.exception() or (
                    None if isinstance(found := future.result(GATHER), dict) else found
                ):
                    failures.append(error if isinstance(error, FloatingPointError) else _failed(worker, error))
                else:
                    store.put(block, found)
                    store.say(f"{count - len(todo) - len(running)} of {count} blocks are done, the last by {worker}")
            busy = {worker for worker, *_ in running.values()}
            for worker in [worker for worker in here if fits.get(worker) and worker not in busy][: len(todo)]:
                block, tries = todo.pop(0)
                future = client.submit(_trained, block, workers=[worker], pure=False)
                running[future] = worker, block, tries
            if todo and fits and not any(fits.values()):
                raise ClusterError(f"no worker at {address} can be used")
            if todo and not running and not told:
                store.say(f"waiting for workers: dask worker {address} --nthreads 1")
            told = not running
            _pause(list(running))
    if failures:
        raise failures[0]


def _trained(block: dict) -> dict | Exception:
    """Trains a block on a worker; an error is returned, as Dask cannot carry every traceback."""
    try:
        return jax.device_get(train.train_ensemble(**block))
    except FloatingPointError as error:
        return error.with_traceback(None)
    except Exception as error:
        return RuntimeError(f"{type(error).__name__}: {error}")


@contextmanager
def _connected(address: str) -> Iterator:
    """A client of the scheduler, which keeps Dask's own messages off the terminal."""
    wrong = f"no scheduler answers at {address!r}: is SCHEDULER right, as in tcp://host:8786?"
    if not re.fullmatch(r"[a-z]+://\S+:\d+", address):
        raise ClusterError(wrong)
    import distributed  # slow, and only for who has a cluster

    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings(action="ignore"):  # of another Dask: what matters is compared later
            client = distributed.Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise ClusterError(wrong) from error
    try:
        with client:
            yield client
    except (OSError, CancelledError) as error:
        raise ClusterError(f"lost the scheduler at {address}; finished blocks are kept: run again to go on") from error


def _judged(client, workers: list[str]) -> dict[str, bool]:
    """Whether each worker would train what this process would; of one that would not it is said why."""
    found, ours = {}, store.origin(train.train_ensemble)
    if workers:
        found = client.run(store.origin, train.train_ensemble, workers=workers, on_error="return")
        there = client.nthreads()
        found = {worker: theirs for worker, theirs in found.items() if worker in there}  # one may be lost by now
    for worker, theirs in found.items():
        if theirs != ours:
            mend = "bring its checkout to this commit, run make there, and start it again from its .venv"
            store.say(f"{worker} is not used, as it has {differences(ours, theirs)}: {mend}")
    return {worker: theirs == ours for worker, theirs in found.items()}


def differences(ours: dict, theirs: dict | Exception) -> str:
    """In a few words, what another process has instead of what this one has: see `store.origin`."""
    if isinstance(theirs, Exception):
        return f"not this code ({type(theirs).__name__}: {theirs})"
    unlike = {
        kind: {
            name: theirs[kind].get(name)
            for name in sorted({*ours[kind], *theirs[kind]})
            if theirs[kind].get(name) != ours[kind].get(name)
        }
        for kind in ("code", "versions")
    }
    told = [f"another {name}" for name in unlike["code"]]
    told += [f"{name} {version}, not {ours['versions'].get(name)}" for name, version in unlike["versions"].items()]
    if theirs["devices"] != ours["devices"]:
        told.append(f"{', '.join(theirs['devices'])} for a device, not {', '.join(ours['devices'])}")
    return "; ".join(told)


def _failed(worker: str, error: Exception) -> ClusterError:
    return ClusterError(f"{worker} could not train a block: {str(error).partition(chr(10))[0]}")


def _pause(futures: list) -> None:
    """Waits until one of these is done, and a second at most: workers may have come or gone."""
    from distributed import wait

    if futures:
        with suppress(TimeoutError):
            wait(futures, timeout=1, return_when="FIRST_COMPLETED")
    else:
        time.sleep(0.5)
