"""Verdicts: on what the post expects of each knob, and on every published number."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from IPython.display import Markdown

from lib import paths
from lib.claims import audit, spread
from lib.config import ConfigError
from lib.experiments import parameters


def judge(name: str, *rows: tuple[str, str, str]) -> Markdown:
    """Writes `data/NAME.csv`: a prediction of the post, the verdict and the evidence in each row; see `predictions`.

    Returns: the same as a list, to be shown.
    """
    table = pd.DataFrame(rows, columns=["prediction", "verdict", "evidence"])
    table.to_csv(paths.output("data", f"{name}.csv"), index=False)
    return Markdown("\n".join(f"- *{expected}*: **{found}**. {evidence}" for expected, found, evidence in rows))


def predictions() -> pd.DataFrame:
    """What the post expects of each knob and what came of it: `data/NN_verdict.csv` of notebooks 11 to 15.

    Returns: columns `prediction`, `verdict`, `evidence`; the index names the notebook.

    Raises:
        FileNotFoundError: no such notebook has run.
    """
    files = sorted((paths.home() / "data").glob("1[1-5]_verdict.csv"))
    if not files:
        raise FileNotFoundError("no verdicts on the knobs: run notebooks 11 to 15, or `make paper`")
    return pd.concat({file.name[:2]: paths.table(file) for file in files}, names=["notebook", None]).droplevel(1)


def verdict(each: Iterable[bool]) -> str:
    """The verdict of a rule that asks for all of them."""
    asked = list(each)
    return "not tested" if not asked else "holds" if all(asked) else "holds in part" if any(asked) else "fails"


def collect() -> pd.DataFrame:
    """All sections' numbers, audited, as `data/claims.csv`, in the order of `data/published.csv`; also returned.

    Raises:
        ConfigError: sections ran with different parameters.
        FileNotFoundError: a section's numbers are missing, so an id has no row; or what the audit needs is.
        ValueError: two sections recorded the same id.
    """
    if line := parameters.disagreement(paths.home()):
        raise ConfigError(line)
    order = spread.published().index
    tables = [paths.table(path, index_col=0) for path in sorted((paths.home() / "data").glob("0[1-7]_*.csv"))]
    tables = [table for table in tables if table.index.name == "seed"]  # the others have no row per network
    numbers = pd.concat(tables, axis=1) if tables else pd.DataFrame()
    missing = order.difference(numbers.columns)
    if len(missing):
        raise FileNotFoundError(f"no numbers for {', '.join(missing)}: run the sections' notebooks, or `make paper`")
    if numbers.columns.has_duplicates:
        twice = numbers.columns[numbers.columns.duplicated()]
        raise ValueError(f"{', '.join(twice)}: recorded by more than one section")
    rows = audit.audited(numbers[order], spread.published(), paths.home() / "data").replace([np.inf, -np.inf], np.nan)
    rows.to_csv(paths.output("data", "claims.csv"), index_label="id", float_format="%.5g")
    return rows
