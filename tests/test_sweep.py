"""How the table of a sweep is kept, continued and checked, and what a row is filed under."""

import dataclasses
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest

from lib import measure, paths, store
from lib.config import Config, ConfigError, Measurement, declare
from lib.experiments import parameters, sweep
from lib.experiments.parameters import KNOWN
from lib.publish import plan

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


def points(*rates):
    return [dataclasses.replace(TINY, p=p) for p in rates]


def altered(place, change):
    """The committed table with something changed in it."""
    change(pd.read_csv(place)).to_csv(place, index=False, float_format="%.5g")


# ---- the table


def test_a_row_for_each_network_and_a_finer_grid_trains_what_is_new(place, monkeypatch):
    table = sweep.table("sweep", points(0.1, 0.3), 1, FEW)
    assert list(zip(table.p, table.seed, strict=True)) == [(p, s) for p in (0.1, 0.3) for s in range(3)]
    expected = measure.read(store.networks(points(0.3)[0]), points(0.3)[0], FEW)
    for name, values in expected.items():
        np.testing.assert_allclose(table[table.p == 0.3][name], values, rtol=1e-4, err_msg=name)
    trained = []
    monkeypatch.setattr(store, "train_missing", lambda configs: trained.extend((c.p, c.seeds) for c in configs))
    finer = sweep.table("sweep", points(0.1, 0.2, 0.3), 3, FEW)
    assert trained == [(0.1, 1), (0.2, 3), (0.3, 1)], "one network in three again, and all of the new point"
    assert finer.p.unique().tolist() == [0.1, 0.2, 0.3] and len(pd.read_csv(place)) == 9


def test_the_same_table_twice_is_the_same_file(place):
    sweep.table("sweep", points(0.1, 0.3), 1, FEW)
    before = place.read_bytes()
    for every, read in ((1, measure.read), (100, measure.read), (1, lambda *given: measure.read(*given))):
        sweep.table("sweep", points(0.1, 0.3), every, FEW, read)
        assert place.read_bytes() == before, "also with every point trained again, and by a function that moved"


def test_rows_that_do_not_come_out_again_are_refused(place):
    sweep.table("sweep", points(0.1, 0.3), 1, FEW)
    altered(place, lambda table: table.assign(tied_cosine=table.tied_cosine + 3 * (table.p == 0.3)))
    before = place.read_bytes()
    sweep.table("sweep", points(0.1, 0.3), 6, FEW)  # no network of that point is trained again
    assert place.read_bytes() == before
    for every, rates in ((6, (0.3, 0.1)), (1, (0.1, 0.3))):
        with pytest.raises(
            sweep.Disagreement, match=r"sweep.csv has tied_cosine = .* at p = 0.3, network .*delete the"
        ):
            sweep.table("sweep", points(*rates), every, FEW)
        assert place.read_bytes() == before


def read(networks, config, options):
    """Nothing but the spread of one network, say, may be missing."""
    columns = {"spread": np.array([1.0, 2.0, 3.0]), "still": np.full(3, 5.0), "missing": np.full(3, np.nan)}
    return {name: column[: len(networks.w_in[...])] for name, column in columns.items()}


@pytest.mark.parametrize("name, room", [("spread", 2 * 1 + 0.02 * 2), ("still", 0.02 * 5)])
def test_a_network_may_move_by_two_standard_deviations_between_networks_or_two_percent(name, room, place):
    sweep.table("sweep", points(0.1), 1, FEW, read)
    altered(place, lambda table: table.assign(**{name: table[name] - 0.97 * room}))
    sweep.table("sweep", points(0.1), 1, FEW, read)
    altered(place, lambda table: table.assign(**{name: table[name] - 0.05 * room}))
    with pytest.raises(sweep.Disagreement, match=f"has {name} = "):
        sweep.table("sweep", points(0.1), 1, FEW, read)


def test_readings_that_do_not_exist_agree_with_themselves_alone(place):
    assert all(sweep.table("sweep", points(0.1), 1, FEW, read).missing.isna().all() for _ in range(2))
    altered(place, lambda table: table.assign(missing=0.5))
    with pytest.raises(sweep.Disagreement, match="has missing = 0.5 at"):
        sweep.table("sweep", points(0.1), 1, FEW, read)


def test_a_reading_more_or_less_is_named(place):
    sweep.table("sweep", points(0.1, 0.3), 1, FEW)
    for change, said in (
        (lambda table: table.assign(wisdom=1.0), "has the column wisdom"),
        (
            lambda table: table.rename(columns={"load": "burden"}),
            "has the column burden, lacks the column load, has the column wisdom",
        ),
    ):
        altered(place, change)
        with pytest.raises(sweep.Disagreement, match=f"^data/sweep.csv {said}: .*delete the file"):
            sweep.table("sweep", points(0.1, 0.3), 1, FEW)


def test_a_damaged_table_costs_only_what_was_lost(place, monkeypatch):
    sweep.table("sweep", points(0.1, 0.3), 1, FEW)
    whole, trained = place.read_bytes(), []
    train = store.train_missing
    watched = lambda configs: train(trained.append(config.p) or config for config in configs)
    monkeypatch.setattr(store, "train_missing", watched)
    for damage, again in ((whole[:-30], {0.3}), (b"\xff\xfe\x00", {0.3}), (b"", {0.3}), (b"nonsense\n1\n", {0.3})):
        place.write_bytes(damage)
        trained.clear()
        sweep.table("sweep", points(0.1, 0.3), 10**6, FEW)
        assert set(trained) == {0.1} | again and place.read_bytes() == whole, "the first point is always checked"


def test_a_network_is_held_to_its_own_row_not_to_the_mean(place):
    """Two networks that changed places have the same mean."""
    sweep.table("sweep", points(0.1), 1, FEW, read)
    altered(place, lambda table: table.assign(spread=[11.0, 2.0, 3.0]))
    with pytest.raises(sweep.Disagreement, match="has spread = 11 at .*, network 0; trained again it is 1"):
        sweep.table("sweep", points(0.1), 3, FEW, read)


@pytest.mark.parametrize("seeds", [1, 3, 16, 32, 100])
@pytest.mark.parametrize("every", [1, 2, 16, 64])
def test_one_network_in_so_many_is_trained_again(seeds, every):
    count = 200
    again = [sweep.again(dataclasses.replace(TINY, seeds=seeds), number, every) for number in range(count)]
    trained = sum(config.seeds for config in again if config)
    assert trained >= count * seeds / every, "never fewer"
    assert trained <= 2 * count * seeds / every + seeds, "nor twice as many"
    assert again[0], "the first point always is"


def test_networks_are_kept_and_one_in_so_many_is_trained_again(place, monkeypatch, tmp_path):
    long, trained = [dataclasses.replace(TINY, steps=n) for n in (6, 5)], []
    sweep.take("kept", long, 1)
    whole, kept = (place.parent / "kept.npz").read_bytes(), store.networks(long[1])
    monkeypatch.setattr(paths, "STORE", tmp_path / "elsewhere")
    asked = store.networks
    monkeypatch.setattr(store, "networks", lambda config: trained.append((config.steps, config.seeds)) or asked(config))
    sweep.take("kept", long, 6)
    assert trained[0] == (6, 1) and not store.missing(long) and (place.parent / "kept.npz").read_bytes() == whole
    assert len(list((tmp_path / "elsewhere").glob("train_ensemble*.npz"))) == 3, (
        "two that were kept, one that was trained"
    )
    np.testing.assert_array_equal(asked(long[1]).w_in, kept.w_in)
    arrays = dict(np.load(place.parent / "kept.npz"))
    name = next(name for name in arrays if name.endswith("w_in"))
    np.savez(place.parent / "kept.npz", **arrays | {name: 2 * arrays[name]})
    with pytest.raises(sweep.Disagreement, match="data/kept.npz has .* at .*steps = 6.*network 0; trained again"):
        sweep.take("kept", long, 6)
    (place.parent / "kept.npz").write_bytes(whole[:-30])
    sweep.take("kept", long, 6)
    assert (place.parent / "kept.npz").read_bytes() == whole, "a damaged file is made anew"


def test_one_point_of_a_table_of_many_is_found_and_labelled(place):
    """Parameters are columns of what is returned, exact, also where all points share them, when the file has none."""
    exact = 0.123456789
    many = sweep.table("sweep", points(0.1, exact), 1, FEW)
    one = sweep.table("sweep", points(exact), 1, FEW)
    assert many.p.unique().tolist() == [0.1, exact] and one.p.unique().tolist() == [exact] and set(one.steps) == {4}
    assert "p" not in pd.read_csv(place)
    pd.testing.assert_frame_equal(sweep.table("sweep", points(0.1, exact), 1, FEW), many)


def test_a_full_grid_becomes_an_array_and_each_network_has_its_own_crossing():
    grid = [(s, q, p, s + np.log(p) * q) for q in (2.0, 1.0) for p in (1.0, 10.0, 100.0) for s in (0, 1)]
    table = pd.DataFrame(grid, columns=["seed", "exponent", "p", "reading"]).sample(frac=1, random_state=0)
    cube = sweep.cube(table, "reading", "exponent", "p")
    assert cube.shape == (2, 2, 3) and cube[1, 0, 2] == pytest.approx(1 + np.log(100))
    found = measure.crossings([1.0, 10.0, 100.0], cube, 2.0)  # seed + q log p = 2, exactly on straight lines in log p
    np.testing.assert_allclose(found, np.exp([[2, 1], [1, 0.5]]), rtol=1e-9)
    assert np.isnan(measure.crossings([1.0, 10.0, 100.0], cube, 99.0)).all()
    for rows, shape in ((table[(table.p == 10) & (table.exponent == 1)], (2, 1)), (table[:0], (0, 0))):
        few = sweep.cube(rows, "reading", "p")
        assert few.shape == shape and np.isnan(measure.crossings([10.0][: shape[1]], few, 0.5)).all()


# ---- the key


def test_a_key_holds_what_is_not_at_its_default_and_nothing_else():
    """So a new parameter, at its default, leaves every committed row in its place."""
    more = dataclasses.make_dataclass("More", [("extra", int, declare(7, "more", 0, 9))], bases=(Config,), frozen=True)
    changes = {"p": 0.1, "seeds": 16, "exponent": 2.05, "start": "naive"}
    found = sweep.key(Config(**changes), Measurement(inputs=8192))
    assert sweep.key(more(**changes), Measurement(inputs=8192)) == found
    assert sweep.key(more(extra=8, **changes), Measurement(inputs=8192)) != found


def other(kind, name):
    """One parameter not at its default."""
    about = KNOWN[name].metadata
    for value in about.get("options", ("high", "low")):
        with suppress(ConfigError):
            if (made := kind(**{name: about.get(value, value)})) != kind():
                return made


def test_every_parameter_that_decides_a_row_is_part_of_its_key():
    keys = [sweep.key(other(Config, name), Measurement()) for name in Config.__dataclass_fields__]
    keys += [sweep.key(Config(), other(Measurement, name)) for name in Measurement.__dataclass_fields__]
    assert len({sweep.key(Config(), Measurement()), *keys}) == len(keys) + 1


def test_committed_keys_fit_todays_code(monkeypatch):
    """With the paper's own parameters all rows are found, none is left over, and no point is missing."""
    own, asked = parameters.kinds(parameters.settled({name: field.default for name, field in KNOWN.items()})), []
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "to_train", lambda *call: asked.append(call) or [])
        for section in ("09", "10", "11", "12", "13", "14", "15", "17"):
            plan.trained(section, *own)
    assert len(asked) == 11
    for name, points, every, options in asked:
        table = pd.read_csv(paths.ROOT / "data" / f"{name}.csv")
        assert list(dict.fromkeys(table.key)) == [sweep.key(point, options) for point in points], name
        some = [again for number, point in enumerate(points) if (again := sweep.again(point, number, every))]
        assert sweep.to_train(name, points, every, options) == some and every == 64, name
        assert table.groupby("key", sort=False).size().tolist() == [point.seeds for point in points], name


def test_the_full_rate_is_faster_not_longer():
    full = sweep.threefold(Config(), 16)
    assert (full.learning_rate, full.steps, full.batch, full.seeds) == (0.03, 1000, 1024, 16)
    assert sweep.longer(full).steps == 5000 and sweep.fewer(Measurement()).inputs == 65_536 // 8
