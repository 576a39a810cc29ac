"""Every measure of a network against plain float64 numpy, small cases on paper, and the published values themselves."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lib import claims, data, measure, model, train
from lib.baselines import handmade
from lib.config import Config, Measurement
from lib.model import Network
from lib.theory import bounds

few = settings(max_examples=15, deadline=None, derandomize=True)
seeds = st.integers(0, 2**31 - 1)
FEATURES, NEURONS = 7, 3
SMALL = Config(features=FEATURES, neurons=NEURONS, p=0.3)
PAIR = Config(features=8, neurons=2, p=0.2)


def weights(seed=0, features=FEATURES, neurons=NEURONS):
    """A network with a positive diagonal of M and R, as a trained one has, and neurons of unlike decoder ratio."""
    rng, stretch = np.random.default_rng(seed), np.geomspace(0.5, 2, neurons)
    w_in = rng.normal(size=(neurons, features))
    return w_in * stretch[:, None], (w_in.T + 0.1 * rng.normal(size=(features, neurons))) / stretch


def network(w_in, w_out, activation="relu"):
    return Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(w_out, jnp.float32), activation)


def forward(w_in, w_out, x):
    """Outputs for inputs (features, samples)."""
    return np.einsum("ik,ks->is", w_out, np.maximum(np.einsum("kj,js->ks", w_in, x), 0))


def wanted(config, x):
    return np.maximum(x, 0) if config.target == "relu" else x


def samples(config, count=2048):
    return data.evaluation_samples(data.key(0, "test"), config, count)


def by_hand(w_in, w_out):
    """The measures of weights alone, by the definitions in data/published.csv, with loops."""
    neurons, features = w_in.shape
    m, r = np.zeros((2, features, features))
    for i, j in itertools.product(range(features), repeat=2):
        m[i, j] = sum(w_out[i, k] * w_in[k, j] for k in range(neurons))
        r[i, j] = sum(w_out[i, k] * max(w_in[k, j], 0) for k in range(neurons))
    budget = [sum(abs(m[i, j]) for j in range(features) if j != i) / m[i, i] for i in range(features)]
    size = [sorted((abs(w) for w in row), reverse=True) for row in w_in]
    norms = [[sum(row**2) ** 0.5 for row in w_in], [sum(column**2) ** 0.5 for column in w_out.T]]
    return {
        "response": r,
        "folded_map": m,
        "slopes": np.diag(r),
        "off_to_diag": sum(budget) / features,
        "interference_load": [sum(m[i, j] ** 2 for j in range(features) if j != i) for i in range(features)],
        "tied_cosine": [w_in[k] @ w_out[:, k] / (norms[0][k] * norms[1][k]) for k in range(neurons)],
        "norms": norms,
        "decoder_ratio": sum(out / into for into, out in zip(*norms, strict=True)) / neurons,
        "shares": [[w / sum(row) for w in row] for row in size],
        "specialization": [max(row**2) / sum(row**2) for row in w_in],
    }


NAMES = list(by_hand(*weights()))


def measured(w_in, w_out):
    return {name: np.asarray(getattr(measure, name)(network(w_in, w_out))) for name in NAMES}


def same(ours, expected):
    for name, value in expected.items():
        assert np.shape(ours[name]) == np.shape(value), name
        np.testing.assert_allclose(ours[name], value, rtol=1e-3, atol=1e-4 * np.abs(value).max(), err_msg=name)


# ---- measures of the weights


@few
@given(seeds)
def test_measures_of_weights_follow_their_definitions(seed):
    same(measured(*weights(seed)), by_hand(*weights(seed)))


def test_a_new_order_of_features_or_neurons_changes_no_measure():
    w_in, w_out = weights()
    before, rng = measured(w_in, w_out), np.random.default_rng(0)
    feature, neuron = rng.permutation(FEATURES), rng.permutation(NEURONS)
    square = {"response": np.ix_(feature, feature), "folded_map": np.ix_(feature, feature)}
    moved = square | {"interference_load": feature, "slopes": feature}
    same(measured(w_in[:, feature], w_out[feature]), {k: v[moved.get(k, ...)] for k, v in before.items()})
    moved = {"tied_cosine": neuron, "norms": np.s_[:, neuron], "shares": neuron, "specialization": neuron}
    same(measured(w_in[neuron], w_out[:, neuron]), {k: v[moved.get(k, ...)] for k, v in before.items()})


def test_scale_and_sign_can_move_between_encoder_and_decoder():
    w_in, w_out = weights()
    before, c = measured(w_in, w_out), np.array([0.25, 2, 5])
    norms = before["norms"] * np.stack([c, 1 / c])
    rescaled = before | {"norms": norms, "decoder_ratio": np.mean(norms[1] / norms[0])}
    same(measured(w_in * c[:, None], w_out / c), rescaled)
    sign = np.array([-1, 1, -1])
    flipped = w_out * sign @ np.maximum(w_in * sign[:, None], 0)
    same(measured(w_in * sign[:, None], w_out * sign), before | {"response": flipped, "slopes": np.diag(flipped)})


def test_rows_between_their_extremes():
    rows = network([[0, 0, -2, 0], [1, -1, 1, -1], [3, 0, -1, 0]], np.ones((4, 3)))
    np.testing.assert_allclose(measure.specialization(rows), [1, 1 / 4, 9 / 10])
    np.testing.assert_allclose(measure.shares(rows), [[1, 0, 0, 0], [1 / 4] * 4, [3 / 4, 1 / 4, 0, 0]])
    np.testing.assert_allclose(measure.participation_ratio(jnp.square(rows.w_in[...])), [1, 4, 100 / 82], rtol=1e-6)
    assert measure.touched(rows, 1.0).tolist() == [1, 0, 1] and measure.touched(rows, 0.0).tolist() == [1, 4, 2]


def test_response_curves_are_the_network_on_one_feature():
    w_in, w_out = weights()
    values = np.array([-1, -0.3, 0, 0.4, 1])
    expected = [[forward(w_in, w_out, value * np.eye(FEATURES))[i, i] for value in values] for i in range(FEATURES)]
    ours = measure.response_curves(network(w_in, w_out), jnp.asarray(values, jnp.float32))
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


def test_capacities_are_the_diagonal_of_orthonormal_bases_and_at_most_the_rank():
    w_in = np.random.default_rng(1).normal(size=(3, 9))
    found = np.asarray(measure.capacity(jnp.asarray(w_in)))
    by_definition = [(w @ w) ** 2 / sum((w @ v) ** 2 for v in w_in.T) for w in w_in.T]
    assert found == pytest.approx(np.array(by_definition), rel=1e-4) and found.sum() <= 3
    assert measure.capacity(jnp.eye(3, 9)).tolist() == [1] * 3 + [0] * 6


# ---- statistics


@few
@given(seeds)
def test_lines_and_correlations_are_those_of_scipy(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=30)
    y = 2 * x + rng.normal(size=30) + 3
    line = stats.linregress(x, y)
    a, b = jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.float32)
    np.testing.assert_allclose(measure.correlation(a, b), stats.pearsonr(x, y)[0], rtol=1e-4)
    np.testing.assert_allclose(measure.line_r2(a, b), line.rvalue**2, rtol=1e-4)
    np.testing.assert_allclose(measure.residual(b, a), y - line.slope * x - line.intercept, atol=1e-4)


@few
@given(st.lists(st.sets(st.integers(0, 9)), min_size=2, max_size=5))
def test_overlaps_are_jaccards(sets):
    ours = measure.overlaps(jnp.array([[member in one for one in sets] for member in range(10)]))
    expected = [[len(a & b) / len(a | b) if a | b else 0 for b in sets] for a in sets]
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_where_a_curve_first_passes():
    at, ratio = np.array([1, 2, 4, 8]), np.array([0.5, 0.9, 1.1, 3])
    assert measure.crossing(at, ratio) == pytest.approx(3)
    assert measure.crossing(at, np.array([0.5, 0.8, 1.3, 3])) == pytest.approx(2.8), "on a straight line, not half-way"
    assert measure.crossing(at, np.array([2, 0.5, 0.4, 3])) == pytest.approx(1 + 2 / 3), "the first time, either way"
    assert np.isnan(measure.crossing(at, np.array([0.1, 0.2, 0.3, 0.4])))
    assert np.isnan(measure.crossing(at, np.array([0.1, 0.2, 0.3, 1.0]))), "to reach one is not to pass it"
    lines = np.log([1, 10, 100]) * np.array([[1], [2]])  # each network's own, in the logarithm
    np.testing.assert_allclose(measure.crossings([1, 10, 100], lines, 4.0), np.exp([4, 2]))


def test_the_points_of_a_grid_between_which_networks_pass():
    """Never the place between two of them, which depends on a straight line that nobody measured."""
    grid = [1.0, 10.0, 100.0, 1000.0]
    passed = np.array([[2.0, 20.0, np.nan, 10.0], [9.0, 200.0, np.nan, np.nan]])
    np.testing.assert_array_equal(measure.between(grid, passed), [[1, 10, np.nan, 10], [10, 1000, np.nan, 10]])
    assert measure.between(grid, passed[:, 0]) == (1, 10)
    assert np.isnan(measure.between(grid, passed[:0, 0])).all() and np.isnan(measure.between([], passed[:0])).all()


def test_pieces_of_a_square_matrix_means_over_slices_and_ratios_to_nothing():
    square = jnp.arange(9.0).reshape(3, 3) + 1
    assert measure.off_diagonal(square).tolist() == [[0, 2, 3], [4, 0, 6], [7, 8, 0]]
    assert measure.off_diagonal_entries(square).tolist() == [2, 3, 4, 6, 7, 8]
    assert measure.pairs(square).tolist() == [2, 3, 6]
    tenths = measure.sliced(np.arange(25.0))
    assert tenths[[0, 1, 9]].tolist() == [1, 3.5, 23.5]  # three features, then two, ..., and two
    assert np.isnan(measure.sliced(np.arange(3.0))).sum() == 7
    np.testing.assert_array_equal(measure.ratio(np.array([1.0, 2.0]), np.array([4.0, 0.0])), [0.25, np.nan])


# ---- measures of the error


def active_errors(w_in, w_out, config, x, value):
    """Active-only MSE of each feature, switched on in turn."""
    own = np.eye(config.features, dtype=bool)[:, :, None]
    each = [(i, np.where(own[i], value, np.asarray(x, float))) for i in range(config.features)]
    return np.array([np.square((forward(w_in, w_out, x) - wanted(config, x))[i]).mean() for i, x in each])


def silenced(w_in, k):
    return np.where(np.arange(len(w_in))[:, None] == k, 0, w_in)


@pytest.mark.parametrize("target, low", [("relu", -1.0), ("identity", -0.5)])
def test_errors_by_forcing_each_feature_and_zeroing_each_neuron(target, low):
    config, (w_in, w_out) = Config(features=FEATURES, neurons=NEURONS, p=0.3, target=target, low=low), weights()
    draws = data.forced(data.key(0, "errors"), config, 512)  # two chunks
    parts = [active_errors(silenced(w_in, k), w_out, config, *draws) for k in range(NEURONS)]
    expected = {"error": active_errors(w_in, w_out, config, *draws), "silenced": np.stack(parts, 1)}
    same(measure.errors(network(w_in, w_out), config, *draws), expected)


def test_errors_agree_with_a_plain_sample():
    """Two ways to the same expectation: switching each feature on, and waiting until it is on."""
    config, (w_in, w_out) = Config(features=FEATURES, neurons=NEURONS, p=0.2), weights()
    x = np.asarray(data.sample(data.key(0, "plain"), config, 40_000))
    plain = np.asarray(measure.sampled_error(network(w_in, w_out), config, x))
    square = (forward(w_in, w_out, x.astype(float)) - np.maximum(x, 0)) ** 2
    active = [square[i, x[i] != 0] for i in range(FEATURES)]
    np.testing.assert_allclose(plain, [one.mean() for one in active], rtol=1e-4)
    forced = measure.errors(network(w_in, w_out), config, *data.forced(data.key(0, "errors"), config, 16_384))["error"]
    noise = np.array([stats.sem(one) for one in active])
    assert np.abs((plain - forced) / noise).max() < 5


def test_plain_evaluation_is_the_mean_over_samples_in_which_a_feature_is_on():
    """The first batches of one evaluation are a smaller one; the naive plan is measured on the same samples."""
    config, (w_in, w_out) = Config(features=FEATURES, neurons=NEURONS, p=0.2), weights()
    key, stops = data.key(0, "plain"), np.array([1, 3])
    found = measure.plain_by_error((network(w_in, w_out), key), config, np.arange(3), stops)
    x = [np.asarray(data.sample(key, config, measure.PLAIN, batch)) for batch in range(3)]
    for k, stop in enumerate(stops):
        many = np.concatenate(x[:stop], 1)
        for plan, name in ((forward(w_in, w_out, many.astype(float)), "trained_error"), (None, "naive_error")):
            given_up = np.where(np.arange(FEATURES)[:, None] < NEURONS, np.maximum(many, 0), 0)
            square = ((given_up if plan is None else plan) - np.maximum(many, 0)) ** 2
            each = [square[i, many[i] != 0].mean() for i in range(FEATURES)]
            assert found[name][k] == pytest.approx(np.mean(each), rel=1e-4)
            assert plan is None or found["error_range"][k] == pytest.approx(np.ptp(each), rel=1e-4)


def test_the_naive_plan_without_its_products():
    x = jnp.asarray(samples(SMALL, 64))
    np.testing.assert_array_equal(measure.naive_outputs(SMALL, x), model.naive(SMALL)(x))


def test_plain_overload_comes_to_the_same_as_even_samples():
    """To within its noise, which shrinks as the root of the samples; each network on samples of its own."""
    config = Config(features=30, neurons=5)
    w_in, w_out = weights(3, 30, 5)
    many = network(*(np.repeat(w[None], 12, 0) for w in (w_in, w_out)))  # one network, many evaluations
    ratio = measure.plain_numbers(measure.plain_overload, many, config, 256, [256, 4096])["overload_ratio_20"]
    exact = measure.ensemble_numbers(many, config, Measurement(samples=16_384, inputs=256))["overload_ratio_20"][0]
    (few, more), sd = ratio.T, ratio.std(0, ddof=1)
    assert abs(few.mean() - exact) < 4 * sd[0] / 12**0.5 and abs(more.mean() - exact) < 4 * sd[1] / 12**0.5
    assert 2.2 < sd[0] / sd[1] < 7


def test_a_constant_correlates_with_nothing():
    rising, flat = jnp.arange(3.0), jnp.array([0.3, 0.3 + 3e-8, 0.3])
    assert np.isnan(measure.correlation(flat, rising)) and np.isnan(measure.correlation(rising, flat))
    assert measure.correlation(1e-6 * rising, -rising) == pytest.approx(-1)


def test_powers_of_the_error():
    (w_in, w_out), x = weights(), samples(SMALL, 512)
    found = measure.power_means(network(w_in, w_out), SMALL, jnp.asarray(x))
    error, on = np.abs(forward(w_in, w_out, x.astype(float)) - np.maximum(x, 0)), x != 0
    powers = range(1, measure.TOP + 1)
    same(found, {"all": [(error**q).mean() for q in powers], "active": [(error[on] ** q).mean() for q in powers]})
    expected = {"active": (error[on] ** 2).mean(), "mse": (error**2).mean(), "l4": (error**4).mean()}
    assert {name: float(value) for name, value in measure.metrics(found).items()} == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("target", ["relu", "identity"])
def test_under_load_exactly_k_are_on(target):
    config, (w_in, w_out) = Config(features=FEATURES, neurons=NEURONS, target=target), weights()
    rank, value = data.ordered(data.key(0, "overload"), config, 512)
    loads = np.arange(1, FEATURES + 1)
    found = measure.overload(network(w_in, w_out), config, rank, value, loads)
    for place, k in enumerate(loads):
        x = np.where(rank < k, np.asarray(value, float), 0)
        square = (forward(w_in, w_out, x) - wanted(config, x)) ** 2
        expected = {"active": square[rank < k].mean(), "mse": square.mean(), "l4": (square**2).mean()}
        assert {name: float(values[place]) for name, values in found.items()} == pytest.approx(expected, rel=1e-4)


def test_the_naive_plan_under_load():
    config, loads = Config(features=20, neurons=5), np.array([1, 7, 20])
    draws = data.ordered(data.key(0, "overload"), config, 16_384)
    found = measure.overload(model.naive(config), config, *draws, jnp.asarray(loads))
    for name, expected in bounds.naive_under_load(config, loads).items():
        np.testing.assert_allclose(found[name], expected, rtol=0.03, err_msg=name)


# ---- which neurons carry which feature


def test_who_carries_on_paper():
    """Above a fifth of what the feature's first neuron gives its slope; what takes away gives nothing."""
    w_in = jnp.array([[1.0, 1.0, 1.0, -2.0, 1.0], [0.5, 0.21, 0.19, 1.0, -9.0]])
    w_out = jnp.ones((5, 2)).at[3, 1].set(-1.0).at[4].set([3.0, -1.0])
    each = {"relu": [[1, 1, 1, 0, 3], [0.5, 0.21, 0.19, 0, 0]], "abs": [[1, 1, 1, 2, 3], [0.5, 0.21, 0.19, 0, 0]]}
    for name, expected in each.items():
        network = Network(w_in, w_out, name)
        np.testing.assert_allclose(measure.contributions(network).T, expected, rtol=1e-6)
        sets = [[True, True, True, name == "abs", True], [True, True, False, False, False]]
        assert measure.carriers(network).tolist() == sets


@few
@given(seeds)
def test_who_carries_does_not_depend_on_scale_or_order(seed):
    w_in, w_out = weights(seed)
    sets, rng = measure.carriers(network(w_in, w_out)), np.random.default_rng(seed)
    c, feature, neuron = 2.0 ** rng.integers(-9, 9, NEURONS), rng.permutation(FEATURES), rng.permutation(NEURONS)
    assert np.array_equal(measure.carriers(network(w_in * c[:, None], w_out / c)), sets)
    moved = measure.carriers(network(w_in[neuron][:, feature], w_out[feature][:, neuron]))
    assert np.array_equal(moved, sets[neuron][:, feature])


@pytest.mark.parametrize("activation", ["relu", "abs", "linear"])
def test_balanced_neurons_do_the_same_with_as_long_an_encoder_as_decoder(activation):
    """Also beside neurons of which one half, or both, are zero, and which stay as they are."""
    w_in, w_out = weights(0, FEATURES, 6)
    w_in[[3, 5]], w_out[:, [4, 5]] = 0, 0
    before = network(w_in, w_out, activation)
    after, x = measure.balanced(before), samples(SMALL, 256)
    np.testing.assert_allclose(after(x), before(x), rtol=1e-4, atol=1e-5)
    encoder, decoder = measure.norms(after)
    np.testing.assert_allclose(encoder[:3], decoder[:3], rtol=1e-5)
    assert np.array_equal(after.w_in[3:], before.w_in[3:]) and np.array_equal(after.w_out[:, 3:], before.w_out[:, 3:])


@few
@given(seeds)
def test_the_arrangement_is_counted_right_and_all_pairs_are_a_tight_frame(seed):
    sets = np.random.default_rng(seed).random((5, 8)) < 0.4
    both = [sum(a & b) for a, b in itertools.combinations(sets, 2)]
    found = measure.arrangement(jnp.asarray(sets))
    assert found["distinct"] == len({tuple(column) for column in sets.T})
    np.testing.assert_allclose([found["load_sd"], found["pair_sd"]], [np.std(sets.sum(1)), np.std(both)], atol=1e-5)
    pairs = measure.arrangement(
        jnp.array([[k in pair for pair in itertools.combinations(range(5), 2)] for k in range(5)])
    )
    assert pairs == pytest.approx({"distinct": 10, "load_sd": 0, "pair_sd": 0, "frame": 1}, abs=1e-5)


def test_a_code_written_by_hand_is_described_as_written():
    """Features on one, two and three neurons; slope = strong**2 times the size of the set."""
    sets = np.zeros((5, 8), bool)
    for feature, size in enumerate([1, 1, 2, 2, 2, 3, 3, 2]):
        sets[(feature + np.arange(size)) % 5, feature] = True
    network = handmade.by_hand(jnp.asarray(sets), jnp.array([0.5, -0.03, -0.06]))
    found = jax.device_get(measure.described(network))
    assert [found[f"size_{n}"] for n in range(1, 6)] == [2, 4, 2, 0, 0] and found["size"] == 2
    assert np.array_equal(measure.carriers(network), sets) and found["undecided"] == 0
    np.testing.assert_allclose(measure.slopes(network), 0.25 * sets.sum(0), rtol=1e-6)
    np.testing.assert_allclose(measure.slopes_by_size(network, 3), [0.25, 0.5, 0.75], rtol=1e-6)
    ratios = found["slope_by_size"], found["strong_ratio"], found["weak_ratio"]
    np.testing.assert_allclose(ratios, [1, 1, 2], rtol=1e-5)


def test_chance_keeps_the_size_of_every_set():
    sets, key = np.random.default_rng(1).random((5, 200)) < 0.4, data.key(0, "chance")
    network = handmade.by_hand(jnp.asarray(sets), jnp.array([0.5, -0.03, -0.06]))
    shuffled = jax.random.permutation(key, measure.carriers(network), axis=0, independent=True)
    assert np.array_equal(shuffled.sum(0), sets.sum(0)) and not np.array_equal(shuffled, sets)
    assert measure.arrangement_by_chance(network, key) == measure.arrangement(shuffled)


# ---- what a knob may move


def readings(network, config=PAIR):
    found = measure.readings(network, config, jnp.asarray(samples(config, 4096)))
    return {name: float(value) for name, value in found.items()}


def test_the_naive_plan_and_even_groups_read_as_themselves():
    """Of even groups each neuron adds up four features and returns a third of the sum to each of them."""
    ones = "carriers load specialization tied_cosine decoder_ratio active mse l4 loss".split()
    naive = dict.fromkeys(ones, 1) | {"slope_mean": 1 / 4, "served": 1 / 4, "ignored": 6, "offset": 0}
    served = jnp.repeat(jnp.eye(2), 4, axis=1)
    even = {"slope_mean": 1 / 3, "slope_sd": 0, "served": 1, "ignored": 0, "carriers": 1, "load": 4}
    even |= {
        "specialization": 1 / 4,
        "offset": 3 / 7 / 3,
        "crosstalk": np.sqrt(3 / 7 * 4 / 7) / 3,
        "decoder_ratio": 1 / 3,
    }
    for plan, expected in ((model.naive(PAIR), naive), (Network(served, served.T / 3), even)):
        found = readings(plan)
        assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("exponent, profile", [(4.0, "step"), (2.5, "geometric")])
def test_errors_are_those_of_numpy_over_the_naive_plan(exponent, profile):
    config = Config(features=8, neurons=2, p=0.2, exponent=exponent, importance=5.0, profile=profile, favoured=3)
    (w_in, w_out), x = weights(0, 8, 2), samples(config, 4096).astype(float)
    relu, number = np.maximum(x, 0), np.arange(8)[:, None]
    errors = abs(forward(w_in, w_out, x) - relu), relu * (number >= 2)
    weight = 5 ** (1 - number / 7) if profile == "geometric" else np.where(number < 3, 5, 1)
    means = [((e[x != 0] ** 2).mean(), (e**2).mean(), (e**4).mean(), (weight * e**exponent).mean()) for e in errors]
    found = readings(network(w_in, w_out), config)
    ours = [found[name] for name in ("active", "mse", "l4", "loss")]
    assert ours == pytest.approx([ours / naive for ours, naive in zip(*means, strict=True)], rel=1e-4)
    for name in ("decoder_ratio", "tied_cosine", "specialization"):
        assert found[name] == pytest.approx(np.mean(by_hand(w_in, w_out)[name]), rel=1e-4), "means over neurons"


# ---- the published values


def published_by_hand(w_in, w_out, config, forced, ordered, options):
    """All numbers of one network by the definitions in data/published.csv, in float64, the naive plan on paper."""
    (neurons, features), on_paper, corr = w_in.shape, by_hand(w_in, w_out), lambda a, b: np.corrcoef(a, b)[0, 1]
    naive = np.where(np.arange(features) < neurons, 0, 1 / 6)
    error = active_errors(w_in, w_out, config, *forced)
    change = np.array([active_errors(silenced(w_in, k), w_out, config, *forced) - error for k in range(neurons)])
    slope, signal, shares = on_paper["slopes"], np.diag(on_paper["folded_map"]), np.array(on_paper["shares"])
    beyond = error - np.polyval(np.polyfit(signal, error, 1), signal)
    rank, value = ordered
    under_load = []
    for k in range(1, 21):
        x = np.where(rank < k, np.asarray(value, float), 0)
        under_load.append(np.square(forward(w_in, w_out, x) - np.maximum(x, 0))[rank < k].mean())
    footprints = [set(np.flatnonzero(row > options.harmed)) for row in change]
    overlaps = [len(a & b) / len(a | b) for a, b in itertools.combinations(footprints, 2)]
    cross = on_paper["response"][~np.eye(features, dtype=bool)]
    means = ("off_to_diag", "tied_cosine", "decoder_ratio", "specialization")
    found = {name: np.mean(on_paper[name]) for name in means}
    found |= {"naive_error": naive.mean(), "trained_error": error.mean(), "features_won": sum(error < naive)}
    found |= {"error_range": max(error) - min(error), "slope_error_corr": corr(slope, error)}
    found |= {"slope_mean": slope.mean(), "slope_sd": np.sqrt(np.mean((slope - slope.mean()) ** 2))}
    found |= {"slope_outliers": sum(s > 0.8 or s < 0.2 for s in slope), "worst_cross_term": min(cross) / 2}
    found |= {"rank": np.linalg.matrix_rank(on_paper["folded_map"]), "routing_error_corr": corr(signal, error)}
    found |= {"load_error_corr": corr(on_paper["interference_load"], beyond), "top1_share": shares[:, 0].mean()}
    found |= {"top10_share": shares[:, :10].sum(1).mean()}
    found |= {"features_touched": np.mean(np.sum(np.abs(w_in) > options.touched, 1))}
    found |= {"overload_r2": corr(range(1, 21), under_load) ** 2, "overload_ratio_20": under_load[19] / naive.mean()}
    found |= {"neurons_that_hurt": sum((row < 0).any() for row in change), "footprint_overlap": np.mean(overlaps)}
    return found | {"functional_field": np.mean([len(one) for one in footprints])}


def test_every_published_number_follows_its_definition():
    """Two networks, one with a neuron that no feature is the better without."""
    config, options = Config(features=24, neurons=4, p=0.2), Measurement(samples=512, touched=0.3, harmed=0.01)
    forced = data.forced(data.key(0, "errors"), config, 512)
    ordered = data.ordered(data.key(0, "overload"), config, 512)
    matrices = [(0.5 * w_in, 0.5 * w_out) for w_in, w_out in (weights(seed, 24, 4) for seed in (0, 1))]
    for matrix, rows in zip(matrices[1], (np.s_[3], np.s_[:, 3]), strict=True):
        matrix[rows] = 0.3 * (np.arange(24) == 0)
    ours = Network(*(jnp.asarray(np.stack(both), jnp.float32) for both in zip(*matrices, strict=True)))
    found = measure.ensemble_numbers(ours, config, options)
    by_network = [published_by_hand(*matrix, config, forced, ordered, options) for matrix in matrices]
    assert [numbers["neurons_that_hurt"] for numbers in by_network] == [4, 3]
    assert found.keys() == by_network[0].keys() == set(claims.published().index)
    for name in found:
        np.testing.assert_allclose(found[name], [numbers[name] for numbers in by_network], rtol=2e-3, err_msg=name)


def test_the_naive_plan_hurts_nobody_and_helps_only_its_own():
    """On paper, with thresholds of zero, at which nothing counts."""
    config = Config(features=4, neurons=3)
    plan = jax.tree.map(lambda weight: weight[None], model.naive(config))
    found = measure.ensemble_numbers(plan, config, Measurement(samples=256, touched=0.0, harmed=0.0))
    expected = {"functional_field": 1, "features_touched": 1, "neurons_that_hurt": 0, "footprint_overlap": 0, "rank": 3}
    assert {name: found[name].item() for name in expected} == expected and found["features_won"].item() <= 1


def test_eight_networks_reproduce_the_post():
    """The full experiment; how far each published number may be off."""
    config, published = Config(seeds=8), claims.published().published
    arrays = train.train_ensemble(config)
    found = measure.ensemble_numbers(Network(arrays["w_in"], arrays["w_out"]), config, Measurement(samples=4096))
    assert all(numbers.shape == (8,) and np.isfinite(numbers).all() for numbers in found.values())
    room = {"trained_error": 0.001, "slope_mean": 0.01, "worst_cross_term": 0.02, "off_to_diag": 0.5}
    room |= {"tied_cosine": 0.005, "decoder_ratio": 0.02, "features_touched": 1.5, "functional_field": 3.0}
    for name, tolerance in (room | dict(footprint_overlap=0.03, overload_ratio_20=0.02, overload_r2=0.02)).items():
        assert float(found[name].mean()) == pytest.approx(published[name], abs=tolerance), name
