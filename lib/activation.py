"""The neuron itself: what section 15 trains, and what is said of it."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from lib.config import Config

CALLED = {"relu": "ReLU(x)", "identity": "x"}  # the targets
WITH = {"relu": "with a ReLU", "abs": "with an absolute value", "linear": "with none"}


def points(base: Config, activations: Sequence[str]) -> dict[tuple[str, str], Config]:
    """The usual training of every kind of network, by target and activation; each is also trained five times as long."""
    return {(target, name): replace(base, activation=name, target=target) for target in CALLED for name in activations}


def described(rows: pd.DataFrame) -> str:
    """The kinds of network with one target in words, the least loss first; the mean of each is a row."""
    loss = {name: "" if pd.isna(value) else f"**{value:.3f}** " for name, value in rows.loss.items()}
    best = rows.sort_values("loss").iterrows()
    kinds = (f"{name} {loss[name]}(slope {row.slope_mean:.2f}, ratio {row.decoder_ratio:.2f})" for name, row in best)
    return "; ".join(kinds) + "; no loss, since the naive plan's is zero" * bool(rows.loss.isna().all())


def verdict(ratio: pd.Series, loss: pd.DataFrame) -> tuple[str, str]:
    """Whether the ReLU makes the decoder longer than the encoder, and the evidence.

    Args:
        ratio: of their norms after the longer training for the target ReLU(x), by activation.
        loss: after the usual training, a row per target and a column per activation.
    """
    asked = [f"{ratio[name]:.2f} {words}" for name, words in WITH.items() if name in ratio]
    if "relu" not in ratio or len(asked) < 2:
        return "not tested", "That takes a ReLU, and beside it an absolute value or no activation."
    others = all(abs(ratio[name] - 1) < 0.05 for name in ("abs", "linear") if name in ratio)
    best = loss.dropna(how="all").idxmin(axis=1)
    least = ", ".join(f"for {CALLED[target]} that of {best[target]}" for target in CALLED if target in best)
    return "holds" if ratio["relu"] > 1.05 and others else "fails", (
        f"Trained five times as long, the ratio is {' and '.join([', '.join(asked[:-1]), asked[-1]])}."
        + f" The least loss {least.replace(' that', ' is that', 1)}." * bool(least)
    )
