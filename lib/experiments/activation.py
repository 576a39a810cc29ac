"""The neuron itself: what section 15 trains, and by which rule it judges."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from lib.config import Config

TARGETS = {"relu": "ReLU(x)", "identity": "x"}  # the targets


def points(base: Config, activations: Sequence[str]) -> dict[tuple[str, str], Config]:
    """The usual training of every kind of network, by target and activation; each also goes five times as long."""
    return {(target, name): replace(base, activation=name, target=target) for target in TARGETS for name in activations}


def lengthens(ratio: pd.DataFrame, more: float = 0.05, kept: float = 0.9) -> list[bool]:
    """Whether the ReLU makes the decoder longer than the encoder, by target.

    So it is if the ratio of a ReLU network, after usual and longer training, is above 1 and above that of networks with
    an absolute value or no activation by `more`, and longer training leaves it `kept` of what it is above 1.

    Args:
        ratio: decoder over encoder, rows by (target, activation), columns `usual` and `later`.

    Returns: an entry for each target for which there are networks of both kinds.
    """
    held = []
    for _, rows in ratio.groupby("target", sort=False):
        of = rows.droplevel("target")
        without = of[of.index.isin(["abs", "linear"])]
        if "relu" in of.index and len(without):
            own, bar = of.loc["relu"], without.max().clip(lower=1) + more
            held.append(bool((own > bar).all() and own.later - 1 >= kept * (own.usual - 1)))
    return held
