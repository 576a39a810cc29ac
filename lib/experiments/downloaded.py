"""A network that somebody trained on the live page, from the file that the page saves."""

import json
from pathlib import Path

import jax.numpy as jnp
from safetensors import safe_open

from lib.config import Config
from lib.model import Network


def read(path: Path | str) -> tuple[Network, Config]:
    """The network in a safetensors file, and how it was trained, if its training was not stopped on the way.

    The file has `w_in` (neurons, features) and `w_out` (features, neurons), float32, and in its metadata `config`, the
    fields of `Config` as JSON; also the page's `seed`, and `step`, how far it was trained. The samples were not lib's.

    Raises:
        ConfigError: what the file says of its training does not fit.
    """
    with safe_open(path, framework="numpy") as file:
        network = [jnp.asarray(file.get_tensor(name)) for name in ("w_in", "w_out")]
        config = Config(**json.loads(file.metadata()["config"]))
    return Network(*network, config.activation), config
