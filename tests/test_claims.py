"""From numbers per network to a verdict on each published value."""

import numpy as np
import pandas as pd
import pytest

from lib import claims, paths
from lib.config import ConfigError

COLUMNS = ["section", "published", "mean", "sd", "low", "high", "seeds", "verdict"]
IDS = """naive_error trained_error features_won error_range slope_mean slope_sd slope_outliers slope_error_corr
    worst_cross_term rank off_to_diag routing_error_corr load_error_corr tied_cosine decoder_ratio specialization
    top1_share top10_share features_touched overload_r2 overload_ratio_20 neurons_that_hurt functional_field
    footprint_overlap""".split()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty paper."""
    monkeypatch.setenv("PAPER_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    return tmp_path


def sections():
    """Made-up numbers of every id, five networks each, by notebook."""
    rng = np.random.default_rng(0)
    rows = claims.published()
    for number, (_, section) in enumerate(rows.groupby("section", sort=False), start=1):
        yield f"{number:02}_section", {name: rng.normal(value, 0.01, 5) for name, value in section.published.items()}


# ---- the published values


def test_every_id_of_the_spec_is_published_once_with_its_definition():
    rows = claims.published()
    assert list(rows.index) == IDS
    assert rows[["section", "published", "published_to", "rounding", "source", "definition"]].notna().all(axis=None)
    assert (rows.rounding > 0).all() and (rows.published <= rows.published_to).all()


def test_published_values_are_printed_as_they_were():
    raw = pd.read_csv(paths.PUBLISHED, dtype=str, keep_default_na=False, index_col="id")
    expected = [f"{row.published} to {row.published_to}".removesuffix(" to ") for row in raw.itertuples()]
    table = pd.DataFrame(0.0, index=range(3), columns=IDS)
    assert list(claims.summary(table).published) == expected
    digits = [len(value.partition(".")[2]) for value in raw.published]
    assert np.allclose(claims.published().rounding, 10.0 ** -np.array(digits)), "rounded in the last digit printed"


# ---- the verdict


def test_summary_is_mean_sd_and_the_central_95_percent():
    numbers = np.random.default_rng(0).normal(0.4, 0.1, 64)
    row = claims.summary(pd.DataFrame({"slope_mean": numbers})).loc["slope_mean"]
    low, high = np.quantile(numbers, [0.025, 0.975])
    assert np.allclose([row["mean"], row.sd, row.low, row.high], [numbers.mean(), numbers.std(ddof=1), low, high])
    assert row.seeds == 64 and row.section == "slopes"


def test_the_spread_of_one_network_is_zero_and_unknown_columns_are_no_claims():
    rows = claims.summary(pd.DataFrame({"slope_mean": [0.4], "unheard_of": [1.0]}))
    assert list(rows.index) == ["slope_mean"]
    assert (rows.sd == 0).all() and (rows.low == 0.4).all() and (rows.high == 0.4).all()


@pytest.mark.parametrize(
    "published, low, high, verdict",
    [
        ("2.5,,0.1", 2.0, 3.0, "inside"),
        ("2.5,,0.1", 2.54, 3.0, "inside"),  # 2.54 is printed as 2.5
        ("2.5,,0.1", 2.56, 3.0, "outside"),
        ("2.5,,0.1", 2.0, 2.46, "inside"),
        ("2.5,,0.1", 2.0, 2.44, "outside"),
        ("2.5,,1", 2.0, 2.1, "inside"),
        ("10,,1", 10.0, 10.0, "inside"),  # every network alike
        ("10,,1", 9.0, 9.0, "outside"),
        ("-2.5,,0.1", -3.0, -2.54, "inside"),
        ("-2.5,,0.1", -3.0, -2.56, "outside"),
        ("2,3,0.1", 2.4, 2.6, "inside"),  # within the published range
        ("2,3,0.1", 1.0, 9.0, "inside"),  # around it
        ("2,3,0.1", 3.04, 9.0, "inside"),
        ("2,3,0.1", 3.06, 9.0, "outside"),
        ("2,3,0.1", 1.0, 1.94, "outside"),
    ],
)
def test_a_verdict_allows_for_rounding_and_for_ranges(published, low, high, verdict, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path / "published.csv")
    paths.PUBLISHED.write_text(f"id,section,published,published_to,rounding\nx,one,{published}\n")
    numbers = np.linspace(low, high, 401)
    beyond = np.concatenate([np.full(10, -50.0), numbers, np.full(10, 50.0)]) if low != high else numbers
    row = claims.summary(pd.DataFrame({"x": beyond})).loc["x"]  # 10 of 421 networks below, 10 above: 2.4 % each
    assert (round(row.low, 2), round(row.high, 2)) == pytest.approx((low, high), abs=0.011)
    assert row.verdict == f"{verdict} the spread"


# ---- the tables


def test_recorded_sections_are_collected_into_the_claims(home):
    for notebook, numbers in reversed(list(sections())):
        shown = claims.record(notebook, numbers)
        assert list(shown.columns) == COLUMNS[1:] and list(shown.index) == list(numbers)
        kept = pd.read_csv(home / "data" / f"{notebook}.csv", index_col="seed")
        assert list(kept.index) == [0, 1, 2, 3, 4]
        np.testing.assert_allclose(kept, pd.DataFrame(numbers), rtol=1e-6)
    (home / "data" / "published.csv").write_text("not a section")
    tables = {  # what the audit reads; none has a row per network
        "01_metrics": "plan,metric,error\ntrained,mse,1\nnaive plan,mse,2\n",
        "08_nulls": "id,null,mean,sd,draws\nslope_mean,frame,0.2,0.01,9\n",
        "09_theory": "id,theory\nslope_mean,0.4\n",
        "10_futures": "id,converged,future\nslope_mean,0.39,shifts\n",
    }
    for name, text in tables.items():
        (home / "data" / f"{name}.csv").write_text(text)
    rows = claims.collect()
    written = pd.read_csv(home / "data" / "claims.csv", dtype={"published": str})
    assert list(written.columns)[:9] == ["id", *COLUMNS]
    assert list(written.id) == list(rows.index) == IDS
    assert list(written.published) == list(rows.published) and set(written.seeds) == {5}
    np.testing.assert_allclose(written["mean"], rows["mean"], rtol=1e-4)


@pytest.mark.parametrize("missing", ["one section", "everything"])
def test_claims_with_a_section_missing_are_refused(missing, home):
    for notebook, numbers in list(sections())[: -1 if missing == "one section" else 0]:
        claims.record(notebook, numbers)
    with pytest.raises(FileNotFoundError, match="functional_field.*make paper"):
        claims.collect()
    assert not (home / "data" / "claims.csv").exists()


def test_verdicts_on_the_knobs_are_collected(home):
    with pytest.raises(FileNotFoundError, match="11 to 15.*make paper"):
        claims.predictions()
    for notebook, verdict in (("12", "fails"), ("11", "holds")):
        (home / "data" / f"{notebook}_verdict.csv").write_text(
            f"prediction,verdict,evidence\nit rises,{verdict},by 2\n"
        )
    table = claims.predictions()
    assert list(table.index) == ["11", "12"] and list(table.verdict) == ["holds", "fails"]
    assert list(table.columns) == ["prediction", "verdict", "evidence"]


def test_a_staged_run_writes_beside_the_paper(home, monkeypatch):
    monkeypatch.setenv("PAPER_STAGE", str(home / "stage"))
    claims.record("02_slopes", {"slope_mean": np.ones(2)})
    assert (home / "stage" / "data" / "02_slopes.csv").exists() and not list((home / "data").iterdir())


def test_a_reader_sees_a_few_digits():
    rows = claims.summary(pd.DataFrame({"slope_mean": [0.123456, 0.123456]}))
    assert claims.shown(rows, 2)["mean"].tolist() == ["0.12"] and claims.shown(rows)["mean"].tolist() == ["0.1235"]


def test_sections_that_ran_differently_are_not_put_together(tmp_path, monkeypatch):
    monkeypatch.setenv("PAPER_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    for section, p in (("01", 0.05), ("02", 0.02), ("03", 0.02)):
        (tmp_path / "data" / f"{section}.json").write_text(f'{{"p": {p}}}')
    with pytest.raises(ConfigError, match="section 01 ran with p = 0.05.*make paper"):
        claims.collect()
