"""What is timed beside what the paper does: each function makes a training, to be run again and again."""

import time
from collections.abc import Callable
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lib import data, devices, model, train
from lib.config import Config


@cache
def made(make: Callable, config: Config) -> Callable[[], object]:
    return make(config)


def seconds(make: Callable, config: Config) -> float:
    """Seconds of a run of `make(config)()`; the first in a process compiles."""
    run, start = made(make, config), time.perf_counter()
    run()
    return time.perf_counter() - start


def torch_loop(config: Config):
    """The plain PyTorch loop; several networks get a batch axis and share their samples."""
    import torch

    torch.set_num_threads(devices.CORES)
    many = (config.seeds,) if config.seeds > 1 else ()
    w_in = torch.nn.Parameter(torch.randn(*many, config.neurons, config.features) * config.init_scale)
    w_out = torch.nn.Parameter(torch.randn(*many, config.features, config.neurons) * config.init_scale)
    optimiser = torch.optim.Adam([w_in, w_out], lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    shape = config.batch, config.features

    def run():
        for _ in range(config.steps):
            x = torch.where(torch.rand(shape) < config.p, 2 * torch.rand(shape) - 1, torch.zeros(()))
            y = torch.relu(x @ w_in.mT) @ w_out.mT
            loss = ((y - torch.relu(x)) ** 4).mean((-2, -1)).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()

    return run


def jitted_steps(config: Config):
    """One JAX network, one jitted step at a time, in a Python loop."""

    @jax.jit
    def step(network, moments, key, number):
        return train.learn(network, moments, config, data.sample(key, config, config.batch, number))[:2]

    def run():
        network, moments, key = jax.tree.map(lambda array: array[0], train.starts(config))
        for number in range(config.steps):
            network, moments = step(network, moments, key, number)
        return jax.block_until_ready(network)

    return run


def ours(config: Config):
    """What the paper does."""
    return partial(train.train_ensemble, config)


def fixed_batch(config: Config):
    """What the paper does, without drawing samples: the steps of `train.onward`, all on one batch."""
    x = data.sample(data.key(0, "data"), config, config.batch)
    return lambda: devices.each(on_one_batch, train.starts(config), config, x, np.arange(config.steps))


def on_one_batch(state: tuple, config: Config, x: Array, steps: Array):
    """Trains one network on the samples x; returns it and its losses, (steps,)."""

    def step(state, _):
        network, moments, value = train.learn(*state, config, x)
        return (network, moments), value

    (network, _), losses = jax.lax.scan(step, state[:2], steps)
    return network, losses


def products(config: Config):
    """The matrix products of a step and nothing else: two forward, three back, on arrays of their shapes."""
    x = data.sample(data.key(0, "data"), config, config.batch)
    return lambda: devices.each(five_products, train.starts(config)[0], x, np.arange(config.steps))


def five_products(network: model.Network, x: Array, steps: Array):
    """As many rounds of them as there are steps, each on what the one before left."""

    def step(weights, _):
        w_in, w_out = weights
        h = w_in @ x
        y = w_out @ h
        return (w_in + 1e-30 * (w_out.T @ y) @ x.T, w_out + 1e-30 * y @ h.T), None

    return jax.lax.scan(step, (network.w_in[...], network.w_out[...]), steps)[0]


def arithmetic(config: Config):
    """As many operations as those products, in products of large square matrices: what the machine can do at most."""
    side = 2_048
    rounds = -(-10 * config.neurons * config.features * config.batch * config.steps * config.seeds // (2 * side**3))
    square = jnp.ones((side, side))
    return lambda: [jax.block_until_ready(square @ square) for _ in range(rounds)]
