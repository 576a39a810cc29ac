"""The networks of the paper with their true features, for others to score their readers on: `make release`.

python -m lib.publish.release    writes build/release/networks.safetensors, and README.md, the card, beside it
"""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from lib import paths, store
from lib.config import Config
from lib.experiments import length, sweep
from lib.experiments.parameters import Study
from lib.measure import atoms

CARD = Path(__file__).parent / "templates" / "card.md"
TIMES = (1 / 4, 1 / 2, 2.5, 5)  # p, over the paper's


def ensembles(config: Config, study: Study) -> dict[str, Config]:
    """What is released, by name: the post's length and the longest, and the threefold training at several p."""
    long = max(length.trained(config, study).values(), key=lambda it: it.steps)
    full = sweep.threefold(config, study.rival_seeds)
    rare = {f"p{config.p * times:g}": replace(full, p=config.p * times) for times in TIMES if config.p * times <= 1}
    return {"post": replace(config, seeds=study.rival_seeds), "converged": long} | rare


def tensors(ensembles: dict[str, Config]) -> dict[str, np.ndarray]:
    """`NAME.w_in` (networks, neurons, features), `NAME.w_out` (networks, features, neurons) and the true directions,
    `NAME.features` (networks, features, neurons), of length 1, float32."""
    found = {}
    for name, config in ensembles.items():
        networks = store.networks(config)
        w_in, w_out = (np.asarray(part[...], np.float32) for part in (networks.w_in, networks.w_out))
        truth = np.stack([atoms.rays(one) for one in w_in]).astype(np.float32)
        parts = {"w_in": w_in, "w_out": w_out, "features": truth}
        found |= {f"{name}.{part}": np.ascontiguousarray(array) for part, array in parts.items()}
    return found


def write(folder: Path, ensembles: dict[str, Config]) -> list[Path]:
    """Writes the tensors, with every configuration in their metadata, and the card; the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = tensors(ensembles)
    about = json.dumps({name: asdict(config) for name, config in ensembles.items()})
    (folder / "networks.safetensors").write_bytes(save(arrays, metadata={"configurations": about}))
    rows = [
        f"| `{name}` | {config.seeds} | {config.p:g} | {config.steps:,} | {config.learning_rate:g} | {config.batch:,} |"
        for name, config in ensembles.items()
    ]
    (folder / "README.md").write_text(CARD.read_text(encoding="utf-8").replace("ROWS", "\n".join(rows)), "utf-8")
    return [folder / "networks.safetensors", folder / "README.md"]


if __name__ == "__main__":
    config, study = Config(), Study()
    sweep.unpack("10_networks", length.far(config, study)[:1], study.every)
    for path in write(paths.BUILD / "release", ensembles(config, study)):
        print(f"{path.relative_to(paths.ROOT)}: {path.stat().st_size / 1e6:.2f} MB")
