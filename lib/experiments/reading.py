"""Reading the features from hidden numbers, with the truth at hand: what section 18 reads off each network."""

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from lib import data, store, train
from lib.baselines import nulls, readers
from lib.config import CHUNK, Config, Measurement
from lib.experiments import length, sweep
from lib.experiments.parameters import Study
from lib.measure import atoms, decoding
from lib.model import Network, at

NOISE = 0.003  # that sparse decoding assumes, of the root mean square of hidden numbers: there is none
SAMPLES = 8 * CHUNK  # for sparse decoding
FEW = 2  # networks where 16 are not needed
RATES = (1 / 4, 1 / 2, 2.5, 5)  # times p

# Settings of blind readers: atoms per feature and, of autoencoders and dictionary learning, what makes them sparse.
CLUSTERS = ((1,), (2,), (4,))
TOPK = ((1, 1), (2, 1), (4, 1), (2, 2), (2, 3))
RELU = ((1, 1.0), (2, 1.0), (4, 1.0), (2, 0.3), (1, 2.0), (2, 2.0))
DICTIONARY = ((1, 0.6), (2, 0.3), (2, 0.6), (2, 1.0))
CHOSEN = {"clusters": (1,), "topk": (2, 1), "relu": (1, 2.0), "dictionary": (2, 0.6)}  # by the grid
NAMES = {
    "rays": "rays that return",
    "dictionary": "dictionary learning",
    "clusters": "k-means on rays",
    "topk": "autoencoder, TopK",
    "relu": "autoencoder, ReLU",
    "independent": "ICA",
    "samples": "null: random samples",
    "directions": "null: random directions",
}


SCORES = ["found", "spurious", "shadows", "atoms"]


def points(config: Config, study: Study) -> list[Config]:
    """What section 18 reads: networks against training and, threefold, against p; few, but for two lengths."""
    lengths, full = length.trained(config, study), sweep.threefold(config, min(FEW, study.rival_seeds))
    longest, ends = max(lengths), {config.steps, max(lengths)}
    some = lambda steps: study.rival_seeds if steps in ends else min(FEW, study.rival_seeds)
    by_length = [replace(config, steps=n, seeds=some(n)) for n in sorted(lengths, key=lambda n: (n != longest, n))]
    return by_length + [replace(full, p=config.p * times) for times in RATES if config.p * times <= 1]


def tuning(config: Config, study: Study) -> list[Config]:
    """The networks on which blind readers are tuned: one trained as the post trains and, with the paper's parameters,
    whose table is committed, the longest."""
    paper = replace(config, seeds=Config.seeds) == Config()
    lengths = (config.steps, max(length.trained(config, study))) if paper else (config.steps,)
    return [replace(config, steps=n, seeds=1) for n in dict.fromkeys(lengths)]


def under_noise(config: Config, study: Study) -> dict[str, Network]:
    """What is compared under noise, by name: trained networks, codes written by hand, and networks without a ReLU."""
    lengths, samples = length.trained(config, study), Measurement().samples
    some = {f"trained, {n:,} steps": store.networks(lengths[n]) for n in dict.fromkeys((config.steps, max(lengths)))}
    some["written by hand"] = nulls.random_sets(config, study.rival_seeds, samples)
    some["trained, no ReLU"] = store.networks(replace(config, seeds=study.rival_seeds, activation="linear"))
    return {name: jax.tree.map(lambda weight: weight[: study.rival_seeds], its) for name, its in some.items()}


def shown(network: Network, config: Config, options: Measurement) -> tuple[np.ndarray, np.ndarray]:
    """Inputs, (features, samples), and the hidden numbers that blind readers see, (samples, neurons)."""
    x = data.evaluation_samples(data.key(0, "reading"), config, options.inputs)
    return x, np.asarray(decoding.hidden(network, x)).T


def read(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """Both kinds of reading of every network of an ensemble: for each name an array (seeds,)."""
    return _mapped(lambda network: known(network, config, options) | blind(network, config, options), networks)


def read_grid(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`blind` at all settings: for each reader, setting and reading an array (seeds,), named "topk 2 1 found"."""
    many = {"clusters": CLUSTERS, "topk": TOPK, "relu": RELU, "dictionary": DICTIONARY}

    def every(network: Network) -> dict[str, float]:
        x, h = shown(network, config, options)
        found = {}
        for name, settings in many.items():
            for setting in settings:
                made = attempt(name, setting, network, config, x, h)
                made.pop("shadows")
                found |= {f"{name} {' '.join(map(str, setting))} {what}": value for what, value in made.items()}
        return found

    return _mapped(every, networks)


def _mapped(function: Callable, networks: Network) -> dict[str, np.ndarray]:
    rows = [function(at(networks, seed)) for seed in range(len(networks.w_in[...]))]
    return {name: np.array([row[name] for row in rows], float) for name in rows[0]}


def known(network: Network, config: Config, options: Measurement) -> dict[str, float]:
    """Errors of readers that know the code, in units of silence, and how often sparse decoding has the right set.

    Returns: `own mse`, `own l4`, ...: squared and fourth-power error over all outputs of the network's own readout, of
    the best `linear` one, of the most probable sets of at most so many features, and of their `mean`; `positive mse`,
    of `mean` where negative inputs are zero, and `folded mse`, where they are positive instead. `right 1`, ...: with so
    many features on, the share of samples in which the most probable set has just those that are positive.
    """
    x, h = shown(network, config, options)
    fitted = decoding.linear_readout(jnp.asarray(h.T), data.target(config, x))
    few = data.evaluation_samples(data.key(0, "decoding"), config, min(SAMPLES, options.inputs))
    hidden, wanted = decoding.hidden(network, few), np.asarray(data.target(config, few))
    noise = NOISE * (np.sqrt(np.square(h).mean()) or 1.0)
    found = jax.device_get(_decode(network, config, hidden, noise))
    right = (found.pop("positive") == (few > 0)).all(0)
    linear = fitted @ jnp.concatenate([hidden, jnp.ones_like(hidden[:1])])
    found = {"own": np.asarray(network(few)), "linear": np.asarray(linear)} | found
    errors = {
        f"{name} {metric}": _error(told, wanted, power) for name, told in found.items() for metric, power in POWER
    }
    for name, inputs in {"positive": np.maximum(few, 0), "folded": np.abs(few)}.items():
        told = jax.device_get(_decode(network, config, decoding.hidden(network, inputs), noise))["mean"]
        errors[f"{name} mse"] = _error(told, np.asarray(data.target(config, inputs)), 2)
    on = (few != 0).sum(0)
    share = {f"right {count}": right[on == count].mean() if (on == count).any() else np.nan for count in range(1, 7)}
    return errors | share


POWER = (("mse", 2), ("l4", 4))
_decode = jax.jit(decoding.read_sets)


def _error(told: np.ndarray, wanted: np.ndarray, power: int) -> float:
    silence = (np.abs(wanted) ** power).sum()
    return float((np.abs(told - wanted) ** power).sum() / silence) if silence else np.nan


def blind(network: Network, config: Config, options: Measurement) -> dict[str, float]:
    """`attempt` of every blind reader at its chosen setting, and of both nulls with as many atoms as features."""
    x, h = shown(network, config, options)
    found = {}
    for name in NAMES:
        made = attempt(name, CHOSEN.get(name, ()), network, config, x, h)
        found |= {f"{name} {what}": value for what, value in made.items()}
    return found


def attempt(name: str, setting: tuple, network: Network, config: Config, x: np.ndarray, h: np.ndarray) -> dict:
    """`measure.atoms.score` of a blind reader; of an autoencoder also `recovered`, the share of the loss.

    The loss is that of the network with the autoencoder's numbers for its own; all of it is what it loses if they are
    zeros.

    Args:
        setting: atoms per feature, and what makes it sparse. x, h: as `shown` gives them.
    """
    many, *sparse = setting or (1,)
    many *= config.features
    back = None
    if name in ("topk", "relu"):
        made, back = readers.sparse_autoencoder(h, many, **{"keep" if name == "topk" else "penalty": sparse[0]})
    elif name in ("rays", "independent"):
        made = {"rays": readers.counted_rays, "independent": readers.independent}[name](h)
    elif name == "dictionary":
        made = readers.dictionary(h, many, *sparse)
    else:
        nulls = {"samples": readers.random_samples, "directions": readers.random_directions}
        made = (nulls | {"clusters": readers.clusters})[name](h, many)
    found = dict(atoms.score(made, np.asarray(network.w_in[...])))
    return found if back is None else found | {"recovered": recovered(network, config, x, h, back)}


def recovered(network: Network, config: Config, x: np.ndarray, h: np.ndarray, back: np.ndarray) -> float:
    """The share of what hidden numbers save of the training loss that is left with other numbers in their place."""

    def loss(h):
        error = network.w_out @ jnp.asarray(h).T - data.target(config, x)
        return float((data.importance(config) * train.raised(jnp.square(error), config).mean(1)).mean())

    own, zero = loss(h), loss(0 * h)
    return (zero - loss(back)) / (zero - own) if zero != own else np.nan


def settings(rows: pd.DataFrame) -> pd.DataFrame:
    """The grid's table with a row for each reader and setting, "topk 2 1": mean readings of the networks, and `f1`."""
    told = {tuple(name.rsplit(" ", 1)): rows[name].mean() for name in rows if name.split()[0] in CHOSEN}
    found = pd.Series(told).unstack()
    return found.assign(f1=atoms.f1(found.found, found.atoms, rows.features.iloc[0]))
