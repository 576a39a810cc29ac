"""The least losses that a search finds: without samples where the loss is a formula, else on many fixed ones.

What is found bounds the optimum from above and certifies nothing; that several starts agree is evidence, no proof.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.optimize import minimize
from scipy.stats import binom

from lib import data, measure, model, paths, store
from lib.baselines import handmade
from lib.config import RAREST, Config, Measurement
from lib.experiments import sweep
from lib.model import Network
from lib.theory import bounds, limits

RATES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
POWERS = (2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
PART = 4096  # samples at once
STEPS, MOST = 100, 2**24  # of a search; entries of its samples, at most


def rates(base: Config) -> list[float]:
    """The values of p at which section 16 searches and trains: its own, a tenth of that, and `RATES` where only p
    differs from the paper's parameters, so that what is committed helps."""
    few = {base.p, max(base.p / 10, RAREST)}
    alike = replace(base, p=Config.p) == sweep.threefold(Config(), base.seeds)
    return sorted({*RATES, *few} if alike else few)


def points(base: Config) -> list[tuple[Config, str]]:
    """The searches of section 16: from Adam's end at each of `rates`, and from elsewhere at its own p and, if that is
    one of many, a tenth."""
    near = [replace(base, p=p) for p in rates(base)]
    own = (base.p,) if len(near) <= 2 else (base.p, max(base.p / 10, RAREST))
    few = [config for config in near if config.p in own]
    return [(config, "Adam's end") for config in near] + [(c, s) for c in few for s in ("by hand", "naive plan")]


def networks(base: Config) -> list[Config]:
    """What section 16 trains against p: ReLU networks, and at every other p linear ones for the target x."""
    linear = replace(base, activation="linear", target="identity")
    return [replace(base, p=p) for p in rates(base)] + [replace(linear, p=p) for p in rates(base)[::2]]


def begun(base: Config) -> list[Config]:
    """The networks at which its searches begin."""
    return [replace(base, p=p, seeds=1) for p in rates(base)]


def limits_trained(base: Config) -> list[Config]:
    """A few networks for each power, whose limit loss is read."""
    return [replace(base, exponent=q, seeds=min(2, base.seeds)) for q in POWERS]


def limit(network: Network, config: Config, x: Array) -> dict[str, Array]:
    """`limit`: what a network loses with one feature on, at 1 or at -1, over the naive plan's loss; `slope_mean`."""
    response, other = measure.response(network), network.w_out @ network.activate(-network.w_in[...])
    lost = sum((jnp.abs(error) ** config.exponent).sum() for error in (response - jnp.eye(len(response)), other))
    return {"limit": lost / (config.features - config.neurons), "slope_mean": jnp.diagonal(response).mean()}


def read_limit(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`limit` of every network of an ensemble: arrays (seeds,)."""
    return measure.read(networks, config, options, limit)


def descend(loss: Callable, start: np.ndarray, steps: int = 4000, least: float = 1e-15) -> tuple[np.ndarray, float]:
    """L-BFGS on `loss(weights) -> (value, slope)` from a start of any shape, until the value falls no more."""

    def flat(point):
        value, slope = loss(point.reshape(start.shape))
        return float(value), np.asarray(slope, float).ravel()

    options = {"maxiter": steps, "maxfun": 2 * steps, "maxcor": 30, "ftol": least, "gtol": 1e-10}
    found = minimize(flat, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    return found.x.reshape(start.shape), float(found.fun)


def of_rank(cost: Callable, features: int, neurons: int, starts: int) -> dict[str, np.ndarray]:
    """The map M = A B^T of least `cost(M) -> (value, slope)`, from random starts.

    Returns: `loss` (starts,), and of the best start `decoder` A (features, neurons), `encoder` B^T (neurons, features).
    """

    def factored(pair):
        value, slope = cost(pair[0] @ pair[1].T)
        return value, np.stack([slope @ pair[1], slope.T @ pair[0]])

    draws = [np.random.default_rng(seed).normal(scale=0.2, size=(2, features, neurons)) for seed in range(starts)]
    ends = [descend(factored, draw) for draw in draws]
    decoder, encoder = min(ends, key=lambda end: end[1])[0]
    return {"loss": np.array([loss for _, loss in ends]), "decoder": decoder, "encoder": encoder.T}


def linear(config: Config, starts: int) -> dict[str, np.ndarray]:
    """The best linear network, see `of_rank`; losses over that of silence, p E[target**4]."""
    silence = config.p * bounds.target_moment(config, 4)

    def cost(response):
        loss, slope = limits.linear_loss(response, config)
        return loss / silence, slope / silence

    return of_rank(cost, config.features, config.neurons, starts)


def rare(config: Config, starts: int) -> dict[str, np.ndarray]:
    """The best response R for one feature on at a time, see `of_rank`; losses are sum |R - I|**q / F."""
    q, eye = config.exponent, np.eye(config.features)

    def cost(response):
        error = response - eye
        size = np.abs(error)
        return (size**q).sum() / len(eye), q * size ** (q - 1) * np.sign(error) / len(eye)

    return of_rank(cost, config.features, config.neurons, starts)


def draws(config: Config, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (features, samples) and their weights, about `count` of them: a weighted mean is an expected L4 loss.

    A ReLU network is homogeneous, so one feature on is two inputs for each feature, exactly. With more, the number of
    features on has its chance by weight, and more samples where they meet more often.
    """
    rng, most = np.random.default_rng(seed), config.features
    chance = binom(most, config.p).pmf(np.arange(most + 1))
    eye = np.eye(most)
    parts = [(np.hstack([eye, config.low * eye]), np.full(2 * most, chance[1] / (10 * most)))]
    matters = chance * np.arange(most + 1)
    matters[:2] = 0
    for number in np.flatnonzero(matters > 1e-6 * matters.max()):
        size = max(8, round(count * matters[number] / matters.sum()))
        on = rng.permuted(np.tile(np.arange(most)[:, None] < number, size), axis=0)
        parts.append((on * rng.uniform(config.low, 1, on.shape), np.full(size, chance[number] / size)))
    x, weight = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
    return x.astype(np.float32), weight.astype(np.float32)


@jax.jit
def weighed(network: Network, config: Config, x: Array, weight: Array) -> tuple[Array, Network]:
    """L4 loss on weighted samples, a part at a time, and its slope by the weights of the network."""

    @jax.value_and_grad
    def loss(network, x, weight):
        square = jnp.square(network(x) - data.target(config, x))
        return jnp.square(square).mean(0) @ weight

    size = min(PART, len(weight))
    rest = -len(weight) % size
    x, weight = jnp.pad(x, ((0, 0), (0, rest))), jnp.pad(weight, (0, rest))
    parts = jnp.moveaxis(x.reshape(len(x), -1, size), 1, 0), weight.reshape(-1, size)
    add = lambda total, part: (jax.tree.map(jnp.add, total, loss(network, *part)), None)
    return jax.lax.scan(add, (jnp.zeros(()), jax.tree.map(jnp.zeros_like, network)), parts)[0]


def begin(config: Config, start: str) -> Network:
    """Where a search begins: Adam's end, the rare limit's best code, three neurons a feature by hand, or giving up."""
    if start == "Adam's end":
        return model.at(store.networks(replace(config, seeds=1)), 0)
    if start == "rare code":
        found = store.fetch(rare, config=replace(config.task(), p=0.5), starts=4)
        w_out, w_in = limits.nonnegative(found["decoder"], found["encoder"])
        return Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(w_out, jnp.float32))
    if start == "by hand":
        sets = handmade.draw(config, min(3, config.neurons), 0)
        x = data.evaluation_samples(data.key(0, "fit"), config, 4096)
        return handmade.by_hand(jnp.asarray(sets), jnp.asarray(handmade.fit(sets, config, x), jnp.float32))
    return model.init(data.key(0, "init"), replace(config, start="naive"))


def search(config: Config, start: str) -> dict[str, np.ndarray]:
    """The ReLU network that L-BFGS reaches on fixed samples from a start, see `begin`: `w_in` and `w_out`.

    If on other samples its loss is not lower, they are those of the start.
    """
    x, weight = draws(config, samples(config), 0)
    silence, task = config.p * bounds.target_moment(config, 4), config.task()
    whole = lambda pair: Network(jnp.asarray(pair[0].T, jnp.float32), jnp.asarray(pair[1], jnp.float32))

    def loss(pair):
        value, slope = weighed(whole(pair), task, x, weight)
        return value / silence, np.stack([slope.w_in[...].T, slope.w_out[...]]) / silence

    first = begin(config, start)
    pair, _ = descend(loss, np.stack([np.asarray(first.w_in).T, np.asarray(first.w_out)]), STEPS, 1e-9)
    best = lower([first, whole(pair)], config)
    return {"w_in": np.asarray(best.w_in), "w_out": np.asarray(best.w_out)}


def lower(networks: Sequence[Network], config: Config) -> Network:
    """The network of the lowest loss on samples that were neither searched nor are scored."""
    return networks[int(scores(networks, config, 2).argmin())]


def samples(config: Config) -> int:
    """How many samples a search looks at: a thousand a feature, fewer where they would not fit."""
    return min(1000 * config.features, MOST // config.features)


def take(name: str, points: Sequence[tuple[Config, str]]) -> list[Network]:
    """What `search` finds from each (configuration, start); those in `data/NAME.npz` are taken from there.

    A network needs no trust: whoever has it can score it. The file is written anew with all that was asked for.
    """
    kept, arrays = committed(name), {}
    for config, start in points:
        its = label(config, start)
        if f"{its} w_in" in kept:
            found = {part: kept[f"{its} {part}"] for part in ("w_in", "w_out")}
        else:
            found = store.fetch(search, config=replace(config, seeds=1), start=start)
        arrays |= {f"{its} {part}": found[part] for part in ("w_in", "w_out")}
    np.savez(paths.output("data", f"{name}.npz"), **arrays)
    pairs = list(arrays.values())
    return [Network(jnp.asarray(a), jnp.asarray(b)) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]


def committed(name: str) -> dict[str, np.ndarray]:
    """The arrays of `data/NAME.npz` by `label` and part; none if there is no such file."""
    path = paths.ROOT / "data" / f"{name}.npz"
    return dict(np.load(path)) if path.exists() else {}


def label(config: Config, start: str) -> str:
    """A hash of the network that a search improves, and where it began."""
    return f"{sweep.key(replace(config, seeds=1), sweep.KEPT)} from {start}"


def scores(networks: Sequence[Network], config: Config, seed: int = 1) -> np.ndarray:
    """L4 losses over that of silence, (networks,), all on the same samples, which no search has seen (seed 0)."""
    x, weight = draws(config, samples(config), seed)
    silence = config.p * bounds.target_moment(config, 4)
    return np.array([float(weighed(network, config.task(), x, weight)[0]) for network in networks]) / silence
