"""From claims to verdicts: every finding beside its nulls, its theory and its future, by stated rules."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from lib import paths
from lib.claims import spread

SAME = 0.1  # on the scale of a number: nearer than this, an untrained code shows it
RANDOM, SIMPLE = "shown by random codes", "shown by a code of few numbers"
NULLS = {  # by the word in `published.csv`: what a number is held against, and the verdict if one shows it
    "codes": {"Gaussian": RANDOM, "frame": RANDOM, "random sets": SIMPLE, "sums": SIMPLE},
    "initial": {"initial": "shown before training"},
    "independent": {"independent": "shown by independent sets"},
}
FREE = "rescaled"  # trained networks with the neurons' inputs halved and their outputs doubled: the same function


def audited(numbers: pd.DataFrame, published: pd.DataFrame, tables: Path) -> pd.DataFrame:
    """The numbers of all networks, a column per id, as rows of claims: with nulls, theory, future and a verdict.

    - *like one network* or *unlike one network*: see `summary`.
    - *true by definition*: no network enters. *algebra*: every code has it, by an identity that `published.csv` names.
      *free*: the same function, written otherwise, has another number.
    - Else on the scale of the number, `effect` is its distance from an untrained code, with its 95 % interval. *Shown*
      by such a code: the interval lies within a tenth of 0. *Learned*: it lies beyond for all codes, on one side.
      *Between codes*: beyond for all, on either side. *Open*: an interval is too wide to say.
    - With the reader's parameters a number may not exist (*undefined*), or its nulls may not (*no null*).
    - *depends on the metric*: the number compares with the naive plan, and the three metrics disagree on who wins.
    - *shifts* or *changes with training*: the longest training leaves `low` to `high`, the second by more than a tenth.

    Args:
        numbers: as sections record them, (networks, ids).
        published: from `claims.published`; `null` names what a number is held against, `compares` what it compares.
        tables: the folder in which notebooks 01, 08, 09 and 10 left their tables.

    Returns: besides the columns of `summary`, `nearest` (the null that is nearest), its mean `null` and `null_sd`, and
        `effect`, `effect_low`, `effect_high`; `theory`, `converged`; and the parts of the verdict, `reproduced`,
        `origin`, `metric` and `future`.

    Raises:
        FileNotFoundError: one of these tables is missing.
    """
    nulls = dict(list(paths.table(tables / "08_nulls.csv").groupby("null")))
    future = paths.table(tables / "10_futures.csv").set_index("id")
    later = {"shifts": "shifts with training", "changes": "changes with training"}
    rows, apart = spread.summary(numbers), effects(numbers, nulls)
    about = published.loc[rows.index]
    of = {name: apart[apart.index.get_level_values("id") == name].droplevel("id") for name in rows.index}
    origin = {name: _origin(its, of[name], rows["mean"][name]) for name, its in about.iterrows()}
    rows = rows.join(pd.DataFrame.from_dict(origin, "index"))
    of_null = [nulls[row.nearest][row.Index] if row.nearest else pd.Series(dtype=float) for row in rows.itertuples()]
    rows["null"] = [draws.mean() for draws in of_null]
    rows["null_sd"] = [draws.std() if draws.count() > 1 else 0.0 * draws.mean() for draws in of_null]
    theory = paths.table(tables / "09_theory.csv").set_index("id").theory
    rows = rows.assign(theory=theory, converged=future.converged, reproduced=rows.verdict)
    rows["metric"] = np.where((about.compares == "naive plan") & _turns(tables), "depends on the metric", "")
    rows["future"] = future.future.reindex(rows.index).map(later).fillna("")
    rows.loc[rows["mean"].isna(), ["metric", "future"]] = ""
    parts = rows[["reproduced", "origin", "metric", "future"]]
    rows["verdict"] = parts.apply(lambda row: "; ".join(dict.fromkeys(filter(None, row))), axis=1)
    return rows


def effects(numbers: pd.DataFrame, nulls: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """How far the mean network is from the mean draw of each null, on the scale of each number.

    Args:
        numbers: (networks, ids); `nulls`: for each null such a table, (draws, ids), which may lack an id.

    Returns: columns `effect`, and its 95 % interval `low`, `high` (Welch); the index has the id and the null, but for
        pairs of which one has no such number.
    """
    found = {}
    for name, scale in spread.published()["scale"].reindex(numbers.columns).items():
        for null in (null for null in nulls if name in nulls[null]):
            ours, theirs = (spread.SCALES[scale][0](table[name].dropna()) for table in (numbers, nulls[null]))
            if len(ours) and len(theirs):
                found[name, null] = _apart(ours, theirs)
    names = pd.MultiIndex.from_tuples(found, names=["id", "null"])
    return pd.DataFrame(found.values(), names, ["effect", "low", "high"])


def _apart(ours: pd.Series, theirs: pd.Series) -> tuple[float, float, float]:
    apart = ours.mean() - theirs.mean()
    errors = [y.var() / len(y) if len(y) > 1 else 0.0 for y in (ours, theirs)]
    if not sum(errors):
        return apart, apart, apart
    freedom = sum(errors) ** 2 / sum(e**2 / (len(y) - 1) for e, y in zip(errors, (ours, theirs), strict=True) if e)
    half = stats.t.ppf(0.975, freedom) * sum(errors) ** 0.5
    return apart, apart - half, apart + half


def _origin(about: pd.Series, apart: pd.DataFrame, mean: float) -> dict:
    """Where a number comes from, and the null that is nearest, with its `effect`."""
    named = NULLS.get(about["null"], {})
    codes = apart[apart.index.isin(named)]
    shown = codes.index[(codes.low >= -SAME) & (codes.high <= SAME)]
    above, below = codes.low > SAME, codes.high < -SAME
    if np.isnan(mean):
        origin = "undefined"
    elif not named:
        origin = "true by definition"
    elif pd.notna(about.identity):
        origin = "algebra"
    elif FREE in apart.index and abs(apart.effect[FREE]) > SAME:
        origin = "free"
    elif codes.empty:
        origin = "no null"
    elif len(shown):
        origin = named[next(null for null in named if null in shown)]
    elif not (above | below).all():
        origin = "open"
    else:
        origin = "between codes" if above.any() and below.any() else "learned"
    nearest = "" if codes.empty else codes.effect.abs().idxmin()
    values = codes.loc[nearest] if nearest else [np.nan] * 3
    return dict(zip(("effect", "effect_low", "effect_high"), values, strict=True)) | {
        "nearest": nearest,
        "origin": origin,
    }


def _turns(tables: Path) -> bool:
    """Whether the trained networks beat the naive plan in one metric and lose to it in another."""
    mean = paths.table(tables / "01_metrics.csv").groupby(["plan", "metric"]).error.mean().unstack()
    return (mean.loc["trained"] < mean.loc["naive plan"]).nunique() > 1
