"""From numbers per network to claims: the published value beside the spread over seeds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from lib import paths


def published() -> pd.DataFrame:
    """The post's numbers (`data/published.csv`), one row per id.

    Columns `published` and `published_to` are the ends of what was printed (equal for one number), and
    `rounding` is the unit of its last digit.
    """
    table = paths.table(paths.PUBLISHED, index_col="id")
    return table.assign(published_to=table.published_to.fillna(table.published))


def record(notebook: str, values: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Writes a section's numbers, one row per network, to `data/NOTEBOOK.csv` and returns their summary.

    Args:
        values: for each id of the section, one number per network, (seeds,); NaN or infinite where a network has none.
    """
    table = pd.DataFrame({name: np.asarray(column, np.float64) for name, column in values.items()})
    table = table.replace([np.inf, -np.inf], np.nan)
    table.to_csv(paths.output("data", f"{notebook}.csv"), index_label="seed", float_format="%.7g")
    return shown(summary(table))


def interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Student's t interval of the mean over networks, from one number per network, (seeds,).

    It speaks of the mean, `low` and `high` of `summary` of a single network. Evaluation samples shift all networks
    alike; that noise is not in it. One network, or networks all alike, give a point; numbers that do not exist do not
    count.
    """
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return np.nan, np.nan
    if np.ptp(values) == 0:
        return values[0], values[0]
    return stats.t.interval(level, len(values) - 1, values.mean(), stats.sem(values))


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Each column of a table of networks as a row of `data/claims.csv`.

    `low` and `high` bound the central 95 % of single networks. The verdict asks whether the published
    value lies where one network of ours would lie, and allows for its rounding:
    `published_low` and `published_high` bound the numbers that would be printed alike.
    Networks without a number do not count; with none left the verdict is "undefined".
    """
    ours = pd.DataFrame(
        {
            "mean": table.mean(),
            "sd": table.std().fillna(0.0 * table.mean()),  # that of one network is zero
            "low": table.quantile(0.025),
            "high": table.quantile(0.975),
            "seeds": table.count(),
        }
    )
    rows = published().join(ours, how="inner")
    half = rows.rounding / 2
    inside = (rows.published - half <= rows.high) & (rows.published_to + half >= rows.low)
    verdict = np.where(inside, "inside the spread", "outside the spread")
    rows["verdict"] = np.where(rows["mean"].isna(), "undefined", verdict)
    rows["published_low"], rows["published_high"] = rows.published - half, rows.published_to + half
    rows["published"] = [_printed(row) for row in rows.itertuples()]
    columns = ["section", "published", "mean", "sd", "low", "high", "seeds", "verdict"]
    return rows[[*columns, "published_low", "published_high"]]


def shown(rows: pd.DataFrame, digits: int = 4) -> pd.DataFrame:
    """Rows of claims as a reader sees them: numbers as text, with so many significant digits."""
    numbers = [name for name in ("mean", "sd", "low", "high", "null", "theory", "converged") if name in rows]
    text = rows[["published", *numbers, "seeds", "verdict"]].copy()
    for name in numbers:
        text[name] = ["" if np.isnan(value) else f"{value:.{digits}g}" for value in rows[name]]
    return text


def _printed(row) -> str:
    """A published value as it was printed: "0.380", "10", "0.05 to 0.08"."""
    digits = max(0, -int(np.floor(np.log10(row.rounding))))
    low, high = f"{row.published:.{digits}f}", f"{row.published_to:.{digits}f}"
    return low if low == high else f"{low} to {high}"
