"""Codes that nobody trains beside networks: random sets by size, and complete codes: section 17."""

from collections.abc import Sequence
from dataclasses import replace
from math import comb

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from lib import data, measure, store
from lib.baselines import handmade
from lib.config import RAREST, Config, Measurement
from lib.experiments import sweep, width
from lib.model import Network
from lib.theory import complete, rare_limit

SETS = (2, 3)  # neurons a feature in a complete code
CODES = {"complete": "complete code", "random": "sets drawn one by one"}


# ---- sets of k neurons


def made(config: Config, size: int, sets: Sequence[np.ndarray], samples: int) -> Network:
    """Codes with these sets, as an ensemble; their three numbers are fitted to the loss of the first of them."""
    x = data.evaluation_samples(data.key(0, "fit"), config, samples)
    overlaps = complete.random_overlaps(config.features, config.neurons, size)
    tilt, slope, _ = complete.best(overlaps, max(config.exponent, 1.5))
    levels = handmade.fit(sets[0], config, x, complete.levels(slope, tilt, size))
    return measure.each(handmade.by_hand, np.stack(sets), levels)


def drawn(config: Config, size: int, draws: int) -> list[np.ndarray]:
    """Random sets of this size, so many times."""
    return [handmade.draw(config, size, seed) for seed in range(draws)]


def by_random_sets(config: Config, sizes: list[int], draws: int, samples: int) -> dict[str, np.ndarray]:
    """`loss` of codes of random sets on fresh samples, (sizes, draws), over that of silence."""
    x = handmade.test_samples(config, samples)
    codes = [made(config, size, drawn(config, size, draws), samples) for size in sizes]
    loss = [measure.each(handmade.training_loss, networks, config, x) for networks in codes]
    return {"loss": np.stack(loss) / silence(config)}


def by_size(points: Sequence[Config], sizes: Sequence[int], draws: int, samples: int) -> pd.DataFrame:
    """Loss over silence of random sets of each size: columns p, exponent, size, draw, loss."""
    sizes, rows = sorted(sizes), []
    for point in points:
        found = store.fetch(by_random_sets, config=point.task(), sizes=sizes, draws=draws, samples=samples)["loss"]
        at = [(point.p, point.exponent, size, draw) for size in sizes for draw in range(draws)]
        rows += [(*where, loss) for where, loss in zip(at, found.ravel(), strict=True)]
    return pd.DataFrame(rows, columns=["p", "exponent", "size", "draw", "loss"])


def changes(table: pd.DataFrame) -> pd.DataFrame:
    """The p from which sets of one neuron less have the lower loss, by power and draw; NaN where they never come to.

    Args:
        table: from `by_size`.

    Returns: columns exponent, draw, and "2 to 1", "3 to 2", ... for sizes that follow each other.
    """
    sizes, rows = sorted(table["size"].unique()), []
    for (exponent, draw), some in table.groupby(["exponent", "draw"]):
        loss = some.pivot(index="p", columns="size", values="loss")
        row = {"exponent": exponent, "draw": draw}
        for less, more in zip(sizes, sizes[1:], strict=False):
            over = (loss[more] / loss[less]).to_numpy()
            at = measure.crossings(loss.index.to_numpy(), over[None], 1.0)[0]
            row[f"{more} to {less}"] = at if over[0] < 1 else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def silence(config: Config) -> float:
    """The loss of a network that returns nothing, over features of weight 1."""
    q, split = config.exponent, max(config.low, 0.0)
    positive = (1 - split ** (q + 1)) / ((q + 1) * (1 - config.low))
    negative = (-min(config.low, 0.0)) ** (q + 1) / ((q + 1) * (1 - config.low))
    return config.p * (positive + (negative if config.target == "identity" else 0.0))


# ---- complete codes


def complete_points(base: Config) -> list[Config]:
    """As many features as there are sets of two and of three of 4 to 18 neurons, at p and p / 10; then longer."""
    neurons = min(max(base.neurons, 4), 18)
    each = [
        replace(base, features=comb(neurons, size), neurons=neurons, p=p)
        for size in SETS
        for p in (base.p, max(base.p / 10, RAREST))
    ]
    return list(dict.fromkeys([*each, *map(sweep.longer, each)]))


def untrained(config: Config, size: int, draws: int, options: Measurement) -> dict[str, np.ndarray]:
    """Loss over silence of codes made by hand, on the samples on which networks are read.

    Returns: `complete`, of all sets of this size; `random`, the mean of codes whose sets are drawn one by one, whether
    they are there already or not.
    """
    loss = lambda sets: read(made(config, size, sets, options.samples), config, options)["loss"].mean()
    ordered = np.tile(np.arange(config.neurons) < size, (draws, config.features, 1))
    random = np.random.default_rng(0).permuted(ordered, axis=2).swapaxes(1, 2)
    return {"complete": loss([complete.sets(config.neurons, size)]), "random": loss(random)}


def beside_networks(points: Sequence[Config], draws: int, options: Measurement) -> pd.DataFrame:
    """`untrained` at every number of features and p: columns features, size, p, code, loss."""
    rows = []
    for point in dict.fromkeys(replace(point.task(), seeds=1) for point in points):
        size = next(size for size in SETS if comb(point.neurons, size) == point.features)
        found = store.fetch(untrained, config=point, size=size, draws=draws, options=options)
        rows += [(point.features, size, point.p, CODES[name], float(loss)) for name, loss in found.items()]
    return pd.DataFrame(rows, columns=["features", "size", "p", "code", "loss"])


def in_the_limit(points: Sequence[Config]) -> pd.DataFrame:
    """One feature on at a time, in closed form: loss over silence and slope of complete codes, and the bound on both.

    Returns: a row a number of features, with that of neurons, the size of the sets, and what random sets of that size
    do; `bound` is what no response of this rank can beat.
    """
    rows = []
    for features, neurons, q in dict.fromkeys((it.features, it.neurons, it.exponent) for it in points):
        size = next(size for size in SETS if comb(neurons, size) == features)
        _, slope, loss = complete.best(complete.complete_overlaps(neurons, size), q)
        random = complete.best(complete.random_overlaps(features, neurons, size), q)[2]
        bound = rare_limit.least_loss(q, features, neurons) * (1 - neurons / features)
        rows.append((features, neurons, size, slope, loss, random, bound))
    columns = ["features", "neurons", "size", "slope", "complete", "random", "bound"]
    return pd.DataFrame(rows, columns=columns).set_index("features")


def readings(network: Network, config: Config, x: Array) -> dict[str, Array]:
    """`width.by_width`, and what the sets of carriers are like, a number each.

    Returns: besides, `undecided`, see `measure.described`; `found_2` and `found_3`, how many different sets of two and
    of three neurons there are.
    """
    given, sets = measure.contributions(network), measure.carriers(network).astype(jnp.float32)
    relative, size = given / given.max(1, keepdims=True), sets.sum(0)
    both = sets.T @ sets
    alike = (both == size[:, None]) & (both == size[None, :])
    new = ~jnp.tril(alike, -1).any(1)
    found = {f"found_{number}": (new & (size == number)).sum() for number in SETS}
    low, high = measure.BETWEEN
    found["undecided"] = ((relative > low) & (relative < high)).mean()
    return width.by_width(network, config, x) | found


def read(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`readings` of every network of an ensemble, all on the same samples: for each name an array (seeds,)."""
    return measure.read(networks, config, options, readings)
