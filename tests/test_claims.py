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


def test_summary_is_mean_sd_and_where_one_further_network_lies():
    """Student's prediction interval, on the logarithm of a size; wider for all 24 looks."""
    numbers = np.random.default_rng(0).normal(0.4, 0.1, 64)
    row = claims.summary(pd.DataFrame({"slope_mean": numbers, "unheard_of": 1.0})).loc["slope_mean"]
    y = np.log(numbers)
    for level, ends in ((0.95, [row.low, row.high]), (1 - 0.05 / 24, [row.low_of_all, row.high_of_all])):
        half = stats.t.ppf((1 + level) / 2, 63) * y.std(ddof=1) * np.sqrt(1 + 1 / 64)
        assert np.allclose(ends, np.exp([y.mean() - half, y.mean() + half]))
    assert np.allclose([row["mean"], row.sd], [numbers.mean(), numbers.std(ddof=1)])
    assert row.seeds == 64 and row.section == "slopes"
    one = claims.summary(pd.DataFrame({"slope_mean": [0.4], "unheard_of": [1.0]}))
    assert list(one.index) == ["slope_mean"] and one[["sd", "low", "high"]].values.tolist() == [[0, 0.4, 0.4]]
    few = claims.summary(pd.DataFrame({"slope_mean": [0.123456] * 2}))
    assert [claims.shown(few, digits)["mean"].item() for digits in (2, 4)] == ["0.12", "0.1235"]


def test_a_further_network_lies_in_its_interval_as_often_as_is_said():
    """0.95 of 20,000 further draws, on every scale and from few networks as from many."""
    rng = np.random.default_rng(0)
    for scale, draw in {
        "size": lambda *shape: np.exp(rng.normal(size=shape)),
        "correlation": lambda *shape: np.tanh(rng.normal(size=shape)),
        "fit": lambda *shape: 1 - np.exp(rng.normal(size=shape)),
        "count": lambda *shape: np.expm1(rng.normal(size=shape)),
    }.items():
        for count in (3, 64):
            many = draw(1000, count)
            ends = np.array([claims.interval(networks, 0.95, scale, one_more=True) for networks in many])
            further = draw(1000, 20)
            held = ((ends[:, :1] <= further) & (further <= ends[:, 1:])).mean()
            assert held == pytest.approx(0.95, abs=0.012), (scale, count)
    worst = claims.interval([-0.1, -0.11, -0.12], 0.95, "size", one_more=True)
    assert worst[0] < -0.12 and -0.1 < worst[1] < 0, "a negative size keeps its sign"


ROUNDED = {  # 2.54 is printed as 2.5; all networks alike; within the published range, around it and beside it
    "2.5,,0.1": ([(2.54, 3.0), (2.0, 2.46)], [(2.56, 3.0), (2.0, 2.44)]),
    "10,,1": ([(10.0, 10.0)], [(9.0, 9.0)]),
    "-2.5,,0.1": ([(-3.0, -2.54)], [(-3.0, -2.56)]),
    "2,3,0.1": ([(2.4, 2.6), (1.0, 9.0), (3.04, 9.0)], [(3.06, 9.0)]),
}


@pytest.mark.parametrize("published", ROUNDED)
def test_a_verdict_allows_for_rounding_and_for_ranges(published, tmp_path, monkeypatch):
    """Networks whose interval for all looks, here one, has just these ends."""
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path / "published.csv")
    paths.PUBLISHED.write_text(f"id,section,published,published_to,rounding,scale\nx,one,{published},size\n")
    for verdict, spreads in zip(("like", "unlike"), ROUNDED[published], strict=True):
        for low, high in spreads:
            sign, ends = np.sign(low), np.log(np.sort(np.abs([low, high])))
            unit = np.linspace(-1, 1, 401) / np.linspace(-1, 1, 401).std(ddof=1)
            half = np.ptp(ends) / 2 / (stats.t.ppf(0.975, 400) * np.sqrt(1 + 1 / 401))
            row = claims.summary(pd.DataFrame({"x": sign * np.exp(ends.mean() + half * unit)})).loc["x"]
            assert (row.low_of_all, row.high_of_all) == pytest.approx((low, high), abs=1e-6)
            assert row.verdict == f"{verdict} one network"


def test_which_sizes_of_evaluation_report_the_published_value():
    plain = pd.DataFrame({
        "id": ["slope_sd"] * 4 + ["rank"] * 2 + ["slope_mean"],  # published: 0.017, 10, 0.380
        "samples": [1, 2, 3, 4, 1, 2, 1],
        "mean": [0.03, 0.02, 0.018, 0.0145, 10, 10, 0.5],
        "sd": [0.005, 0.002, 0.001, 0.0009, 0, 0, 0],
    })  # fmt: skip
    found = claims.sizes(plain)
    assert (
        found.least.tolist()[:2] == [2, 1]
        and found.most.tolist()[:2] == [3, 2]
        and found.loc["slope_mean"].isna()[:2].all()
    )
    assert found.distance.tolist() == pytest.approx([0.5, 0, np.inf])  # 0.0175 is printed as 0.017, too


@pytest.mark.parametrize("count", [2, 12, 64])
def test_the_interval_of_a_mean(count):
    """Student's, over the networks that have a number."""
    values = np.random.default_rng(0).normal(3, 1, count)
    half = stats.t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count)
    assert claims.interval([*values, np.nan]) == pytest.approx((values.mean() - half, values.mean() + half))
    assert claims.interval(np.ones(count)) == (1, 1) and claims.interval([2.0]) == (2, 2)
    assert np.isnan(claims.interval([np.nan] * count)).all()


# ---- the audit: change one thing about a finding and the word that it decides changes


UNIT = np.array([-1.0, 0, 1])  # draws of mean 0 and sd 1
STEADY = 0.38 * np.exp(0.001 * UNIT)


def verdict(folder, *, id="slope_mean", ours=STEADY, future="stays", mse=0.5, **nulls):
    """The verdict on one number, the others left out; `nulls` by name as the distance on a logarithmic scale."""
    draws = {"Gaussian": 0.8, "frame": 0.6, "random_sets": 0.4, "sums": 0.3, "rescaled": 0.0} | nulls
    rows = [
        (name.replace("_", " "), 0.38 * np.exp(off + 0.001 * u))
        for name, off in draws.items()
        if off is not None
        for u in UNIT
    ]
    errors = {"plan": ["naive plan"] * 2 + ["trained"] * 2, "metric": ["active", "mse"] * 2, "error": [1, 1, 0.5, mse]}
    pd.DataFrame(rows, columns=["null", id]).to_csv(folder / "08_nulls.csv")
    tables = {"01_metrics": errors, "10_futures": {"id": [id], "converged": [1.5], "future": [future]}}
    for name, columns in (tables | {"09_theory": {"id": [id], "theory": [2.0]}}).items():
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv")
    row = claims.audited(pd.DataFrame({id: ours}), claims.published(), folder).loc[id]
    assert row.converged == 1.5 and row.theory == 2
    return row


@pytest.mark.parametrize(
    "changes, words",
    [
        ({}, "learned"),  # all codes on one side, beyond a tenth
        ({"sums": 0.09}, "shown by a code of few numbers"),
        ({"sums": 0.09, "frame": -0.09}, "shown by random codes"),  # what knows less is named
        ({"sums": -0.3}, "between codes"),
        ({"sums": 0.0995}, "open"),  # the interval reaches beyond a tenth
        ({"sums": 0.1005}, "open"),
        ({"ours": 0.38 * np.exp(0.1 * UNIT), "sums": 0.0}, "open"),  # an interval that is merely wide shows nothing
        ({"rescaled": 0.2}, "free"),
        ({"rescaled": 0.05, "sums": 0.05}, "shown by a code of few numbers"),
        ({"id": "rank"}, "algebra"),
        ({"id": "naive_error"}, "true by definition"),
        ({"ours": np.full(3, np.nan)}, "undefined"),
        (dict.fromkeys(("Gaussian", "frame", "random_sets", "sums")), "no null"),
        ({"id": "tied_cosine", "sums": 0.0}, "no null"),  # held against networks at step 0 only
    ],
)
def test_each_rule_decides_where_a_number_comes_from(changes, words, tmp_path):
    assert verdict(tmp_path, **changes).origin == words


def test_a_verdict_names_the_nearest_code_and_says_the_rest(tmp_path):
    row = verdict(tmp_path)
    assert (row.nearest, row.verdict) == ("sums", "like one network; learned")
    assert row.effect == pytest.approx(-0.3, abs=1e-6) and row.null == pytest.approx(0.38 * np.exp(0.3), rel=1e-5)
    half = stats.t.ppf(0.975, 4) * 0.001 * np.sqrt(2 / 3)
    assert (row.effect_low, row.effect_high) == pytest.approx((row.effect - half, row.effect + half), abs=1e-6)
    assert verdict(tmp_path, ours=STEADY + 0.1).reproduced == "unlike one network"
    assert verdict(tmp_path, future="shifts").verdict.endswith("; learned; shifts with training")
    assert verdict(tmp_path, future="changes").future == "changes with training"
    assert verdict(tmp_path, mse=2.0).metric == "", "compares with no other plan"
    won = [verdict(tmp_path, id="trained_error", mse=mse).metric for mse in (2.0, 0.9)]
    assert won == ["depends on the metric", ""]


def test_scales_suit_the_numbers():
    """1 - 0.9629 and 1 - 0.9999 differ 300-fold, correlations of 0.96 and 0.98 by more than 0.75 and 0.77."""
    ours = pd.DataFrame(
        {"overload_r2": [0.9629], "routing_error_corr": [-0.96], "features_won": [90], "slope_mean": [0.38]}
    )
    null = pd.DataFrame(
        {"overload_r2": [0.9999], "routing_error_corr": [-0.98], "features_won": [76], "slope_mean": [0.0]}
    )
    effect = claims.effects(ours, {"code": null}).effect.droplevel("null")
    expected = {"overload_r2": np.log(371), "routing_error_corr": 0.352, "features_won": np.log(91 / 77)}
    assert effect[:3].to_dict() == pytest.approx(expected, abs=1e-3) and effect.slope_mean > 10


def test_algebra_is_algebra_in_every_code():
    """What `published.csv` calls an identity holds in all random codes: rank, and that louder is better served."""
    nulls = committed("08_nulls").groupby("null")[["rank", "slope_error_corr"]].mean()
    marked = claims.published().identity.notna()
    assert list(marked.index[marked]) == ["slope_error_corr", "rank"]
    assert (nulls["rank"] == 10).drop("independent").all()
    assert (nulls.slope_error_corr.dropna() < -0.8).all() and nulls.slope_error_corr[
        ["random sets", "sums"]
    ].isna().all()


def test_what_the_audit_needs_is_named_when_it_is_missing(tmp_path):
    about, there = claims.published(), committed("08_nulls").groupby("null").count()
    assert list(about.index[about["null"].isna()]) == ["naive_error"]
    for name, word in about["null"].dropna().items():
        assert (there.loc[list(claims.audit.NULLS[word]), name] > 0).any()
    with pytest.raises(FileNotFoundError, match="no 08_nulls.csv: run notebook 08"):
        claims.audited(pd.DataFrame({"slope_mean": STEADY}), about, tmp_path)


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
    shown = claims.judge("12_verdict", ("it rises", "fails", "by 2, at least"), ("it falls", "holds", "see above"))
    assert shown.data == "- *it rises*: **fails**. by 2, at least\n- *it falls*: **holds**. see above"
    claims.judge("11_verdict", ("it stays", "holds", "it does"))
    table = claims.predictions()
    assert list(table.index) == ["11", "12", "12"] and list(table.columns) == ["prediction", "verdict", "evidence"]
    assert table.iloc[1].tolist() == ["it rises", "fails", "by 2, at least"]
    asked = [claims.verdict(each) for each in ([], [True], [True, False], [False])]
    assert asked == ["not tested", "holds", "holds in part", "fails"]
