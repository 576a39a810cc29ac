"""Where things are: every path of the paper is taken from here."""

import os
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]  # the repository
BUILD = ROOT / "build"  # everything that can be made again; never committed
STORE = BUILD / "store"  # trained networks and what was measured on them
PUBLISHED = ROOT / "data" / "published.csv"  # the post's numbers: the one input


def home() -> Path:
    """The folder whose `data/` and `figures/` this run reads: the repository, or one under `build/`."""
    return Path(os.environ.get("PAPER_HOME", ROOT))


def output(folder: str, name: str) -> Path:
    """Path for a file that this run writes, e.g. `output("figures", "01_errors.png")`.

    `make` sends a notebook's files to a staging folder (`PAPER_STAGE`) and moves them home once the
    whole notebook has run; in JupyterLab they go home directly.
    """
    path = Path(os.environ.get("PAPER_STAGE", home())) / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def table(file: Path, **options) -> pd.DataFrame:
    """A table that a run left; `options` are those of `pandas.read_csv`.

    Raises:
        FileNotFoundError: it is not there; the message says which notebook makes it.
    """
    if not file.exists():
        raise FileNotFoundError(f"no {file.name}: run notebook {file.name[:2]}, or `make paper`")
    return pd.read_csv(file, **options)
