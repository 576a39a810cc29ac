"""From numbers per network to claims: the published value beside the spread over networks."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from lib import paths

TINY = 1e-12  # stands for zero on a logarithmic scale
SCALES = {  # on which numbers of a kind are compared, and the way back; `sign` is that of the number
    "size": (lambda value: np.log(np.maximum(np.abs(value), TINY)), lambda y, sign: sign * np.exp(y)),
    "count": (np.log1p, lambda y, sign: np.expm1(y)),
    "correlation": (lambda value: np.arctanh(np.clip(value, TINY - 1, 1 - TINY)), lambda y, sign: np.tanh(y)),
    "fit": (lambda value: np.log(np.maximum(1 - value, TINY)), lambda y, sign: 1 - np.exp(y)),  # R**2, by what it lacks
}


def published() -> pd.DataFrame:
    """The post's numbers (`data/published.csv`), one row per id.

    Columns `published` and `published_to` are the ends of what was printed (equal for one number), and
    `rounding` is the unit of its last digit. `scale` is a key of `SCALES`. `null` says what untrained codes it is held
    against, `identity` why every code has it, where algebra says so.
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


def interval(values: np.ndarray, level: float = 0.95, scale: str | None = None, one_more: bool = False):
    """Student's t interval, from one number per network, (seeds,): of their mean, or of one further network's number.

    One network, or networks all alike, give a point; numbers that do not exist do not count. Evaluation samples shift
    all networks alike; that noise is not in it.

    Args:
        scale: a key of `SCALES`, on which networks are taken to be normal; none: on that of the numbers.

    Returns: its two ends, NaN without any number.
    """
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return np.nan, np.nan
    if np.ptp(values) == 0:
        return values[0], values[0]
    there, back = SCALES.get(scale, (lambda value: value, lambda y, sign: y))
    y = there(values)
    width = y.std(ddof=1) * np.sqrt(one_more + 1 / len(y))
    ends = back(np.array(stats.t.interval(level, len(y) - 1, y.mean(), width)), np.sign(values.mean()))
    return min(ends), max(ends)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Each column of a table of networks as a row of `data/claims.csv`.

    `low` and `high` bound where one further network would lie with 95 %. The verdict asks whether the published value
    could be one network's, allowing for its rounding (`published_low` and `published_high` bound the numbers that would
    be printed alike) and for the number of looks: `low_of_all` and `high_of_all` are wide enough that further
    networks lie in the intervals of ALL published numbers with 95 % (Bonferroni).
    Networks without a number do not count; with none left the verdict is "undefined".
    """
    about = published()
    rows = about.join(pd.DataFrame({"mean": table.mean(), "seeds": table.count()}), how="inner")
    rows["sd"] = table.std().fillna(0.0 * table.mean())  # that of one network is zero
    for suffix, level in {"": 0.95, "_of_all": 1 - 0.05 / len(about)}.items():
        ends = [interval(table[name], level, scale, one_more=True) for name, scale in rows.scale.items()]
        rows[f"low{suffix}"], rows[f"high{suffix}"] = np.array(ends).reshape(-1, 2).T
    rows["published_low"], rows["published_high"] = (
        rows.published - rows.rounding / 2,
        rows.published_to + rows.rounding / 2,
    )
    one = (rows.published_low <= rows.high_of_all) & (rows.published_high >= rows.low_of_all)
    rows["verdict"] = np.where(
        rows["mean"].isna(), "undefined", np.where(one, "like one network", "unlike one network")
    )
    rows["published"] = [_printed(row) for row in rows.itertuples()]
    columns = ["section", "published", "mean", "sd", "low", "high", "seeds", "verdict"]
    return rows[[*columns, "published_low", "published_high", "low_of_all", "high_of_all"]]


def distance(rows: pd.DataFrame) -> pd.Series:
    """Where published values lie between the middle of `low_of_all` to `high_of_all` (0) and its ends (-1 and 1).

    Of numbers that are printed alike it is the one nearest to the middle; where networks are all alike it is 0 or
    infinite.
    """
    middle, half = (rows.high_of_all + rows.low_of_all) / 2, (rows.high_of_all - rows.low_of_all) / 2
    off = middle.clip(rows.published_low, rows.published_high) - middle
    return (off / half).where(off != 0, 0.0)


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


def sizes(plain: pd.DataFrame, most: float = 2.0) -> pd.DataFrame:
    """Which plain evaluations would report the published values, to within so many standard deviations.

    Args:
        plain: from `measure.plain_numbers`.

    Returns: for each id the `least` and the `most` samples with which they would, NaN if none would, and the smallest
        `distance` of the nearest number that is printed alike, in standard deviations.
    """
    about = published().loc[plain.id].reset_index()
    low, high = about.published - about.rounding / 2, about.published_to + about.rounding / 2
    rows = plain.reset_index(drop=True)
    off = (rows["mean"].clip(low, high) - rows["mean"]).abs()
    rows = rows.assign(off=(off / rows.sd).where(off > 0, off))  # 0 where they agree, and do not vary
    fits = rows[rows.off <= most].groupby("id").samples.agg(["min", "max"])
    order = list(dict.fromkeys(plain.id))
    found = fits.reindex(order).rename(columns={"min": "least", "max": "most"})
    return found.assign(distance=rows.groupby("id").off.min())
