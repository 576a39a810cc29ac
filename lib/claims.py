"""From numbers per network to claims: the published value beside the spread over seeds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lib import paths


def published() -> pd.DataFrame:
    """The post's numbers (`data/published.csv`), one row per id.

    Columns `published` and `published_to` are the ends of what was printed (equal for one number), and
    `rounding` is the unit of its last digit.
    """
    table = pd.read_csv(paths.PUBLISHED, index_col="id")
    return table.assign(published_to=table.published_to.fillna(table.published))


def record(notebook: str, values: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Writes a section's numbers, one row per network, to `data/NOTEBOOK.csv` and returns their summary.

    Args:
        values: for each id of the section, one number per network, (seeds,).
    """
    table = pd.DataFrame({name: np.asarray(column, np.float64) for name, column in values.items()})
    table.to_csv(paths.output("data", f"{notebook}.csv"), index_label="seed", float_format="%.7g")
    return summary(table)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Each column of a table of networks as a row of `data/claims.csv`.

    `low` and `high` bound the central 95 % of single networks. The verdict asks whether the published
    value lies where one network of ours would lie, and allows for its rounding.
    """
    ours = pd.DataFrame(
        {
            "mean": table.mean(),
            "sd": table.std(),
            "low": table.quantile(0.025),
            "high": table.quantile(0.975),
            "seeds": table.count(),
        }
    )
    rows = published().join(ours, how="inner")
    half = rows.rounding / 2
    inside = (rows.published - half <= rows.high) & (rows.published_to + half >= rows.low)
    rows["verdict"] = np.where(inside, "inside the spread", "outside the spread")
    rows["published"] = [_printed(row) for row in rows.itertuples()]
    return rows[["section", "published", "mean", "sd", "low", "high", "seeds", "verdict"]]


def _printed(row) -> str:
    """A published value as it was printed: "0.380", "10", "0.05 to 0.08"."""
    digits = max(0, -int(np.floor(np.log10(row.rounding))))
    low, high = f"{row.published:.{digits}f}", f"{row.published_to:.{digits}f}"
    return low if low == high else f"{low} to {high}"


def collect() -> pd.DataFrame:
    """All sections' numbers as `data/claims.csv`, in the order of `data/published.csv`; also returned.

    Raises:
        FileNotFoundError: a section's numbers are missing, so an id has no row.
    """
    tables = [pd.read_csv(path, index_col="seed") for path in sorted((paths.home() / "data").glob("[0-9]*.csv"))]
    rows = pd.concat([summary(table) for table in tables]) if tables else summary(pd.DataFrame())
    order = published().index
    missing = order.difference(rows.index)
    if len(missing):
        raise FileNotFoundError(f"no numbers for {', '.join(missing)}: run the sections' notebooks, or `make paper`")
    rows = rows.loc[order]
    rows.to_csv(paths.output("data", "claims.csv"), index_label="id", float_format="%.5g")
    return rows
