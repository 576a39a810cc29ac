"""The neuron itself: what section 15 trains."""

from collections.abc import Sequence
from dataclasses import replace

from lib.config import Config

TARGETS = {"relu": "ReLU(x)", "identity": "x"}  # the targets


def points(base: Config, activations: Sequence[str]) -> dict[tuple[str, str], Config]:
    """The usual training of every kind of network, by target and activation; each also goes five times as long."""
    return {(target, name): replace(base, activation=name, target=target) for target in TARGETS for name in activations}
