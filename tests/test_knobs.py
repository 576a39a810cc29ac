"""What a sweep reads off a network, and how its table is kept, continued and checked."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from lib import claims, data, measure, model, paths, plots, store
from lib.config import Config, Measurement, declare
from lib.experiments import activation, importance, power, sparsity, sweep, width
from lib.experiments.parameters import NETWORKS, POWERS, RATES, WEIGHTS, WIDTHS

TINY = Config(features=8, neurons=2, steps=4, batch=16, seeds=3, p=0.2)
FEW = Measurement(samples=256, inputs=256)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty repository with its own store."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "STORE", tmp_path / "build" / "store")
    monkeypatch.setenv("PAPER_HOME", str(tmp_path))
    monkeypatch.delenv("PAPER_STAGE", raising=False)
    return tmp_path / "data" / "sweep.csv"


def read(network, config=TINY, count=4096):
    x = data.evaluation_samples(data.key(0, "test"), config, count)
    return {name: float(value) for name, value in measure.readings(network, config, x).items()}


def test_the_naive_plan_reads_as_itself():
    found = read(model.naive(TINY))
    ones = ("carriers", "load", "specialization", "tied_cosine", "decoder_ratio", "active", "mse", "l4", "loss")
    for name, value in (
        dict.fromkeys(ones, 1) | {"slope_mean": 1 / 4, "served": 1 / 4, "ignored": 6, "offset": 0}
    ).items():
        assert found[name] == pytest.approx(value, abs=1e-6), name


def test_a_network_of_even_groups_reads_as_itself():
    """Two neurons, each adds up four features and returns a third of the sum to each of them."""
    served = jnp.repeat(jnp.eye(2), 4, axis=1)
    found = read(model.Network(served, served.T / 3))
    wanted = {
        "slope_mean": 1 / 3,
        "slope_sd": 0,
        "served": 1,
        "ignored": 0,
        "carriers": 1,
        "load": 4,
        "specialization": 1 / 4,
    }
    for name, value in (wanted | {"offset": 3 / 7 / 3, "decoder_ratio": 1 / 3}).items():
        assert found[name] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize("exponent, profile", [(4.0, "step"), (2.5, "geometric")])
def test_errors_are_those_of_numpy_over_the_naive_plan(exponent, profile):
    config = dataclasses.replace(TINY, exponent=exponent, importance=5.0, profile=profile, favoured=3)
    rng = np.random.default_rng(0)
    w_in, w_out = rng.normal(size=(2, 8)), rng.normal(size=(8, 2))
    x = np.asarray(data.evaluation_samples(data.key(0, "test"), config, 1024), float)
    naive, ours = np.maximum(x, 0) * (np.arange(8) < 2)[:, None], w_out @ np.maximum(w_in @ x, 0)
    errors = [abs(y - np.maximum(x, 0)) for y in (ours, naive)]
    weight = 5 ** np.linspace(1, 0, 8) if profile == "geometric" else np.where(np.arange(8) < 3, 5, 1)
    ratio = lambda f: f(errors[0]) / f(errors[1])  # noqa: E731
    wanted = {"active": ratio(lambda e: (e[x != 0] ** 2).mean()), "mse": ratio(lambda e: (e**2).mean()),
              "l4": ratio(lambda e: (e**4).mean()), "loss": ratio(lambda e: (weight[:, None] * e**exponent).mean())}  # fmt: skip
    found = measure.readings(
        model.Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(w_out, jnp.float32)),
        config,
        jnp.asarray(x, jnp.float32),
    )
    for name, value in wanted.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-4), name


def test_readings_do_not_mind_the_order_or_the_scale_inside():
    rng = np.random.default_rng(1)
    w_in, w_out = jnp.asarray(rng.normal(size=(2, 8)), jnp.float32), jnp.asarray(rng.normal(size=(8, 2)), jnp.float32)
    whole, order = read(model.Network(w_in, w_out)), rng.permutation(2)
    other = read(model.Network(3 * w_in[order], w_out[:, order] / 3))
    assert other.pop("decoder_ratio") == pytest.approx(whole.pop("decoder_ratio") / 9, rel=1e-5)
    assert other == pytest.approx(whole, rel=1e-4, abs=1e-6)


# ---- the table


def points(*rates):
    return [dataclasses.replace(TINY, p=p) for p in rates]


def test_a_row_for_each_network_and_a_finer_grid_trains_what_is_new(place, monkeypatch):
    table = sweep.table("sweep", points(0.1, 0.3), 1, FEW)
    assert list(table[["p", "seed"]].itertuples(index=False, name=None)) == [
        (p, s) for p in (0.1, 0.3) for s in range(3)
    ]
    trained = []
    monkeypatch.setattr(store, "sweep", lambda configs: trained.extend(config.p for config in configs))
    finer = sweep.table("sweep", points(0.1, 0.2, 0.3), 3, FEW)
    assert trained == [0.1, 0.2], "the first of every three again, and the new one"
    assert finer.p.unique().tolist() == [0.1, 0.2, 0.3] and len(pd.read_csv(place)) == 9


def test_the_same_table_twice_is_the_same_file(place):
    sweep.table("sweep", points(0.1, 0.3), 1, FEW)
    before = place.read_bytes()
    elsewhere = lambda networks, config, options: measure.read(networks, config, options)  # noqa: E731
    for every, read in ((1, measure.read), (2, measure.read), (100, measure.read), (1, elsewhere)):
        sweep.table("sweep", points(0.1, 0.3), every, FEW, read)
        assert place.read_bytes() == before, "also with every point trained again, and by a function that moved"


def altered(place, change):
    """The committed table with something changed in it."""
    change(pd.read_csv(place)).to_csv(place, index=False, float_format="%.5g")


def test_rows_that_do_not_come_out_again_are_refused(place):
    sweep.table("sweep", points(0.1, 0.3), 1, FEW)
    altered(place, lambda table: table.assign(tied_cosine=table.tied_cosine + 3 * (table.p == 0.3)))
    before = place.read_bytes()
    sweep.table("sweep", points(0.1, 0.3), 2, FEW)  # that point is not trained again
    assert place.read_bytes() == before
    for every, rates in ((2, (0.3, 0.1)), (1, (0.1, 0.3))):
        with pytest.raises(sweep.Disagreement, match=r"sweep.csv has tied_cosine = .* at p = 0.3.*delete the file"):
            sweep.table("sweep", points(*rates), every, FEW)
        assert place.read_bytes() == before


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda table: table.assign(wisdom=1.0), "has the column wisdom"),
        (lambda table: table.drop(columns="tied_cosine"), "lacks the column tied_cosine"),
        (lambda table: table.rename(columns={"load": "burden"}), "has the column burden, lacks the column load"),
    ],
)
def test_a_reading_more_or_less_is_named(place, change, said):
    sweep.table("sweep", points(0.1, 0.3), 1, FEW)
    altered(place, change)
    with pytest.raises(sweep.Disagreement, match=f"^data/sweep.csv {said}: .*delete the file"):
        sweep.table("sweep", points(0.1, 0.3), 1, FEW)


def test_readings_that_do_not_exist_agree_with_themselves_alone(place):
    """Nothing but the spread of one network, say, may be missing; and then in both."""

    def read(networks, config, options, missing=np.nan):
        return {"here": np.ones(3), "missing": np.full(3, missing)}

    for _ in range(2):
        assert sweep.table("sweep", points(0.1), 1, FEW, read).missing.isna().all()
    altered(place, lambda table: table.assign(missing=0.5))
    with pytest.raises(sweep.Disagreement, match="has missing = 0.5 at"):
        sweep.table("sweep", points(0.1), 1, FEW, read)


def test_a_damaged_table_costs_only_what_was_lost(place, monkeypatch):
    sweep.table("sweep", points(0.1, 0.3), 1, FEW)
    whole, trained = place.read_bytes(), []
    train = store.sweep
    monkeypatch.setattr(store, "sweep", lambda configs: train(trained.append(config.p) or config for config in configs))
    for damage, again in (
        (whole[:-30], [0.3]),
        (b"\xff\xfe\x00", [0.1, 0.3]),
        (b"", [0.1, 0.3]),
        (b"nonsense\n1\n", [0.1, 0.3]),
    ):
        place.write_bytes(damage)
        trained.clear()
        sweep.table("sweep", points(0.3, 0.1)[::-1], 10**6, FEW)
        assert sorted({0.1, *again}) == sorted(trained) and place.read_bytes() == whole, (
            "the first point is always checked"
        )


# ---- the key


def test_a_key_holds_what_is_not_at_its_default_and_nothing_else():
    """So a new parameter, at its default, leaves every committed row in its place."""
    more = dataclasses.make_dataclass("More", [("extra", int, declare(7, "more", 0, 9))], bases=(Config,), frozen=True)
    changes = {"p": 0.1, "seeds": 16, "exponent": 2.05, "start": "naive"}
    found = sweep.key(Config(**changes), Measurement(inputs=8192))
    assert sweep.key(more(**changes), Measurement(inputs=8192)) == found
    assert sweep.key(more(extra=8, **changes), Measurement(inputs=8192)) != found


OTHERS = {
    "features": 90, "neurons": 9, "p": 0.1, "low": -0.5, "target": "identity", "activation": "abs", "optimiser": "normalised", "steps": 7,
    "batch": 9, "learning_rate": 2e-3, "init_scale": 0.02, "seeds": 3, "exponent": 2.5, "importance": 3.0, "profile": "geometric",
    "favoured": 2, "start": "shared", "samples": 512, "inputs": 512, "k_max": 5, "touched": 0.1, "harmed": 0.1,
}  # fmt: skip


def test_every_parameter_that_decides_a_row_is_part_of_its_key():
    configs, measures = ({field.name for field in dataclasses.fields(kind)} for kind in (Config, Measurement))
    assert OTHERS.keys() == configs | measures
    keys = {sweep.key(Config(), Measurement())}
    keys |= {sweep.key(Config(**{name: OTHERS[name]}), Measurement()) for name in configs}
    keys |= {sweep.key(Config(), Measurement(**{name: OTHERS[name]})) for name in measures}
    assert len(keys) == len(OTHERS) + 1


POST = Config(seeds=16)
BASE = sweep.at_full_rate(POST, 16)
KINDS = [*activation.points(BASE, NETWORKS).values()]
COMMITTED = {  # the points of the sections 11 to 15 with the paper's own parameters, and how they are measured
    "11_loss": (sum(power.points(BASE, POST, POWERS).values(), []), Measurement()),
    "12_sparsity": (sparsity.points(BASE, RATES), Measurement()),
    "12_plane": (sparsity.plane(BASE, 15)[2], sweep.fewer(Measurement())),
    "13_importance": (sum(importance.points(BASE, WEIGHTS).values(), []), Measurement()),
    "14_bottleneck": (width.points(BASE, WIDTHS), sweep.fewer(Measurement())),
    "15_activation": (
        KINDS + [dataclasses.replace(kind, steps=5 * kind.steps) for kind in KINDS],
        sweep.fewer(Measurement()),
    ),
}


@pytest.mark.parametrize("name", COMMITTED)
def test_committed_keys_fit_todays_code(name):
    """All rows are found, none is left over, and what is trained again is one point in sixteen."""
    points, options = COMMITTED[name]
    table = pd.read_csv(paths.ROOT / "data" / f"{name}.csv")
    assert list(dict.fromkeys(table.key)) == [sweep.key(point, options) for point in points]
    assert sweep.to_train(name, points, 16, options) == points[::16]
    assert table.groupby("key", sort=False).size().tolist() == [point.seeds for point in points]


# ---- the rest


def test_full_training_is_faster_not_longer():
    full = sweep.at_full_rate(Config(), 16)
    assert (full.learning_rate, full.steps, full.batch, full.seeds) == (0.03, 1000, 1024, 16)


def test_a_full_grid_becomes_an_array_and_each_network_has_its_own_crossing():
    grid = [(s, q, p, s + np.log(p) * q) for q in (2.0, 1.0) for p in (1.0, 10.0, 100.0) for s in (0, 1)]
    table = pd.DataFrame(grid, columns=["seed", "exponent", "p", "reading"]).sample(frac=1, random_state=0)
    cube = sweep.cube(table, "reading", "exponent", "p")
    assert cube.shape == (2, 2, 3) and cube[1, 0, 2] == pytest.approx(1 + np.log(100))
    found = measure.crossings([1.0, 10.0, 100.0], cube, 2.0)  # seed + q log p = 2, exactly on straight lines in log p
    np.testing.assert_allclose(found, np.exp([[2, 1], [1, 0.5]]), rtol=1e-9)
    assert np.isnan(measure.crossings([1.0, 10.0, 100.0], cube, 99.0)).all()


def test_a_verdict_is_a_row(place):
    claims.judge("12_verdict", ("it rises", "holds", "by 2, at least"), ("it falls", "fails", "see above"))
    assert pd.read_csv(place.parent / "12_verdict.csv").values.tolist()[0] == ["it rises", "holds", "by 2, at least"]


def test_one_point_of_a_table_of_many_is_found_and_labelled(place):
    """Parameters are columns of what is returned, exact, even where all points share them; and none makes two tables differ."""
    exact = 0.123456789
    many = sweep.table("sweep", points(0.1, exact), 1, FEW)
    one = sweep.table("sweep", points(exact), 1, FEW)
    assert many.p.unique().tolist() == [0.1, exact] and one.p.unique().tolist() == [exact] and set(one.steps) == {4}
    assert "p" not in pd.read_csv(place)
    again = sweep.table("sweep", points(0.1, exact), 1, FEW)
    pd.testing.assert_frame_equal(again, many)


def test_a_cube_of_one_point_or_none_has_no_crossing(place):
    one = sweep.table("sweep", points(0.1), 1, FEW)
    for table, shape in ((one, (3, 1)), (one[:0], (0, 0))):
        cube = sweep.cube(table, "served", "p")
        assert cube.shape == shape and np.isnan(measure.crossings([0.1][: shape[1]], cube, 0.5)).all()


def test_a_mean_in_words_has_a_range_if_there_are_networks_to_range_over():
    assert (
        plots.around(np.array([0.15, 0.17, np.nan]), ".2f", mark="**", more="; 67%") == "**0.16** (0.15 to 0.17; 67%)"
    )
    assert plots.around(np.array([0.16]), ".2f") == "0.16" and plots.around(np.array([np.nan]), ".2f") == "–"
