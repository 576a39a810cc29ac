"""What a sweep reads off a network, and how its table is kept, continued and checked."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from lib import data, knobs, model, paths, store
from lib.config import Config

TINY = Config(features=8, neurons=2, steps=4, batch=16, seeds=3, p=0.2)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty repository with its own store."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "STORE", tmp_path / "build" / "store")
    monkeypatch.setenv("PAPER_HOME", str(tmp_path))
    monkeypatch.delenv("PAPER_STAGE", raising=False)
    return tmp_path / "data" / "sweep.csv"


def read(network, config=TINY, count=4096):
    x = data.whole(data.key(0, "test"), config, count)
    return {name: float(value) for name, value in knobs.readings(network, config, x).items()}


def test_the_naive_plan_reads_as_itself():
    found = read(model.naive(TINY))
    ones = ("carriers", "load", "specialization", "tied_cosine", "decoder_ratio", "active", "mse", "l4", "loss")
    for name, value in (dict.fromkeys(ones, 1) | {"slope_mean": 1 / 4, "served": 1 / 4, "ignored": 6, "offset": 0}).items():
        assert found[name] == pytest.approx(value, abs=1e-6), name


def test_a_network_of_even_groups_reads_as_itself():
    """Two neurons, each adds up four features and returns a third of the sum to each of them."""
    served = jnp.repeat(jnp.eye(2), 4, axis=1)
    found = read(model.Network(served, served.T / 3))
    wanted = {"slope_mean": 1 / 3, "slope_sd": 0, "served": 1, "ignored": 0, "carriers": 1, "load": 4, "specialization": 1 / 4}
    for name, value in (wanted | {"offset": 3 / 7 / 3, "decoder_ratio": 1 / 3}).items():
        assert found[name] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize("exponent, profile", [(4.0, "step"), (2.5, "geometric")])
def test_errors_are_those_of_numpy_over_the_naive_plan(exponent, profile):
    config = dataclasses.replace(TINY, exponent=exponent, importance=5.0, profile=profile, favoured=3)
    rng = np.random.default_rng(0)
    w_in, w_out = rng.normal(size=(2, 8)), rng.normal(size=(8, 2))
    x = np.asarray(data.whole(data.key(0, "test"), config, 1024), float)
    naive, ours = np.maximum(x, 0) * (np.arange(8) < 2)[:, None], w_out @ np.maximum(w_in @ x, 0)
    errors = [abs(y - np.maximum(x, 0)) for y in (ours, naive)]
    weight = 5 ** np.linspace(1, 0, 8) if profile == "geometric" else np.where(np.arange(8) < 3, 5, 1)
    ratio = lambda f: f(errors[0]) / f(errors[1])  # noqa: E731
    wanted = {"active": ratio(lambda e: (e[x != 0] ** 2).mean()), "mse": ratio(lambda e: (e**2).mean()),
              "l4": ratio(lambda e: (e**4).mean()), "loss": ratio(lambda e: (weight[:, None] * e**exponent).mean())}  # fmt: skip
    found = knobs.readings(model.Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(w_out, jnp.float32)), config, jnp.asarray(x, jnp.float32))
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
    table = knobs.sweep("sweep", points(0.1, 0.3), 1, 256)
    assert list(table[["p", "seed"]].itertuples(index=False, name=None)) == [(p, s) for p in (0.1, 0.3) for s in range(3)]
    trained = []
    monkeypatch.setattr(store, "sweep", lambda configs: trained.extend(config.p for config in configs))
    finer = knobs.sweep("sweep", points(0.1, 0.2, 0.3), 3, 256)
    assert trained == [0.1, 0.2], "the first of every three again, and the new one"
    assert finer.p.unique().tolist() == [0.1, 0.2, 0.3] and len(pd.read_csv(place)) == 9


def test_the_same_table_twice_is_the_same_file(place):
    knobs.sweep("sweep", points(0.1, 0.3), 1, 256)
    before = place.read_bytes()
    for every in (1, 2, 100):
        knobs.sweep("sweep", points(0.1, 0.3), every, 256)
        assert place.read_bytes() == before


def test_rows_that_do_not_come_out_again_are_refused(place):
    knobs.sweep("sweep", points(0.1, 0.3), 1, 256)
    table = pd.read_csv(place)
    table.loc[table.p == 0.3, "tied_cosine"] += 3
    table.to_csv(place, index=False)
    knobs.sweep("sweep", points(0.1, 0.3), 2, 256)  # that point is not trained again
    table.to_csv(place, index=False)
    with pytest.raises(knobs.Disagreement, match=r"sweep.csv has tied_cosine = .* at p = 0.3.*delete the file"):
        knobs.sweep("sweep", points(0.3, 0.1), 2, 256)


def test_a_damaged_table_costs_only_what_was_lost(place, monkeypatch):
    knobs.sweep("sweep", points(0.1, 0.3), 1, 256)
    whole, trained = place.read_bytes(), []
    sweep = store.sweep
    monkeypatch.setattr(store, "sweep", lambda configs: sweep(trained.append(config.p) or config for config in configs))
    for damage, again in ((whole[:-30], [0.3]), (b"\xff\xfe\x00", [0.1, 0.3]), (b"", [0.1, 0.3]), (b"nonsense\n1\n", [0.1, 0.3])):
        place.write_bytes(damage)
        trained.clear()
        knobs.sweep("sweep", points(0.3, 0.1)[::-1], 10**6, 256)
        assert sorted({0.1, *again}) == sorted(trained) and place.read_bytes() == whole, "the first point is always checked"


def test_full_training_is_faster_not_longer():
    full = knobs.full(Config(), 16)
    assert (full.learning_rate, full.steps, full.batch, full.seeds) == (0.03, 1000, 1024, 16)


def test_a_full_grid_becomes_an_array_and_each_network_has_its_own_crossing():
    grid = [(s, q, p, s + np.log(p) * q) for q in (2.0, 1.0) for p in (1.0, 10.0, 100.0) for s in (0, 1)]
    table = pd.DataFrame(grid, columns=["seed", "exponent", "p", "reading"]).sample(frac=1, random_state=0)
    cube = knobs.cube(table, "reading", "exponent", "p")
    assert cube.shape == (2, 2, 3) and cube[1, 0, 2] == pytest.approx(1 + np.log(100))
    found = knobs.passes([1.0, 10.0, 100.0], cube, 2.0)  # seed + q log p = 2, exactly on straight lines in log p
    np.testing.assert_allclose(found, np.exp([[2, 1], [1, 0.5]]), rtol=1e-9)
    assert np.isnan(knobs.passes([1.0, 10.0, 100.0], cube, 99.0)).all()


def test_a_verdict_is_a_row(place):
    knobs.judge("12_verdict", ("it rises", "holds", "by 2, at least"), ("it falls", "fails", "see above"))
    assert pd.read_csv(place.parent / "12_verdict.csv").values.tolist()[0] == ["it rises", "holds", "by 2, at least"]
