"""What each section trains, and what it reads off a network: a module a knob, with networks written by hand."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from lib import data, measure, model, paths, store, train
from lib.baselines import handmade
from lib.config import Config, Measurement
from lib.experiments import activation, importance, length, power, predicted, sparsity, sweep, width
from lib.experiments.parameters import Study
from lib.model import Network
from lib.theory import chance

TINY = Config(features=8, neurons=2, steps=4, batch=16, seeds=3, p=0.2)
WEIGHED = Config(features=8, neurons=2, p=0.3, favoured=2, importance=20.0)


def read(reading, network, config, *more):
    x = jnp.asarray(data.evaluation_samples(data.key(0, "test"), config, 4096))
    return {name: float(value) for name, value in reading(network, config, x, *more).items()}


def at_random(*leading, features=8, neurons=2):
    rng = np.random.default_rng(2)
    shapes = (*leading, neurons, features), (*leading, features, neurons)
    return Network(*(jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes))


# ---- length


LONG = [100, 300, 1000, 3000, 10_000, 30_000]
CASES = [(1000, {"longest": most}, LONG[:count]) for most, count in ((30_000, 6), (29_999, 5), (1000, 3))]
CASES += [(1000, {"longest": 10}, [1000]), (10, {"longest": 100, "lengths": [0.001, 2.55]}, [1, 10, 26])]


@pytest.mark.parametrize("steps, given, expected", CASES)
def test_lengths(steps, given, expected):
    """The training of the parameters cell, whole, and others of `rival_seeds` networks."""
    config = Config(steps=steps)
    found = length.trained(config, Study(rival_seeds=5, **given))
    assert list(found) == expected and [c.steps for c in found.values()] == expected
    assert found[steps] == config and {c.seeds for n, c in found.items() if n != steps} <= {5}


def test_the_decoder_is_watched_at_every_task_and_at_two_with_other_rates_and_batches():
    config = Config(steps=10, batch=200)
    points = length.drift_points(config, Study(longest=60, rival_seeds=9))
    assert {c.seeds for some in points.values() for c in some} == {4}
    assert {c.steps for some in points.values() for c in some} == {10, 50}  # a hundred is too long
    for task, some in points.items():
        assert some[0] == dataclasses.replace(length.tasks(config)[task], seeds=4)
        batches = {100, 200, 25, 400, 1600} if task in ("this task", "power 8") else {100, 200}
        assert {c.batch for c in some} == batches and len(set(some)) == len(some)
    plain = {task for task, some in points.items() if {c.optimiser for c in some} == {"adam", "normalised"}}
    assert plain == {"this task", "power 2.5", "power 8", "linear, target x"}


def test_a_drift_is_read_as_on_paper():
    """Gradients of L4 by the chain rule, batch by batch; the rest is the same however the decoder is stretched."""
    config, network = Config(features=8, neurons=1, p=0.3), at_random(neurons=1)
    x = np.asarray(data.evaluation_samples(data.key(0, "test"), config, 1024), float)
    w_in, w_out = (np.asarray(w, float) for w in (network.w_in[...], network.w_out[...]))
    squares = []
    for part in np.split(x, 4, 1):
        hidden = np.maximum(w_in @ part, 0)
        cube = 4 * (w_out @ hidden - np.maximum(part, 0)) ** 3 / part.size
        squares.append(((((w_out.T @ cube) * (hidden > 0)) @ part.T).ravel() ** 2, (cube @ hidden.T).ravel() ** 2))
    into, out = np.mean(squares, 0)
    ratio = np.linalg.norm(w_out) / np.linalg.norm(w_in)
    wanted = {
        "ratio": ratio,
        "rest": ratio * np.sqrt(out).sum() / np.sqrt(into).sum(),
        "plain_rest": ratio * np.sqrt(out.sum() / into.sum()),
        "difference": (ratio**2 - 1) / (ratio**2 + 1),
        "loss": np.mean((w_out @ np.maximum(w_in @ x, 0) - np.maximum(x, 0)) ** 4),
    }
    assert {name: float(value) for name, value in length.drift(network, config, x).items()} == pytest.approx(
        wanted, 1e-4
    )
    stretched = handmade.rescaled(network, wanted["rest"] / ratio)
    found = length.drift(stretched, config, x)
    assert (float(found["ratio"]), float(found["rest"])) == pytest.approx((wanted["rest"], wanted["rest"]), 1e-4)


def test_noise_takes_the_decoder_to_its_rest_from_either_side():
    """Trained networks, their decoders stretched to half and to twice the ratio at rest, and trained on."""
    config = Config(features=8, neurons=2, p=0.2, batch=32, steps=1000, learning_rate=0.03, seeds=2)
    networks, x = train.trained(config)[0], jnp.asarray(data.evaluation_samples(data.key(0, "test"), config, 8192))
    here = measure.each(length.drift, networks, config, x)
    factor = np.sqrt(np.array([0.5, 2.0]) * here["rest"] / here["ratio"])[:, None, None]
    start = Network(networks.w_in / factor, networks.w_out * factor)
    state = start, train.starts(config)[1], train.keys(config, 2)[1]
    ended = measure.each(train.onward, state, config, np.arange(1000))[0][0]
    found = measure.each(length.drift, ended, config, x)
    left = np.log(found["ratio"] / found["rest"]) / np.log([0.5, 2])
    assert (np.abs(left) < 0.75).all()


def test_a_network_on_its_way_begins_at_its_start_and_ends_as_the_ensembles_do(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "STORE", tmp_path)
    config = Config(features=6, neurons=3, steps=20, batch=16, seeds=2)
    lengths = length.trained(config, Study(rival_seeds=1, longest=60, lengths=(0.5, 1.0, 3.0)))
    found = length.way(config, lengths)
    assert list(found) == [0, 1, 2, 6, 20, 60]
    np.testing.assert_array_equal(found[0], train.starts(config)[0].w_in[0])
    for n in (20, 60):
        np.testing.assert_array_equal(found[n], store.networks(lengths[n]).w_in[0])
    one_step = measure.each(train.onward, train.starts(config), config, np.arange(1))[0][0]
    np.testing.assert_allclose(found[1], one_step.w_in[0], atol=1e-5)


def test_what_a_training_is_worth():
    own = pd.DataFrame([[0, 1.0, 2], [5, 5, 5], [3, 1, 1]], index=["rises", "still", "falls"], columns=[10, 100, 1000])
    found = length.worth(own, pd.Series({"falls": 2.0, "rises": 1.5, "still": 4.0, "other": 7.0}))
    np.testing.assert_allclose(found[["rises", "still", "falls"]], [10**1.5, np.nan, 10**0.5])
    assert length.worth(own[[10]], own[100]).isna().all()  # one length


# ---- the neuron


def test_what_a_relu_is_blamed_for_can_come_out_either_way():
    def ratios(relu, linear=(1.0, 1.0), target="relu"):
        rows = {(target, "relu"): relu, (target, "linear"): linear, (target, "gelu"): (3.0, 9.0)}
        return pd.DataFrame(rows, ["usual", "later"]).T.rename_axis(["target", "activation"])

    assert activation.lengthens(ratios((1.2, 1.19))) == [True]
    assert [activation.lengthens(ratios(relu)) for relu in ((1.2, 1.1), (1.04, 1.3))] == [[False], [False]]
    assert activation.lengthens(ratios((1.2, 1.3), linear=(1.1, 1.28))) == [False]
    both = pd.concat([ratios((1.2, 1.3)), ratios((1.0, 1.0), target="identity")])
    assert activation.lengthens(both) == [True, False]
    assert activation.lengthens(ratios((1.2, 1.3)).drop("linear", level=1)) == []


# ---- the power of the error


def test_reads_of_an_even_network_have_no_spread():
    config = Config(features=8, neurons=2, p=0.2, exponent=3.0)
    sums = np.repeat(np.eye(2), 4, 1)
    networks = model.Network(np.stack([sums, sums]), np.stack([sums.T, sums.T]) / 3)
    found = power.read(networks, config, Measurement(samples=1024, inputs=1024))
    assert found["slope_cv"] == pytest.approx([0, 0], abs=1e-6) and (found["error_cv"] < 0.05).all()


def test_rows_by_kind_follow_the_points():
    base = Config(features=6, neurons=2, seeds=2)
    kinds = power.points(base, base, (2.0, 4.0, 6.0))
    each = [(seed, c.exponent, c.steps) for points in kinds.values() for c in points for seed in range(c.seeds)]
    part = power.by_kind(pd.DataFrame(each, columns=["seed", "q", "steps"]), kinds)
    assert sum(map(len, part.values())) == len(each)
    assert all((table.q == table.exponent).all() for table in part.values())
    assert (part["longest"].steps == 20 * base.steps).all() and len(part["longest"]) == 8
    beside = power.paired_means(part["usual"], part["long"], ["steps"])
    assert list(beside.index) == [2] and list(beside.loc[2, "steps"]) == [base.steps, 5 * base.steps]
    low, more = power.change(part["usual"].assign(loss=part["usual"].exponent ** 2), "loss")
    assert low.tolist() == [16, 16] and more.tolist() == [20, 20]
    # one power, which only the usual training takes: its table has no column for it
    kinds = power.points(base, base, (7.0,))
    part = power.by_kind(pd.DataFrame({"seed": [0, 1], "loss": [0.5, 0.6]}), kinds)
    assert list(part["usual"].exponent) == [7, 7] and list(part["usual"].start) == ["small", "small"]
    assert all(part[kind].empty for kind in kinds if kind != "usual")
    assert power.paired_means(part["usual"], part["long"], ["loss"]).empty
    assert not len(power.change(part["slow"], "loss")[0])


# ---- sparsity, and networks beside theory


def test_a_finer_plane_has_no_point_twice():
    for grid in (2, 15, 100, 101, 200):
        across, up, points = sparsity.plane(TINY, grid)
        assert len({*across}) == len(across) == grid + 2 and len({*up}) == grid
        assert [(c.exponent, c.p) for c in points] == [(q, p) for q in up for p in across]


def test_the_p_from_which_less_than_half_is_served():
    lines = [(0.9, 0.6, 0.4), (0.4, 0.6, 0.4), (0.9, 0.9, 0.9)]
    served = [(seed, *at) for seed, line in enumerate(lines) for at in zip((0.1, 0.2, 0.4), line, strict=True)]
    found = sparsity.half(pd.DataFrame(served, columns=["seed", "p", "served"]))
    np.testing.assert_allclose(found, [0.2 * 2**0.5, np.nan, np.nan])


def test_three_phases_cover_the_plane_once():
    served, carriers = np.array([0.1, 0.9, 0.9, 0.5]), np.array([3.0, 1.1, 1.5, 1.0])
    found = sparsity.phases(served, carriers)
    assert {name: list(np.flatnonzero(inside)) for name, inside in found.items()} == {
        "favourites": [0],
        "groups": [1, 3],
        "code": [2],
    }


def test_a_row_of_theory_beside_networks():
    slopes = np.linspace(0.3, 0.5, 41)
    row = predicted.row(Config(), slopes)
    assert (row["mean"], row["sd"]) == pytest.approx((0.4, slopes.std(ddof=1)))
    assert (row["from"], row["to"]) == pytest.approx((0.305, 0.495))
    assert row["error"] == row["theory"] / slopes.mean() - 1
    rates = {name: config.p for (name, p), config in predicted.points(Config()).items() if p == 0.02 or p == 0.01}
    assert rates["ReLU, no negative input"] == rates["ReLU"] / 4, "half of the p has as many positive inputs"


# ---- features that weigh more


def weighed(network):
    return read(importance.readings, network, WEIGHED, jnp.asarray(chance.overlap_table(WEIGHED.neurons)))


def test_the_naive_plan_by_group():
    ones = "slope_favoured capacity_favoured error_others carried_favoured".split()
    zeros = "slope_others capacity_others error_favoured ignored_favoured overlap_favoured".split()
    expected = dict.fromkeys(ones, 1) | dict.fromkeys(zeros, 0) | {"ignored_others": 6, "dedicated": 2}
    found = weighed(model.naive(WEIGHED))
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert found["chance_favoured"] == pytest.approx(1 / 2), "two sets of one, of two neurons"


def test_groups_that_keep_to_their_own_neurons_overlap_within_and_not_between():
    """Two favoured features on neuron 0, six others on neuron 1, whose encoder is a third as long."""
    own = jnp.repeat(jnp.eye(2), jnp.array([2, 6]), axis=1)
    found = weighed(Network(own * jnp.array([[1.0], [1 / 3]]), own.T * jnp.array([[1 / 2, 3 / 2]])))
    expected = {"overlap_favoured": 1, "overlap_others": 1, "overlap_between": 0, "slope_favoured": 1 / 2}
    expected |= {"slope_others": 1 / 2, "capacity_favoured": 1 / 2, "capacity_others": 1 / 6}
    expected |= {"tilt_favoured": 1, "tilt_others": 1, "slope_0": 1 / 2}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-5)


def test_a_tilt_is_that_of_features_and_not_of_neurons():
    """Favoured features are read three times as loud as they are written; no rescaling of a neuron changes that."""
    w_in, w_out = jnp.ones((2, 8)).at[:, :2].set(3.0), jnp.ones((8, 2)).at[2:].set((11 / 3) ** 0.5)
    found = weighed(Network(w_in, w_out))  # row and column both of length 24**0.5
    assert (found["tilt_favoured"], found["tilt_others"]) == pytest.approx((3, (3 / 11) ** 0.5))
    network, c = at_random(), jnp.array([0.25, 8.0])
    before, after = weighed(network), weighed(Network(network.w_in * c[:, None], network.w_out / c[None]))
    for name in (name for name in before if not name.startswith("capacity")):
        assert after[name] == pytest.approx(before[name], rel=1e-4, nan_ok=True), name


def test_what_is_read_does_not_depend_on_how_it_was_trained():
    networks, options = at_random(2), Measurement(inputs=512)
    one = importance.read(networks, WEIGHED, options)
    two = importance.read(networks, dataclasses.replace(WEIGHED, steps=7, start="naive"), options)
    assert set(one) == set(two) and all(np.array_equal(one[name], two[name], equal_nan=True) for name in one)
    assert {values.shape for values in one.values()} == {(2,)}
    unharmed = importance.read(networks, WEIGHED, Measurement(inputs=512, harmed=100))
    assert unharmed["footprints_chance"].tolist() == [0, 0] and (one["footprints_chance"] > 0).any()


# ---- width


def test_neurons_with_one_feature_and_with_more():
    config = Config(features=12, neurons=4, p=0.2)
    assert read(width.by_width, model.naive(config), config)["monosemantic"] == 1
    served = jnp.repeat(jnp.eye(4), 3, axis=1)
    assert read(width.by_width, Network(served, served.T), config)["monosemantic"] == 0, "three features each, alike"
    uneven = served.at[:2, ::3].multiply(3.0)  # 9 of 11 parts go to one feature of each of two neurons
    assert read(width.by_width, Network(uneven, uneven.T), config)["monosemantic"] == 0.5


def test_errors_are_in_units_of_silence_also_with_a_neuron_for_every_feature():
    """And the rest is what every sweep reads."""
    config = Config(features=12, neurons=4, p=0.2)
    network = at_random(features=12, neurons=4)
    x = data.evaluation_samples(data.key(0, "test"), config, 4096)
    target = np.maximum(x, 0)
    error = np.asarray(network.w_out) @ np.maximum(np.asarray(network.w_in) @ x, 0) - target
    expected = {"mse": (error**2).mean() / (target**2).mean(), "l4": (error**4).mean() / (target**4).mean()}
    expected["active"] = (error[x != 0] ** 2).mean() / (target[x != 0] ** 2).mean()
    others = read(measure.readings, network, config)
    expected |= {name: others[name] for name in ("slope_mean", "carriers", "load")}
    found = read(width.by_width, network, config)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-4)
    whole = dataclasses.replace(config, neurons=12)
    found = read(width.by_width, model.naive(whole), whole)
    assert (found["loss"], found["monosemantic"], found["load"]) == (0, 1, 1) and np.isfinite([*found.values()]).all()


def test_all_widths_of_the_paper_and_any_of_the_reader():
    base = sweep.threefold(Config(), 16)
    assert {point.start for point in width.points(base, [10])} == {"small"}
    own = {(point.start, point.steps) for point in width.points(base, [7]) if point.neurons == 7}
    assert own == {(start, steps) for start in ("small", "naive") for steps in (1000, 5000)}
    largest = sweep.threefold(Config(features=10_000, steps=10_000_000), 1)
    assert max(point.features for point in width.points(largest, [10_000])) == 10_000


def test_a_plan_and_a_network_change_places():
    for over, at, ahead in (
        ([0.5, 2.0], 10 ** (1 / 3), True),
        ([2.0, 0.5], 10 ** (2 / 3), False),
        ([0.5, 0.6], np.nan, True),
        ([2.0, 3.0], np.nan, False),
        ([np.nan, np.nan], np.nan, False),  # the naive plan makes no error
    ):
        found, first = sparsity.overtaking([1.0, 10.0], np.array([over]))
        assert found == pytest.approx([at], nan_ok=True) and first.tolist() == [ahead]
    assert importance.race(pd.Series({1.0: 0.9, 100.0: 1.1})) == pytest.approx(10)
    tie = importance.race(pd.Series({1.0: 1.001, 1.5: 0.999, 10.0: 0.9, 1000.0: 1.1}))
    assert tie == pytest.approx(100), "a tie at the least weight is no change of places"
    assert np.isnan(importance.race(pd.Series(dtype=float)))


def test_where_half_of_the_neurons_have_one_feature_and_where_the_naive_start_is_ahead():
    by_width = lambda **columns: pd.DataFrame({"seed": 0, "neurons": [10, 20]} | columns)
    for share, at in (((0, 0.1), np.nan), ((0.9, 1), np.nan), ((0, 1), 200**0.5)):
        assert width.halfway(by_width(monosemantic=share)) == pytest.approx([at], nan_ok=True)
    small = by_width(loss=[1.0, 1.0])
    for loss, at in (((2.0, 0.5), 10 * 2 ** (2 / 3)), ((0.5, 0.5), np.nan), ((2.0, 2.0), np.nan)):
        assert width.overtaken(by_width(loss=loss), small, 1) == pytest.approx([at], nan_ok=True)
    three = lambda *loss: pd.DataFrame({"seed": 0, "neurons": [10, 20, 40], "loss": loss})
    found = width.overtaken(three(0.999, 2.0, 0.5), three(1, 1, 1), 1)
    assert found == pytest.approx([20 * 2 ** (2 / 3)]), "a tie with few neurons is no change of places"
    for nothing in (small[:0], by_width(loss=(2.0, 0.5))):
        assert np.isnan(width.overtaken(nothing, small, 30)).all(), "no width is that large"
