"""From numbers per network to a verdict on each published value, by stated rules."""

import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lib import claims, paths
from lib.config import ConfigError

COLUMNS = ["section", "published", "mean", "sd", "low", "high", "seeds", "verdict"]


def committed(name, **options):
    return pd.read_csv(paths.ROOT / "data" / f"{name}.csv", **options)


# ---- the published values


def test_every_number_is_published_once_with_its_definition_and_printed_as_it_was():
    rows = claims.published()
    assert rows[["section", "published", "published_to", "rounding", "source", "definition"]].notna().all(axis=None)
    assert rows.index.is_unique and len(rows) == 24 and (rows.published <= rows.published_to).all()
    raw = pd.read_csv(paths.PUBLISHED, dtype=str, keep_default_na=False, index_col="id")
    expected = [f"{row.published} to {row.published_to}".removesuffix(" to ") for row in raw.itertuples()]
    table = pd.DataFrame(0.0, index=range(3), columns=rows.index)
    assert list(claims.summary(table).published) == expected
    digits = [len(value.partition(".")[2]) for value in raw.published]
    assert np.allclose(rows.rounding, 10.0 ** -np.array(digits)), "rounded in the last digit printed"


# ---- the spread over networks


def test_a_number_that_no_network_has_is_undefined_and_one_network_has_no_spread():
    rows = claims.summary(pd.DataFrame({"slope_mean": [np.nan, np.nan], "trained_error": [0.07, np.nan]}))
    assert rows.verdict["slope_mean"] == "undefined" and np.isnan(rows.sd["slope_mean"])
    assert rows.sd["trained_error"] == 0 and rows.seeds["trained_error"] == 1


def test_summary_is_mean_sd_and_the_central_95_percent():
    numbers = np.random.default_rng(0).normal(0.4, 0.1, 64)
    row = claims.summary(pd.DataFrame({"slope_mean": numbers, "unheard_of": 1.0})).loc["slope_mean"]
    low, high = np.quantile(numbers, [0.025, 0.975])
    assert np.allclose([row["mean"], row.sd, row.low, row.high], [numbers.mean(), numbers.std(ddof=1), low, high])
    assert row.seeds == 64 and row.section == "slopes"
    one = claims.summary(pd.DataFrame({"slope_mean": [0.4], "unheard_of": [1.0]}))
    assert list(one.index) == ["slope_mean"] and one[["sd", "low", "high"]].values.tolist() == [[0, 0.4, 0.4]]
    few = claims.summary(pd.DataFrame({"slope_mean": [0.123456] * 2}))
    assert [claims.shown(few, digits)["mean"].item() for digits in (2, 4)] == ["0.12", "0.1235"]


ROUNDED = {  # 2.54 is printed as 2.5; all networks alike; below; within the published range, around it and beside it
    "2.5,,0.1": ([(2.54, 3.0), (2.0, 2.46)], [(2.56, 3.0), (2.0, 2.44)]),
    "10,,1": ([(10.0, 10.0)], [(9.0, 9.0)]),
    "-2.5,,0.1": ([], [(-3.0, -2.56)]),
    "2,3,0.1": ([(2.4, 2.6), (1.0, 9.0), (3.04, 9.0)], [(3.06, 9.0)]),
}


@pytest.mark.parametrize("published", ROUNDED)
def test_a_verdict_allows_for_rounding_and_for_ranges(published, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path / "published.csv")
    paths.PUBLISHED.write_text(f"id,section,published,published_to,rounding\nx,one,{published}\n")
    for verdict, spreads in zip(("inside", "outside"), ROUNDED[published], strict=True):
        for low, high in spreads:
            numbers = np.linspace(low, high, 401)
            beyond = np.concatenate([np.full(10, -50.0), numbers, np.full(10, 50.0)]) if low != high else numbers
            row = claims.summary(pd.DataFrame({"x": beyond})).loc["x"]  # 10 of 421 networks below, 10 above: 2.4 % each
            assert (round(row.low, 2), round(row.high, 2)) == pytest.approx((low, high), abs=0.011)
            assert row.verdict == f"{verdict} the spread"


@pytest.mark.parametrize("count", [2, 12, 64])
def test_the_interval_of_a_mean(count):
    """Student's, over the networks that have a number."""
    values = np.random.default_rng(0).normal(3, 1, count)
    half = stats.t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count)
    assert claims.interval([*values, np.nan]) == pytest.approx((values.mean() - half, values.mean() + half))
    assert claims.interval(np.ones(count)) == (1, 1) and claims.interval([2.0]) == (2, 2)
    assert np.isnan(claims.interval([np.nan] * count)).all()


# ---- the audit: change one number of a finding and the word that it decides changes


STEADY = {"published": "1.0", "mean": 1.0, "sd": 0.01, "low": 0.98, "high": 1.02, "seeds": 64}
STEADY["verdict"] = "inside the spread"


def verdict(folder, *, id="slope_mean", null=5.0, null_sd=0.01, theory=2.0, future="stays", mse=0.5, **changes):
    """The verdict on one number, the others left out."""
    about = claims.published()
    nulls = {"id": [id], "null": about.null.fillna("frame")[[id]], "mean": [null], "sd": [null_sd]}
    errors = {"plan": ["naive plan"] * 2 + ["trained"] * 2, "metric": ["active", "mse"] * 2, "error": [1, 1, 0.5, mse]}
    futures = {"id": [id], "converged": [1.5], "future": [future]}
    tables = {"01_metrics": errors, "08_nulls": nulls, "10_futures": futures}
    for name, columns in (tables | {"09_theory": {"id": [id], "theory": [theory]}}).items():
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv")
    rows = pd.DataFrame([STEADY | changes], index=pd.Index([id], name="id"))
    row = claims.audited(rows, about, folder).loc[id]
    assert row.converged == 1.5 and row.theory == theory
    return row.verdict


@pytest.mark.parametrize(
    "changes, words",
    [
        ({}, "reproduced; learned"),
        ({"verdict": "outside the spread"}, "not reproduced; learned"),
        ({"null": 1.1}, "reproduced; expected by chance"),  # within a tenth
        ({"null": 0.9}, "reproduced; learned"),
        ({"null": 0.9, "null_sd": 0.05}, "reproduced; expected by chance"),  # within two standard deviations of both
        ({"null": 0.5, "sd": 0.3}, "reproduced; expected by chance"),
        ({"null": 0.5, "sd": 0.2, "null_sd": 0.14}, "reproduced; learned"),  # together 0.244: less than their sum
        ({"null": 0.5, "sd": 0.2, "null_sd": 0.16}, "reproduced; expected by chance"),  # 0.256: more than the larger
        ({"null": 1.0, "null_sd": 0.0, "sd": 0.0, "theory": 1.0}, "reproduced; forced by rank"),
        ({"null": 1.0, "null_sd": 0.0, "sd": 0.0, "theory": 2.0}, "reproduced; expected by chance"),
        ({"future": "shifts"}, "reproduced; learned; shifts with training"),
        ({"future": "changes"}, "reproduced; learned; changes with training"),
        ({"mse": 2.0}, "reproduced; learned"),  # compares with no other plan
        ({"mse": 2.0, "id": "trained_error"}, "reproduced; learned; depends on the metric"),
        ({"mse": 0.9, "id": "trained_error"}, "reproduced; learned"),
        ({"id": "naive_error"}, "reproduced; true by definition"),
    ],
)
def test_each_rule_decides_its_word(changes, words, tmp_path):
    assert verdict(tmp_path, **changes) == words


def test_what_the_audit_needs_is_named_when_it_is_missing(tmp_path):
    nulls = committed("08_nulls").set_index(["id", "null"])
    named = claims.published().null.dropna()
    assert set(claims.published().index) - set(named.index) == {"naive_error"}
    assert all(pair in nulls.index for pair in named.items())
    with pytest.raises(FileNotFoundError, match="no 08_nulls.csv: run notebook 08"):
        claims.audited(pd.DataFrame([STEADY], index=["slope_mean"]), claims.published(), tmp_path)


@pytest.mark.parametrize(
    "short, long, longer, future, settled, reproduced, survives",
    [
        ((0.380, 0.001), (0.3805, 0.001), (0.3805, 0.001), "stays", True, True, True),
        ((0.380, 0.001), (0.399, 0.001), (0.3991, 0.001), "shifts", True, True, False),
        ((0.380, 0.001), (0.350, 0.001), (0.300, 0.001), "changes", False, True, False),
        ((0.300, 0.001), (0.378, 0.001), (0.380, 0.001), "changes", False, False, True),
        ((0.380, 0.1), (0.44, 0.1), (0.44, 0.1), "stays", True, True, True),
        ((0.380, 0.0), (0.380, 0.0), (0.380, 0.0), "stays", True, True, True),
    ],
)
def test_futures(short, long, longer, future, settled, reproduced, survives):
    """The published slope is 0.380; two hundred numbers with exactly this mean and an even spread."""
    spread = np.linspace(-1.7, 1.7, 200)
    tables = (pd.DataFrame({"slope_mean": mean + sd * spread}) for mean, sd in (short, long, longer))
    row = claims.futures(*tables).loc["slope_mean"]
    assert (row.future, row.settled) == (future, settled)
    assert (row.published_reproduced, row.published_survives) == (reproduced, survives)
    np.testing.assert_allclose([row.short, row.converged], [short[0], longer[0]], rtol=1e-6)


# ---- the tables


def test_the_committed_claims_are_those_of_the_committed_tables(home):
    for path in (paths.ROOT / "data").glob("[01]*"):
        shutil.copy(path, home / "data")
    rows = claims.collect()
    assert (home / "data" / "claims.csv").read_bytes() == (paths.ROOT / "data" / "claims.csv").read_bytes()
    assert list(rows.index) == list(claims.published().index) and list(rows.columns)[:8] == COLUMNS
    assert set(rows.seeds) == {64}


def test_a_section_is_recorded_and_one_missing_is_missed(home, monkeypatch):
    numbers = {"slope_mean": np.linspace(0.3, 0.4, 5), "slope_sd": np.full(5, 0.02)}
    shown = claims.record("02_slopes", numbers)
    assert list(shown.columns) == COLUMNS[1:] and list(shown.index) == list(numbers)
    kept = pd.read_csv(home / "data" / "02_slopes.csv", index_col="seed")
    np.testing.assert_allclose(kept, pd.DataFrame(numbers), rtol=1e-6)
    with pytest.raises(FileNotFoundError, match="functional_field.*make paper"):
        claims.collect()
    assert not (home / "data" / "claims.csv").exists()
    monkeypatch.setenv("PAPER_STAGE", str(home / "stage"))
    claims.record("03_interference", {"worst_cross_term": np.ones(2)})
    assert (home / "stage" / "data" / "03_interference.csv").exists() and len(list((home / "data").iterdir())) == 1


def test_numbers_recorded_twice_or_with_different_parameters_are_not_put_together(home):
    for path in (paths.ROOT / "data").glob("0*"):
        shutil.copy(path, home / "data")
    claims.record("05_again", {"rank": np.ones(64)})
    with pytest.raises(ValueError, match="rank: recorded by more than one"):
        claims.collect()
    (home / "data" / "01.json").write_text('{"p": 0.05}')
    with pytest.raises(ConfigError, match="section 01 ran with p = 0.05.*make paper"):
        claims.collect()


def test_the_committed_metrics_tell_the_story():
    """Half by one metric, twice by another, a third by the one it was trained for; and sums beat it in the first."""
    mean = committed("01_metrics").groupby(["plan", "metric"]).error.mean().unstack()
    ratio = mean.loc["trained"] / mean.loc["naive plan"]
    assert ratio.to_dict() == pytest.approx({"active": 0.497, "mse": 2.04, "l4": 0.323}, rel=0.02)
    assert mean.active.idxmin() == "features summed" and mean.l4.idxmin() == "trained"
    crossings = committed("06_crossings")
    mean = crossings[crossings.plan == "trained"].groupby("metric").k.mean()
    assert mean.active == pytest.approx(43.5, abs=1.5) and mean.l4 == pytest.approx(22.9, abs=1) and np.isnan(mean.mse)


# ---- verdicts on the knobs, and words


def test_verdicts_on_the_knobs_are_written_and_collected(home):
    with pytest.raises(FileNotFoundError, match="11 to 15.*make paper"):
        claims.predictions()
    claims.judge("12_verdict", ("it rises", "fails", "by 2, at least"), ("it falls", "holds", "see above"))
    claims.judge("11_verdict", ("it stays", "holds", "it does"))
    table = claims.predictions()
    assert list(table.index) == ["11", "12", "12"] and list(table.columns) == ["prediction", "verdict", "evidence"]
    assert table.iloc[1].tolist() == ["it rises", "fails", "by 2, at least"]
    asked = [claims.verdict(each) for each in ([], [True], [True, False], [False])]
    assert asked == ["not tested", "holds", "holds in part", "fails"]
