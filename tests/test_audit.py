"""Verdicts follow their stated rules: change one number of a finding and the word that it decides changes."""

import pandas as pd
import pytest

from lib import claims, paths

STEADY = {
    "published": "1.0",
    "mean": 1.0,
    "sd": 0.01,
    "low": 0.98,
    "high": 1.02,
    "seeds": 64,
    "verdict": "inside the spread",
}


def verdict(folder, *, id="slope_mean", null=5.0, null_sd=0.01, theory=2.0, future="stays", mse=0.5, **changes):
    """The verdict on one number, the others left out."""
    about = claims.published()
    pd.DataFrame({"id": [id], "null": about.null.fillna("frame")[[id]], "mean": [null], "sd": [null_sd]}).to_csv(
        folder / "08_nulls.csv"
    )
    pd.DataFrame({"id": [id], "theory": [theory]}).to_csv(folder / "09_theory.csv")
    pd.DataFrame({"id": [id], "converged": [1.5], "future": [future]}).to_csv(folder / "10_futures.csv")
    errors = [
        ("naive plan", "active", 1.0),
        ("naive plan", "mse", 1.0),
        ("trained", "active", 0.5),
        ("trained", "mse", mse),
    ]
    pd.DataFrame(errors, columns=["plan", "metric", "error"]).to_csv(folder / "01_metrics.csv")
    rows = pd.DataFrame([STEADY | changes], index=pd.Index([id], name="id"))
    row = claims.audited(rows, about, folder).loc[id]
    assert row.converged == 1.5 and row.theory == theory
    return row.verdict


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "reproduced; learned"),
        ({"verdict": "outside the spread"}, "not reproduced; learned"),
        ({"null": 1.1}, "reproduced; expected by chance"),  # within a tenth
        ({"null": 0.9}, "reproduced; learned"),
        ({"null": 0.9, "null_sd": 0.05}, "reproduced; expected by chance"),  # within two standard deviations of both
        ({"null": 0.5, "sd": 0.3}, "reproduced; expected by chance"),
        ({"null": 1.0, "null_sd": 0.0, "sd": 0.0, "theory": 1.0}, "reproduced; forced by rank"),
        ({"null": 1.0, "null_sd": 0.0, "sd": 0.0, "theory": 2.0}, "reproduced; expected by chance"),
        ({"future": "shifts"}, "reproduced; learned; shifts with training"),
        ({"future": "changes"}, "reproduced; learned; changes with training"),
        ({"mse": 2.0}, "reproduced; learned"),  # compares with no other plan
        ({"mse": 2.0, "id": "trained_error"}, "reproduced; learned; depends on the metric"),
        ({"mse": 0.9, "id": "trained_error"}, "reproduced; learned"),
        ({"id": "naive_error"}, "reproduced; true by definition"),
        ({"id": "tied_cosine", "null": 1.05}, "reproduced; expected by chance"),
    ],
)
def test_each_rule_decides_its_word(changes, words, tmp_path):
    assert verdict(tmp_path, **changes) == words


def test_every_number_names_a_null_that_is_measured_or_none():
    nulls = pd.read_csv(paths.ROOT / "data" / "08_nulls.csv").set_index(["id", "null"])
    named = claims.published().null.dropna()
    assert set(claims.published().index) - set(named.index) == {"naive_error"}
    assert all(pair in nulls.index for pair in named.items())


def test_what_the_audit_needs_is_named_when_it_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="no 08_nulls.csv: run notebook 08"):
        claims.audited(pd.DataFrame([STEADY], index=["slope_mean"]), claims.published(), tmp_path)
