"""What the "Try this" under each parameters cell promises: on committed rows where there are any, else in small."""

from dataclasses import replace
from functools import cache

import nbformat
import numpy as np
import pandas as pd
import pytest

from lib import claims, data, measure, paths, train
from lib.baselines import nulls
from lib.config import Config, Measurement
from lib.experiments import codes, optimum, sweep, width
from lib.model import Network
from lib.theory import bounds, chance, limits, mean_field

POST = Config(batch=256, seeds=1)  # the post's task, on an eighth of its samples
SMALL = Config(features=50, neurons=5, p=0.04, steps=400, batch=512, seeds=2)  # two features at a time, ten per neuron


@cache
def trained(config: Config) -> Network:
    arrays = train.train_ensemble(config)
    return Network(arrays["w_in"], arrays["w_out"], config.activation)


def committed(name: str, **at) -> pd.DataFrame:
    """Rows of a table in `data/` at these values."""
    table = pd.read_csv(paths.ROOT / "data" / f"{name}.csv")
    return table[np.all([table[column] == value for column, value in at.items()], axis=0)] if at else table


def slopes(**changes) -> np.ndarray:
    return measure.each(measure.slopes, trained(replace(POST, **changes)))[0]


def cross_terms(**changes) -> np.ndarray:
    """Every cross-term at input 0.5, (pairs,)."""
    response = measure.each(measure.response, trained(replace(POST, **changes)))[0]
    return 0.5 * response[~np.eye(len(response), dtype=bool)]


def test_00_with_squared_errors_a_few_features_run_ahead():
    alike, unlike = slopes(), slopes(exponent=2.0)
    assert alike.std() < 0.1 * alike.mean() and unlike.std() > 0.7 * unlike.mean()
    assert 0.3 < alike.mean() < 0.45 and 0.08 < unlike.mean() < 0.12
    assert np.median(unlike) < 0.1 and unlike.max() > 0.3


def test_01_twice_the_neurons_help_the_trained_networks_more_than_the_naive_plan():
    ratio = []
    for changes in ({}, {"neurons": 20}):
        config = replace(POST, **changes)
        error = measure.each(measure.errors, trained(config), config, *data.forced(data.key(0, "errors"), config, 256))[
            "error"
        ]
        ratio.append(error.mean() / bounds.naive_errors(config).mean())
    assert 0.45 < ratio[0] < 0.55 and 0.32 < ratio[1] < 0.42


def test_02_five_times_as_many_features_on_halve_the_slopes():
    assert 0.4 < slopes(p=0.1).mean() / slopes().mean() < 0.6


def test_03_crowded_inputs_leave_few_destructive_cross_terms():
    usual, crowded = cross_terms(), cross_terms(p=0.1)
    assert (usual < 0).mean() > 0.25 and (crowded < 0).mean() < 0.05
    assert crowded.min() > usual.min() / 3


def test_04_twice_the_neurons_double_the_rank_and_leave_less_interference():
    narrow, wide = trained(POST), trained(replace(POST, neurons=20))
    rank = np.linalg.matrix_rank(measure.each(measure.folded_map, wide))
    assert rank.tolist() == [20]
    assert 0.6 < measure.each(measure.off_to_diag, wide) / measure.each(measure.off_to_diag, narrow) < 0.8


def test_05_a_threshold_above_the_ridge_counts_fewer_than_the_positive_weights():
    w_in = np.asarray(trained(POST).w_in[...])
    few, many = ((np.abs(w_in) > threshold).sum(2).mean() for threshold in (0.2, 0.05))
    assert many > 75 and 25 < few < 40 < (w_in > 0).sum(2).mean()


def test_06_trained_at_a_higher_load_sharing_stays_ahead_at_three_times_as_many():
    usual = committed("06_crossings", plan="trained", metric="l4").k.mean()
    loads = np.array([round(3 * usual)])
    config = replace(SMALL, features=100, neurons=10, p=0.05, steps=150)
    draws = data.ordered(data.key(0, "overload"), config, 512)
    error = measure.each(measure.overload, trained(config), config, *draws, loads)["l4"]
    assert (measure.ratio(error, bounds.naive_under_load(config, loads)["l4"]) < 1).all()


def test_07_a_higher_line_makes_footprints_smaller_and_less_alike_than_chance():
    errors = measure.ensemble_errors(trained(SMALL), SMALL, 2048)
    size, overlap, apart = {}, {}, {}
    for harmed in (0.005, 0.02):
        footprints = errors["silenced"] - errors["error"][:, :, None] > harmed
        size[harmed] = footprints.sum(1).mean()
        overlap[harmed] = measure.each(measure.overlaps, footprints)[:, *np.triu_indices(SMALL.neurons, 1)].mean()
        apart[harmed] = overlap[harmed] / np.mean(
            [chance.mean_overlap(SMALL.features, sizes) for sizes in footprints.sum(1)]
        )
    assert size[0.02] < 0.75 * size[0.005]
    assert overlap[0.02] < overlap[0.005] / 2
    assert apart[0.02] < apart[0.005] < 1


def test_08_fairness_comes_last():
    networks = trained(replace(SMALL, features=100, neurons=10, p=0.02, steps=100))
    both = networks, nulls.permuted(data.key(0, "permuted"), networks)
    ours, dealt = (measure.each(measure.slopes, ensemble).std(1).mean() for ensemble in both)
    assert dealt < 3 * ours
    dealt = committed("08_nulls").groupby("null").slope_sd.mean()["permuted"]
    ours = committed("02_slopes").slope_sd.mean()
    assert round(dealt / ours) == 13


def test_09_the_slope_with_twice_the_neurons():
    (row,) = committed("09_slopes", kind="ReLU", neurons=20).itertuples()
    assert [f"{mean_field.predict(Config(neurons=n)).slope:.3f}" for n in (10, 20)] == ["0.400", "0.565"]
    assert abs(row.theory / row.mean - 1) < 0.01


def test_10_three_times_the_length_tells_nearly_what_thirty_times_does():
    ids = {
        n: rows.drop(columns=["steps", "seed"]).reset_index(drop=True)
        for n, rows in committed("10_convergence").groupby("steps")
    }
    short, long = (
        claims.futures(ids[1000], ids[before], ids[last]).future for before, last in ((1000, 3000), (10_000, 30_000))
    )
    assert (short != long).sum() <= 2
    assert ids[1000].features_touched.mean() > 85 and 25 < ids[3000].features_touched.mean() < 35


def test_11_features_are_given_up_just_below_two_and_shared_just_above():
    usual = committed("11_loss", p=0.02, start="small", steps=1000, learning_rate=0.03)
    mean = usual.groupby("exponent")[["served", "loss"]].mean()
    assert 0.1 < mean.served[1.9] < 0.11 and mean.served[2.1] > 0.9
    assert (1 - mean.loss[[1.9, 2.1]]).max() < 0.05


def test_12_features_are_ignored_where_most_are_on():
    """In words: no feature ignored at p = 0.1, about ten at 0.5, more than sixty at 0.7."""
    ignored = committed("12_sparsity", start="small", steps=1000).groupby("p").ignored.mean()
    assert ignored[0.1] == 0 and 5 < ignored[0.5] < 15 and 60 < ignored[0.7] < 75


def test_13_half_of_the_features_favoured_is_harder_on_the_others():
    """At weight 10 ten favoured are twice as loud as others, fifty almost four times, and themselves less loud."""
    usual = committed("13_importance", profile="step", start="small", steps=1000, importance=10)
    config = replace(sweep.threefold(Config(importance=10.0, favoured=50), 1), steps=600, batch=256)
    slope = measure.each(measure.slopes, trained(config))[0]
    favoured, others = slope[:50].mean(), slope[50:].mean()
    assert 2 < (usual.slope_favoured / usual.slope_others).mean() < 2.1 and 3.4 < favoured / others < 4.1
    assert favoured < usual.slope_favoured.mean() - 0.1


def test_14_denser_features_get_neurons_of_their_own():
    assert committed("14_bottleneck", neurons=100, start="small", steps=1000).monosemantic.mean() < 0.1
    config = replace(sweep.threefold(Config(features=20), 2), neurons=20, p=0.1)
    assert width.read(trained(config), config, Measurement(inputs=4096))["monosemantic"].mean() > 0.5


def test_15_without_a_relu_the_loss_falls_behind_where_there_is_room():
    loss = committed("15_activation", target="relu", steps=1000).groupby("activation").loss.mean()
    assert 1.1 < loss["linear"] / loss["relu"] < 1.4
    kinds = {name: replace(sweep.threefold(Config(features=20), 2), activation=name) for name in ("relu", "linear")}
    room = {
        name: measure.read(trained(kind), kind, Measurement(inputs=4096))["loss"].mean() for name, kind in kinds.items()
    }
    assert room["linear"] > 3 * room["relu"]


def test_17_with_half_the_neurons_one_a_feature_is_best_from_half_the_p_on():
    gain = {
        (n, p): np.subtract(*codes.by_random_sets(Config(neurons=n, p=p), [1, 2], 1, 1024)["loss"]).item()
        for n, p in ((10, 0.06), (5, 0.02), (5, 0.06))
    }
    assert gain[10, 0.06] > 0 and gain[5, 0.02] > 0 > gain[5, 0.06]


def test_16_six_lines_in_three_dimensions_stand_on_the_floor():
    config = replace(Config(features=6, neurons=3), activation="linear", target="identity")
    silence = config.p * bounds.target_moment(config, 4)
    assert optimum.linear(config.task(), 4)["loss"].min() == pytest.approx(
        limits.linear_floor(config) / silence, rel=1e-4
    )


def test_18_rarer_features_leave_a_reader_with_the_key_a_few_hundredths():
    left = {p: committed("18_reading", p=p, steps=1000)["mean mse"].mean() for p in (0.005, 0.02)}
    assert left[0.005] < 0.05 and 0.28 < left[0.02] < 0.35


@pytest.mark.parametrize("path", sorted((paths.ROOT / "notebooks").glob("[01]*.ipynb")), ids=lambda path: path.stem)
def test_each_promise_stands_under_its_parameters_cell_and_has_a_test(path):
    cells = nbformat.read(path, 4).cells
    (at,) = [i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", [])]
    assert (
        cells[at + 1].source.startswith("**Try this.**")
        and "minute" in cells[at + 1].source
        or "second" in cells[at + 1].source
    )
    assert [name for name in globals() if name.startswith(f"test_{path.stem[:2]}_")]
