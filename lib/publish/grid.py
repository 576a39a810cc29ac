"""Trains a grid of ensembles into the store, on one process or on many that each take a share.

    python -m lib.publish.grid p=0.01,0.02 neurons=5,10 seeds=64
    python -m lib.publish.grid p=0.01,0.02 neurons=5,10 seeds=64 --process 0/2 --at HOST:PORT

Every combination of the values is an ensemble; parameters not named keep their defaults. The second
line is run once per process, as 0/2 and as 1/2, both with the address at which process 0 can be reached. All
write to the same `build/store`, each its own files, and a file is whole or absent. So a process that is
lost loses only what it had not finished, and the same command, run again, trains what is missing.
"""

import argparse
import itertools
import re
import sys
from dataclasses import fields

import jax

from lib import store
from lib.config import Config, ConfigError
from lib.publish import asked


def grid(words: list[str]) -> list[Config]:
    """Every combination of the values in NAME=VALUE,VALUE words.

    Raises:
        ConfigError, paper.Refused: a name is unknown, or a value has the wrong type or is out of range.
    """
    known, axes = sorted(field.name for field in fields(Config)), {}
    for name, values in asked.pairs(words).items():
        if name not in known:
            raise ConfigError(f"unknown parameter {name!r}; a sweep knows {', '.join(known)}")
        axes[name] = [asked.read(name, value) for value in values.split(",")]
    return [Config(**dict(zip(axes, point, strict=True))) for point in itertools.product(*axes.values())]


def roll_call(process: str | None, address: str | None) -> tuple[int, int]:
    """Which of how many processes this is, agreed with the others through JAX's own runtime.

    They meet once and part: the runtime would end all of them when one is lost.

    Raises:
        ConfigError: `process` is not I/N with I below N, or there is no address to meet at.
    """
    if process is None:
        return 0, 1
    if not (re.fullmatch(r"\d+/\d+", process) and address):
        raise ConfigError(
            f"--process {process} --at {address} does not fit: say which of how many, as 0/2, and HOST:PORT"
        )
    index, count = map(int, process.split("/"))
    if index >= count:
        raise ConfigError(
            f"--process {process} does not fit: the first of {count} is 0/{count}, the last {count - 1}/{count}"
        )
    jax.distributed.initialize(address, count, index)
    share = jax.process_index(), jax.process_count()
    jax.distributed.shutdown()
    return share


def main(*words: str) -> int:
    """Does what the command line asks; one message and an exit status if it cannot be done."""
    parser = argparse.ArgumentParser(
        prog="python -m lib.publish.grid", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("grid", nargs="+", metavar="NAME=VALUE,VALUE")
    parser.add_argument("--process", metavar="I/N", help="which of how many processes this is")
    parser.add_argument("--at", metavar="HOST:PORT", help="where process 0 can be reached")
    options = parser.parse_args(words)
    try:
        configs = grid(options.grid)
        store.sweep(configs, *roll_call(options.process, options.at))
    except (ConfigError, asked.Refused, store.StoreError, FloatingPointError) as error:
        print(error, file=sys.stderr)
        return 1
    print("trained: all of this share is in the store")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
