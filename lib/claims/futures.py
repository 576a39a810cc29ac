"""What becomes of each finding when training goes on."""

import numpy as np
import pandas as pd

from lib.claims import spread

SMALL = 0.1  # a change by less than this share of the value is a shift


def futures(short: pd.DataFrame, long: pd.DataFrame, longer: pd.DataFrame) -> pd.DataFrame:
    """What becomes of each finding when training goes on. Tables have a row per network and a column per id.

    Columns: `short`, where one further network would lie with 95 %, `low` to `high`, and `converged` with its own.
    `future` is "stays" if the converged mean lies from `low` to `high`; else "shifts", or "changes" if it moved by more
    than a tenth of its value; "undefined" if there is no such number. `settled`: the converged mean lies where one more
    network of the length before would. `published_survives`: the published value could be a converged network's, see
    `summary`; `published_reproduced` says so of the short training.

    Args:
        short, long, longer: networks at the post's length, at the length before the longest, at the longest.
    """
    now, then, before = (spread.summary(table) for table in (short, longer, long))
    rows = pd.DataFrame(
        {
            "short": now["mean"],
            "low": now.low,
            "high": now.high,
            "converged": then["mean"],
            "converged_sd": then.sd,
            "converged_low": then.low,
            "converged_high": then.high,
        }
    )
    moved = rows.converged - rows.short
    large = moved.abs() > SMALL * rows.short.abs()
    rows["future"] = np.where(_inside(now, then["mean"]), "stays", np.where(large, "changes", "shifts"))
    rows.loc[~np.isfinite(moved), "future"] = "undefined"
    rows["settled"] = _inside(before, then["mean"])
    rows["published_reproduced"] = now.verdict == "like one network"
    rows["published_survives"] = then.verdict == "like one network"
    return rows


def _inside(rows: pd.DataFrame, value: pd.Series) -> pd.Series:
    """Whether a value lies in a spread, up to rounding in float32."""
    room = 1e-6 * value.abs()
    return (value >= rows.low - room) & (value <= rows.high + room)
