"""How numbers reach the reader: a sentence, a table. What does not exist with other parameters is undefined."""

import re
import warnings

import numpy as np
import pandas as pd
from IPython.display import Markdown

NONE = "–"  # in a table: there is no such number here
# A mean of nothing, or a ratio to nothing, is not a number, and is shown as undefined: numpy need not say so as well.
np.seterr(divide="ignore", invalid="ignore", over="ignore")
# The same for a logarithmic axis without a value above zero: `plots.save` mends it.
QUIET = (
    "Mean of empty slice",
    "Degrees of freedom <= 0",
    "All-NaN",
    "invalid value",
    "divide by zero",
    "Data has no positive",
    "Objective did not converge",  # of scikit-learn's readers: what did not settle is scored as it is
    "FastICA did not converge",
)
for words in QUIET:
    warnings.filterwarnings("ignore", words)


def say(text: str) -> Markdown:
    """A sentence, in Markdown, with a word for what is not a number."""
    said, count = re.subn(r"(?<![\w.])[-+−]?(nan|inf)(?!\w)(\s?%)?", "*undefined*", text)
    return Markdown(said + " (*Undefined*: with these parameters there is no such quantity.)" * (count > 0))


def sd(values: np.ndarray, form: str, ddof: int = 1) -> str:
    """The standard deviation over networks, as "sd 0.012", from one number per network; one network has none."""
    return f"sd {np.std(values, ddof=ddof):{form}}" if len(values) > 1 else "one network, so no sd"


def table(rows: pd.DataFrame | pd.Series, digits: int | None = None) -> pd.DataFrame | pd.Series:
    """A table whose numbers are text, each with so many significant digits; a dash where there is none."""

    def cell(value: object) -> object:
        if isinstance(value, (float, np.floating)):
            if not np.isfinite(value):
                return NONE
            return f"{value:.{digits}g}" if digits else f"{value:g}"
        return value

    return rows.map(cell)


def around(values: np.ndarray, form: str, ends: tuple[float, float] = (0, 100), mark: str = "", more: str = "") -> str:
    """Mean of the networks that have a value, marked, and the range of single ones: "0.16 (0.15 to 0.17)".

    One network has no range. If none has a value, a dash.

    Args:
        form: format of a number. ends: percentiles of the range. more: what to add to the range.
    """
    there = values[np.isfinite(values)]
    if not len(there):
        return NONE
    low, high = np.percentile(there, ends)
    return f"{mark}{there.mean():{form}}{mark}" + (f" ({low:{form}} to {high:{form}}{more})" if len(values) > 1 else "")


def check(claim: str, holds: bool) -> Markdown:
    """A claim, and whether it holds on this run."""
    return Markdown(f"{'✓' if holds else '✗'} {claim}")


def checks(claims: dict[str, bool]) -> Markdown:
    """Claims, each a line, and whether they hold on this run."""
    return Markdown("\n".join(f"- {check(claim, holds).data}" for claim, holds in claims.items()))


def between(ends: tuple[float, float], word: str = "to") -> str:
    """Two points of a grid with a word between them: "0.1 to 0.2"; a dash where there are none."""
    return f"{ends[0]:g} {word} {ends[1]:g}" if np.isfinite(ends).all() else NONE
