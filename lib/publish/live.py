"""The network, live: one page that runs network 0 of the ensemble in the reader's browser, and trains others there.

python -m lib.publish.live    writes build/paper/live.html
"""

import base64
import dataclasses
import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np

from lib import model, paths, plots, store
from lib.config import Config
from lib.experiments.length import moments

TEMPLATES = Path(__file__).parent / "templates"
# Marks of live.html that stand for a whole file: the trainer, and the page around it.
PARTS = {
    "trainer": "trainer.js",
    "experiments": "train_experiments.js",
    "pictures": "train_pictures.js",
    "page": "train.js",
    "train": "train.html",
    "style": "train.css",
}
# Of training, as shares of its steps.
MOMENTS = (0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1)


def write(path: Path, config: Config) -> None:
    """Writes the page: markup, style, code and weights in one file that asks the reader's browser for nothing else.

    Args:
        config: of networks with ReLU neurons and ReLU targets; its network 0 is shown, and how it came to be.
    """
    steps = sorted({round(config.steps * share) for share in MOMENTS})
    early = store.fetch(moments, config=dataclasses.replace(config, seeds=1), steps=steps[:-1])
    last = model.at(store.networks(config), 0)
    weights = [np.concatenate([early["w_in"], last.w_in[None]]), np.concatenate([early["w_out"], last.w_out[None]])]
    flat = np.concatenate([matrices.reshape(len(steps), -1) for matrices in weights], 1).astype("<f4")
    data = {name: getattr(config, name) for name in ("features", "neurons", "low")} | {"steps": steps}
    data["weights"] = base64.b64encode(flat.tobytes()).decode()
    colours = zip(("ours", "naive", "third", "", "minus"), plots.style.PALETTE.as_hex(), strict=False)
    before, after, *_ = sorted(notebook.stem for notebook in (paths.ROOT / "notebooks").glob("[0-9]*.ipynb"))
    words = {
        "title": "The network, live",
        "before": before,  # as `site` puts this page in order
        "after": after,
        **{name: f"{getattr(config, name):,}" for name in ("features", "neurons", "steps")},
        "rest": f"{config.features - config.neurons:,}",
        "on": f"{config.features * config.p:.3g}",
        "weights": f"{2 * config.features * config.neurons:,}",
        "moments": str(len(steps)),
        **dict(colours),
        "data": json.dumps(data),
        **{mark: (TEMPLATES / name).read_text(encoding="utf-8") for mark, name in PARTS.items()},
        "scripts": "@scripts@",  # known last
    }
    page = re.sub(r"@(\w+)@", lambda mark: words[mark[1]], (TEMPLATES / "live.html").read_text(encoding="utf-8"))
    page = page.replace("@scripts@", allowed(page))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(page, encoding="utf-8")
    os.replace(draft, path)


def allowed(page: str) -> str:
    """The sources of scripts for the page's content policy: the very scripts that stand in it, by their hashes."""
    scripts = re.findall(r"<script(?: id=\"trainer\")?>(.*?)</script>", page, re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


if __name__ == "__main__":
    write(paths.BUILD / "paper" / "live.html", Config())
