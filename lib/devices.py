"""JAX, set up once for the whole paper, and one way to spread work over all local devices."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh, PartitionSpec

from lib.config import Config

jax.config.update("jax_default_matmul_precision", "highest")  # a default never decides a number
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()  # those that are ours
if jax.config.jax_num_cpu_devices < 0 and "device_count" not in os.environ.get("XLA_FLAGS", ""):
    try:  # a device per core: a network's small products run faster side by side than each on all cores
        jax.config.update("jax_num_cpu_devices", CORES)
    except RuntimeError:
        pass  # JAX was used before this paper's code: then on the devices that it has

TOGETHER = 64  # members of an ensemble that an accelerator takes at once; a CPU's cache holds just one


# Of a configuration JAX traces the real numbers, so that one program serves every `p`; the rest is compiled in.
TRACED = ("p", "low", "exponent", "importance", "steps", "learning_rate", "init_scale")
COMPILED = tuple(name for name in Config.__dataclass_fields__ if name not in TRACED) + ("fourth_power",)


def _flatten(config: Config) -> tuple[list, tuple]:
    return [getattr(config, name) for name in TRACED], tuple(getattr(config, name) for name in COMPILED)


def _unflatten(compiled: tuple, traced: list) -> Config:
    config = object.__new__(Config)  # nothing is checked: the numbers may be traced
    vars(config).update(zip(TRACED + COMPILED, (*traced, *compiled), strict=True))
    return config


jax.tree_util.register_pytree_node(Config, _flatten, _unflatten)


def each(function: Callable, many: Any, *shared: Any) -> Any:
    """`function(one, *shared)` for every entry `one` along the leading axis of `many`, on all local devices.

    Entries never meet, so an entry's numbers depend on how many devices there are by no more than rounding. A
    function that is defined once, at the top of a module, is also compiled once.

    Args:
        many: arrays, or any pytree of them such as an ensemble, with a leading axis.
        shared: what all entries have in common, such as samples or a `Config`. Given here and not
            caught in a closure, it is not compiled into the program as a constant.

    Returns: numpy arrays with the same leading axis.
    """
    count = len(jax.tree.leaves(many)[0])
    mesh = Mesh(np.array(jax.local_devices()[:count]), ("seed",))
    even = np.arange(-(-count // mesh.size) * mesh.size) % count  # the last share is filled up
    done = _spread(function, mesh, jax.tree.map(lambda array: array[even], many), shared)
    return jax.tree.map(lambda array: array[:count], jax.device_get(done))


def together(function: Callable, many: Iterable[Any]) -> list:
    """`function` of each of `many`, as many at once as there are devices: few networks leave cores idle."""
    with ThreadPoolExecutor(min(jax.local_device_count(), 4)) as pool:
        return list(pool.map(function, many))


@partial(jax.jit, static_argnums=(0, 1))
def _spread(function: Callable, mesh: Mesh, many: Any, shared: tuple) -> Array:
    def share(many, shared):
        batch = None if jax.default_backend() == "cpu" else TOGETHER
        return jax.lax.map(lambda one: function(one, *shared), many, batch_size=batch)

    split, whole = PartitionSpec("seed"), PartitionSpec()
    return jax.shard_map(share, mesh=mesh, in_specs=(split, whole), out_specs=split, check_vma=False)(many, shared)
