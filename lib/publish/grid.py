"""Trains a grid of ensembles into the store: every combination of the values; other parameters keep their defaults.

python -m lib.publish.grid p=0.01,0.02 neurons=5,10 seeds=64 [--scheduler tcp://host:8786]
"""

import argparse
import itertools
import sys
from dataclasses import fields

from lib import store
from lib.config import Config, ConfigError
from lib.publish import asked, cluster


def grid(words: list[str]) -> list[Config]:
    """Every combination of the values in NAME=VALUE,VALUE words.

    Raises:
        ConfigError, asked.Refused: a name is unknown, or a value has the wrong type or is out of range.
    """
    known, axes = sorted(field.name for field in fields(Config)), {}
    for name, values in asked.pairs(words).items():
        if name not in known:
            raise ConfigError(f"unknown parameter {name!r}; a sweep knows {', '.join(known)}")
        axes[name] = [asked.read(name, value) for value in values.split(",")]
    return [Config(**dict(zip(axes, point, strict=True))) for point in itertools.product(*axes.values())]


def main(*words: str) -> int:
    """Does what the command line asks; one message and an exit status if it cannot be done."""
    parser = argparse.ArgumentParser("python -m lib.publish.grid", description=__doc__)
    parser.add_argument("grid", nargs="+", metavar="NAME=VALUE,VALUE")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster that trains; without it, this process"
    )
    given = parser.parse_args(words)
    try:
        if given.scheduler:
            cluster.train_missing(grid(given.grid), given.scheduler)
        else:
            store.train_missing(grid(given.grid))
    except (ConfigError, asked.Refused, cluster.ClusterError, store.StoreError, FloatingPointError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped: finished blocks are kept, and the same command goes on", file=sys.stderr)
        return 130
    print("trained: all of it is in the store")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
