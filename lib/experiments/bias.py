"""Biases, from a constant input and a constant neuron: what section 12 trains and reads to see what they change."""

from collections.abc import Sequence
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from lib import measure, model
from lib.config import Config, Measurement
from lib.experiments import sparsity, sweep
from lib.model import Network

KINDS = {"none": "no biases", "hidden": "biases of neurons", "both": "of outputs, too"}  # `Config.biases` in words


def points(base: Config, rates: Sequence[float]) -> list[Config]:
    """Every kind of bias at some of `rates`; at a third of them at most five times as long, and from the naive plan with all
    biases; at one of them on inputs that are never negative."""
    at = lambda *values: [p for p in values if p in rates]
    some = at(0.002, 0.02, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0) or sorted(rates)[:4]
    alike = lambda values, **other: [replace(base, biases=kind, p=p, **other) for p in values for kind in KINDS]
    few = at(0.02, 0.1, 0.2, 0.3)[: len(rates) // 3]
    longer = alike(few) + [replace(base, biases="both", p=p, start="naive") for p in few]
    return list(dict.fromkeys([*alike(some), *map(sweep.longer, longer), *alike(at(0.02), low=0.0)]))


def in_company(network: Network, x: Array) -> Network:
    """What a feature does to each neuron while others are on, too, as the encoder of a linear network without biases.

    Entry (k, i) is by how much neuron k's output rises when feature i goes from 0 to 1, mean over the samples x, of
    (features, samples). Without others and without biases it is f(W_in): slopes and carriers are the usual ones then.
    """
    features, neurons = network.w_out.shape[0], network.w_in.shape[0]
    w_in = network.w_in[:, :features, None]

    def rises(x):
        others = model.driven(network.w_in, x)[:, None] - w_in * x[None]  # (neurons, features, samples)
        return network.activate(others + w_in) - network.activate(others)

    return Network(measure.mean_over_samples(rises, x), network.w_out[:, :neurons], "linear")


def readings(network: Network, config: Config, x: Array) -> dict[str, Array]:
    """What ONE network is like that may have biases, a number each.

    Args:
        x: samples (features, samples) of the training distribution.

    Returns: `slope_mean`, of a feature alone at +1, over the answer to silence. `served` and `carriers`, as in
    `measure.readings`, but in company, see `in_company`. `faint`, mean decoder weight of what does not carry a feature,
    over that of what does; `cut`, the loss with the former set to 0, over the loss. `idle`, the bias of a neuron over
    its largest encoder weight, of the median neuron, and `constant`, the mean bias of outputs: 0 where there is none.
    `silence`, the mean output for an empty input. `active`, `mse`, `l4`, `loss`: errors, and the training loss, over
    those of the naive plan, which has no biases.
    """
    features, neurons = network.w_out.shape[0], network.w_in.shape[0]
    heard, silence = in_company(network, x), network(jnp.zeros((features, 1)))
    company, sets, decoder = measure.readings(heard, config, x), measure.carriers(heard).T, network.w_out[:, :neurons]
    biased = network.w_out.shape[1] - neurons
    carrying = jnp.pad(sets, ((0, 0), (0, biased)), constant_values=True)
    cut = Network(network.w_in, jnp.where(carrying, network.w_out[...], 0), network.activation)
    ours, without, naive = (measure.metrics_and_loss(plan, config, x) for plan in (network, cut, model.naive(config)))
    return {
        "slope_mean": jnp.diagonal(network(jnp.eye(features)) - silence).mean(),
        **{name: company[name] for name in ("served", "carriers")},
        "faint": decoder.mean(where=~sets) / decoder.mean(where=sets),
        "cut": without["loss"] / ours["loss"],
        "idle": jnp.median(network.w_in[:, features:].sum(1) / jnp.abs(network.w_in[:, :features]).max(1)),
        "constant": network.w_out[:, neurons:].sum(1).mean(),
        "silence": silence.mean(),
        **{name: ours[name] / naive[name] for name in ours},
    }


def read(networks: Network, config: Config, options: Measurement) -> dict[str, np.ndarray]:
    """`readings` of every network of an ensemble, all on the same samples: for each name an array (seeds,)."""
    return measure.read(networks, config, options, readings)


def tipping(rows: pd.DataFrame, plan: pd.Series) -> dict[str, np.ndarray]:
    """Where networks of one kind tip, by what tips, (networks,): NaN for nowhere.

    Args:
        plan: the L4 loss of a plan over the naive plan's, by p.

    Returns: the p from which the plan is ahead, and from which less than half of the features are served.
    """
    at = sorted({*rows.p} & {*plan.index})
    over = sweep.cube(rows[rows.p.isin(at)], "l4", "p") / plan.loc[at].to_numpy()
    places, ahead = sparsity.overtaking(at, over)
    return {"overtaken": np.where(ahead, places, np.nan), "half served": sparsity.half(rows)}
