"""From claims to verdicts: every finding beside its null, its theory and its future, by stated rules."""

from pathlib import Path

import numpy as np
import pandas as pd

from lib import paths

CLOSE = 0.1  # a number within this share of its null says nothing that the null does not say


def audited(rows: pd.DataFrame, published: pd.DataFrame, tables: Path) -> pd.DataFrame:
    """Rows of claims with the columns `null`, `null_sd`, `theory`, `converged` and a verdict in plain words.

    - *reproduced* or *not reproduced*: the published value lies where one network of ours would, or not.
    - *forced by rank*: every network, every null and the theory give the same number. *expected by chance*: the
      mean is within a tenth of the null's, or within two standard deviations of both. Else *learned*.
      A number without a null is *true by definition*.
    - With the reader's parameters a number may not exist (*undefined*), or its null may not (*no null*).
    - *depends on the metric*: the number compares with the naive plan, and the three metrics disagree on who wins.
    - *shifts* or *changes with training*: the longest training leaves the spread, the second by more than a tenth.

    Args:
        rows: from `claims.summary`.
        published: from `claims.published`; its column `null` names each number's null, `compares` what with.
        tables: the folder in which notebooks 01, 08, 09 and 10 left their tables.

    Raises:
        FileNotFoundError: one of these tables is missing.
    """
    nulls = paths.table(tables / "08_nulls.csv").set_index(["id", "null"])
    theory = paths.table(tables / "09_theory.csv").set_index("id").theory
    future = paths.table(tables / "10_futures.csv").set_index("id")
    rows = rows.assign(theory=theory, converged=future.converged)
    null = nulls.reindex(zip(published.index, published.null, strict=True)).set_axis(published.index)
    rows["null"], rows["null_sd"] = null["mean"], null["sd"]
    has_null = published.null[rows.index].notna()
    same = {"inside the spread": "reproduced", "outside the spread": "not reproduced"}
    later = {"stays": "", "shifts": "shifts with training", "changes": "changes with training"}
    metric = (published.compares == "naive plan").loc[rows.index] & _turns(tables)
    parts = rows[[]].assign(
        reproduced=rows.verdict.replace(same),
        origin=[_origin(row, has) for row, has in zip(rows.itertuples(), has_null, strict=True)],
        metric=np.where(metric, "depends on the metric", ""),
        future=future.future.reindex(rows.index).map(later).fillna(""),
    )
    parts.loc[rows["mean"].isna(), ["metric", "future"]] = ""
    return rows.assign(verdict=parts.apply(lambda row: "; ".join(dict.fromkeys(filter(None, row))), axis=1), **parts)


def _origin(row, has_null: bool) -> str:
    if not has_null:
        return "true by definition"
    if np.isnan(row.mean):
        return "undefined"
    if not np.isfinite(row.null):
        return "no null"
    if row.sd == row.null_sd == 0 and row.mean == row.null == row.theory:
        return "forced by rank"
    apart = abs(row.mean - row.null)
    chance = apart <= CLOSE * abs(row.null) or apart <= 2 * np.hypot(row.sd, row.null_sd)
    return "expected by chance" if chance else "learned"


def _turns(tables: Path) -> bool:
    """Whether the trained networks beat the naive plan in one metric and lose to it in another."""
    mean = paths.table(tables / "01_metrics.csv").groupby(["plan", "metric"]).error.mean().unstack()
    return (mean.loc["trained"] < mean.loc["naive plan"]).nunique() > 1
