"""The power q of the error: what sharing can gain at each, where it begins, and how even it is.

With one feature on at a time (p to 0) the error of a network is x times a column of R - I, R its response to single
features. Its loss over the naive plan's is then `sum(abs(R - I)**q) / (F - n)`, whatever x > 0 is drawn. R has rank n at
most, so for q = 2 that is at least 1 (Eckart and Young), and every orthogonal projection ties with the naive plan. No
entry of a projection minus I is larger than 1, and so all projections but the naive plan lose for q < 2 and win for q > 2.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import gammaln

from lib import data, knobs, measure, theory
from lib.config import Config, Measurement
from lib.model import Network


def alone(response: np.ndarray, exponent: float, neurons: int) -> float:
    """Loss of a response R (features, features) with one feature on at a time, over the naive plan's."""
    return float((np.abs(response - np.eye(len(response))) ** exponent).sum() / (len(response) - neurons))


def projection(features: int, neurons: int, seed: int = 0) -> np.ndarray:
    """The orthogonal projection on a random subspace, (features, features)."""
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(features, neurons)))[0]
    return basis @ basis.T


def least_interference(features: int, dims: int, exponent: float) -> float:
    """Least mean over i of sum_{j != i} abs(r_ij / r_ii)**q, rank `dims`, r_ii all alike, no entry above them.

    The squares are bounded by Welch's energy. Above q = 2 powers are least if all are of one size (which a hundred
    vectors in ten dimensions cannot attain, see `theory.gerzon_bound`), below if they are 1 or 0.
    """
    energy = theory.interference_energy(features, dims)
    return energy if exponent <= 2 else energy ** (exponent / 2) * (features - 1) ** (1 - exponent / 2)


def random_interference(features: int, dims: int, exponent: float) -> float:
    """Expected sum_{j != i} abs(cos_ij)**q of unit vectors in random directions."""
    parts = gammaln(dims / 2) + gammaln((exponent + 1) / 2) - gammaln(0.5) - gammaln((dims + exponent) / 2)
    return (features - 1) * float(np.exp(parts))


def even(interference: float, exponent: float, share: float) -> tuple[float, float]:
    """The best slope s of a code that serves all features alike, and its loss over the naive plan's, for p to 0.

    Minimises (1 - s)**q + interference * s**q. `share` is neurons / features, what the naive plan serves; if that
    is all, it has no loss, and there is no ratio.
    """
    slope = 1 / (1 + interference ** (1 / (exponent - 1)))
    return slope, (1 - slope) ** (exponent - 1) / np.float64(1 - share)


def points(base: Config, post: Config, powers: Sequence[float]) -> dict[str, list[Config]]:
    """What section 11 trains, by kind of training: at all powers as usual, at some of them otherwise.

    Args:
        base: the usual training, see `knobs.full`; `post`: the post's own.
    """
    at = lambda *values: [q for q in values if q in powers]  # noqa: E731
    many = lambda config, powers, **other: [replace(config, exponent=float(q), **other) for q in powers]  # noqa: E731
    starts = [config for q in at(1.5, 2, 2.05, 2.25, 3, 6, 8) for start in ("naive", "shared") for config in many(base, [q], start=start)]
    return {
        "usual": many(base, sorted(powers, key=lambda q: abs(q - 2))),
        "restarted": starts,
        "long": many(knobs.longer(base), at(2, 2.02, 2.05, 2.1, 8)),
        "longest": many(knobs.longer(base, 20), at(4, 6) if len(at(4, 6)) == 2 else (), seeds=min(2 * base.seeds, 100_000)),
        "sparse": many(knobs.longer(base), at(2, 2.02, 2.05, 1.95, 3), p=base.p / 10),
        "slow": many(base, at(4, 6), learning_rate=post.learning_rate),
    }


def by_kind(table: pd.DataFrame, kinds: dict[str, list[Config]]) -> dict[str, pd.DataFrame]:
    """The rows of a sweep over `points` by kind, with `exponent`, `p` and `start` also where these are all alike; some may be empty."""
    ends = np.cumsum([sum(config.seeds for config in points) for points in kinds.values()])
    parts = zip(kinds, np.split(np.arange(len(table)), ends[:-1]), strict=True)
    about = {name: [getattr(c, name) for points in kinds.values() for c in points for _ in range(c.seeds)] for name in ("exponent", "p", "start")}
    return {kind: table.assign(**about).iloc[rows] for kind, rows in parts}


def spoken(sentences: dict[float, str], powers: Sequence[float]) -> str:
    """The sentences on powers that were swept, and which of the others were not."""
    gone = [f"*q* = {q:g}" for q in sentences if q not in powers]
    said = [text for q, text in sentences.items() if q in powers]
    return " ".join(said + [f"Not among the powers: {', '.join(gone)}."] * bool(gone))


def beside(usual: pd.DataFrame, longer: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Means over networks of some columns at each power of `longer`, in the usual training and in the longer: two columns each."""
    pair = {"usual": usual[usual.exponent.isin(longer.exponent)], "longer": longer}
    means = {kind: rows.groupby("exponent")[names].mean() for kind, rows in pair.items()}
    return pd.concat(means, axis=1, names=["training", None]).swaplevel(axis=1)[names]


def change(table: pd.DataFrame, name: str, low: float = 4.0, high: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """A column at the power `low`, and what is added to it at `high`, by network, (seeds,) each; empty if one was not swept."""
    if not {low, high} <= set(table.exponent):
        return np.zeros(0), np.zeros(0)
    wide = table.pivot(index="seed", columns="exponent", values=name)
    return wide[low].to_numpy(), (wide[high] - wide[low]).to_numpy()


def readings(network: Network, config: Config, x: np.ndarray, forced: tuple) -> dict[str, np.ndarray]:
    """`knobs.readings`, and the sd over features relative to the mean of slopes, `slope_cv`, and of active-only MSEs, `error_cv`.

    Args:
        forced: evaluation samples, from `data.forced`.
    """
    found, error = knobs.readings(network, config, x), measure.errors(network, config, *forced)["error"]
    return found | {"slope_cv": found["slope_sd"] / found["slope_mean"], "error_cv": error.std() / error.mean()}


def read(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`readings` of every network of an ensemble, all on the same samples: for each name an array (seeds,)."""
    forced = data.forced(data.key(0, "errors"), config, options.samples)
    return knobs.of_ensemble(networks, config, options, readings, (forced,))
