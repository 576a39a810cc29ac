"""What is timed beside what the paper does: each function makes a training, to be run again and again."""

import time
from collections.abc import Callable
from functools import cache, partial

import jax
import optax
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
    optimiser, network = train.optimiser_of(config), model.init(data.key(0, "init"), config)

    @jax.jit
    def step(network, moments, key):
        key, now = jax.random.split(key)
        x = data.sample(now, config, config.batch)
        slope = jax.grad(train.loss)(network, config, x, data.target(config, x))
        update, moments = optimiser.update(slope, moments)
        return optax.apply_updates(network, update), moments, key

    def run():
        state = network, optimiser.init(network), data.key(0, "data")
        for _ in range(config.steps):
            state = step(*state)
        return jax.block_until_ready(state[0])

    return run


def ours(config: Config):
    """What the paper does."""
    return partial(train.train_ensemble, config)


def fixed_batch(config: Config):
    """What the paper does, without drawing samples: the steps of `train.train`, all on one batch."""
    x = data.sample(data.key(0, "data"), config, config.batch)
    return lambda: devices.each(on_one_batch, train.starts(config)[0], config, x)


def on_one_batch(networks: model.Network, config: Config, x: Array):
    """Trains a group of networks on the samples x; returns them and their losses, (networks, steps)."""
    optimiser = train.optimiser_of(config)
    slope = partial(jax.value_and_grad(train.loss), config=config, x=x, wanted=data.target(config, x))

    def step(state, _):
        networks, moments = state
        losses, slopes = devices.one_by_one(slope, networks)
        update, moments = jax.vmap(optimiser.update)(slopes, moments)
        return (optax.apply_updates(networks, update), moments), losses

    state = networks, jax.vmap(optimiser.init)(networks)
    (networks, _), losses = jax.lax.scan(step, state, None, config.steps)
    return networks, losses.T


def products(config: Config):
    """The matrix products of a step and nothing else: two forward, three back, on arrays of their shapes."""
    x = data.sample(data.key(0, "data"), config, config.batch)
    networks = jax.vmap(model.init, (0, None))(train.keys(config)[0].ravel()[: config.seeds], config)

    def one(network, x):
        def step(_, weights):
            w_in, w_out = weights
            h = w_in @ x
            y = w_out @ h
            return w_in + 1e-30 * (w_out.T @ y) @ x.T, w_out + 1e-30 * y @ h.T

        return jax.lax.fori_loop(0, config.steps, step, (network.w_in[...], network.w_out[...]))

    return lambda: devices.each(one, networks, x)
