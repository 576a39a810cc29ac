"""Every measure against plain float64 numpy, known invariances, and the published values themselves."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lib import claims, data, measure, train
from lib.config import Config, Measurement
from lib.model import Network

few = settings(max_examples=15, deadline=None, derandomize=True)
seeds = st.integers(0, 2**31 - 1)
FEATURES, NEURONS = 7, 3


def weights(seed=0):
    """A network with a positive diagonal of M and R, as a trained one has: no ratio comes near 0 / 0."""
    rng = np.random.default_rng(seed)
    w_in = rng.normal(size=(NEURONS, FEATURES))
    return w_in, w_in.T + 0.1 * rng.normal(size=(FEATURES, NEURONS))


def network(w_in, w_out):
    return Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(w_out, jnp.float32))


def forward(w_in, w_out, x):
    """Outputs for inputs (features, samples)."""
    return np.einsum("ik,ks->is", w_out, np.maximum(np.einsum("kj,js->ks", w_in, x), 0))


def by_hand(w_in, w_out):
    """The measures of weights alone, by the definitions in data/published.csv, with loops."""
    i_j = [(i, j) for i in range(FEATURES) for j in range(FEATURES)]
    m, r = np.zeros((2, FEATURES, FEATURES))
    for i, j in i_j:
        m[i, j] = sum(w_out[i, k] * w_in[k, j] for k in range(NEURONS))
        r[i, j] = sum(w_out[i, k] * max(w_in[k, j], 0) for k in range(NEURONS))
    budget = [sum(abs(m[i, j]) for j in range(FEATURES) if j != i) / m[i, i] for i in range(FEATURES)]
    size = [sorted((abs(w) for w in row), reverse=True) for row in w_in]
    return {
        "response": r,
        "folded_map": m,
        "off_to_diag": sum(budget) / FEATURES,
        "interference_load": [sum(m[i, j] ** 2 for j in range(FEATURES) if j != i) for i in range(FEATURES)],
        "tied_cosine": [
            w_in[k] @ w_out[:, k] / np.sqrt((w_in[k] @ w_in[k]) * (w_out[:, k] @ w_out[:, k])) for k in range(NEURONS)
        ],
        "norms": [[sum(row**2) ** 0.5 for row in w_in], [sum(column**2) ** 0.5 for column in w_out.T]],
        "shares": [[w / sum(row) for w in row] for row in size],
        "specialization": [max(row**2) / sum(row**2) for row in w_in],
    }


NAMES = list(by_hand(*weights()))


def measured(w_in, w_out):
    return {name: np.asarray(getattr(measure, name)(network(w_in, w_out))) for name in NAMES}


def same(ours, expected):
    for name in NAMES:
        wanted = np.asarray(expected[name])
        assert ours[name].shape == wanted.shape, name
        np.testing.assert_allclose(ours[name], wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max(), err_msg=name)


# ---- measures of the weights


@few
@given(seeds)
def test_measures_of_weights_follow_their_definitions(seed):
    same(measured(*weights(seed)), by_hand(*weights(seed)))


def test_a_new_order_of_features_or_neurons_changes_no_measure():
    w_in, w_out = weights()
    before, rng = measured(w_in, w_out), np.random.default_rng(0)
    feature, neuron = rng.permutation(FEATURES), rng.permutation(NEURONS)
    moved = {"response": np.ix_(feature, feature), "folded_map": np.ix_(feature, feature), "interference_load": feature}
    same(measured(w_in[:, feature], w_out[feature]), {k: v[moved.get(k, ...)] for k, v in before.items()})
    moved = {"tied_cosine": neuron, "norms": np.s_[:, neuron], "shares": neuron, "specialization": neuron}
    same(measured(w_in[neuron], w_out[:, neuron]), {k: v[moved.get(k, ...)] for k, v in before.items()})


def test_scale_and_sign_can_move_between_encoder_and_decoder():
    w_in, w_out = weights()
    before, c = measured(w_in, w_out), np.array([0.25, 2, 5])
    rescaled = before | {"norms": before["norms"] * np.stack([c, 1 / c])}
    same(measured(w_in * c[:, None], w_out / c), rescaled)
    sign = np.array([-1, 1, -1])
    flipped = before | {"response": w_out * sign @ np.maximum(w_in * sign[:, None], 0)}
    same(measured(w_in * sign[:, None], w_out * sign), flipped)


def test_a_tight_frame_on_paper():
    """Unit vectors spread evenly over a circle: sum_j M_ij**2 is F / 2 for every i, whatever F."""
    angle = 2 * np.pi * np.arange(9) / 9
    frame = np.stack([np.cos(angle), np.sin(angle)])
    ours = network(frame, frame.T)
    np.testing.assert_allclose(measure.interference_load(ours), np.full(9, 9 / 2 - 1), rtol=1e-5)
    np.testing.assert_allclose(measure.tied_cosine(ours), [1, 1], rtol=1e-5)
    np.testing.assert_allclose(measure.norms(ours), np.full((2, 2), (9 / 2) ** 0.5), rtol=1e-5)
    np.testing.assert_allclose(measure.off_to_diag(ours), np.abs(np.cos(angle[1:])).sum(), rtol=1e-5)
    np.testing.assert_allclose(np.linalg.svd(measure.folded_map(ours))[1], [4.5, 4.5] + [0] * 7, atol=1e-5)


def test_specialization_and_shares_between_their_extremes():
    rows = network([[0, 0, -2, 0], [1, -1, 1, -1], [3, 0, -1, 0]], np.ones((4, 3)))
    np.testing.assert_allclose(measure.specialization(rows), [1, 1 / 4, 9 / 10])
    np.testing.assert_allclose(measure.shares(rows), [[1, 0, 0, 0], [1 / 4] * 4, [3 / 4, 1 / 4, 0, 0]])


def test_a_feature_is_touched_above_the_threshold_with_either_sign():
    rows = network([[0.5, -0.5, 0.25, -0.75], [0, 0, 0, 1], [2, 2, 2, -2]], np.zeros((4, 3)))
    assert measure.touched(rows, 0.5).tolist() == [1, 1, 4], "not at it"
    assert measure.touched(rows, 0.0).tolist() == [4, 1, 4]


def test_response_curves_are_the_network_on_one_feature():
    w_in, w_out = weights()
    values = np.array([-1, -0.3, 0, 0.4, 1])
    expected = [[forward(w_in, w_out, value * np.eye(FEATURES))[i, i] for value in values] for i in range(FEATURES)]
    ours = measure.response_curves(network(w_in, w_out), jnp.asarray(values, jnp.float32))
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


def test_pieces_of_a_square_matrix():
    square = jnp.arange(9.0).reshape(3, 3) + 1
    assert measure.off_diagonal(square).tolist() == [[0, 2, 3], [4, 0, 6], [7, 8, 0]]
    assert measure.off_diagonal_entries(square).tolist() == [2, 3, 4, 6, 7, 8]
    assert measure.pairs(square).tolist() == [2, 3, 6]


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
    np.testing.assert_allclose(measure.line_r2(a, 3 - 2 * a), 1, rtol=1e-5)


@few
@given(st.lists(st.sets(st.integers(0, 9)), min_size=2, max_size=5))
def test_overlaps_are_jaccards(sets):
    ours = measure.overlaps(jnp.array([[member in one for one in sets] for member in range(10)]))
    expected = [[len(a & b) / len(a | b) if a | b else 0 for b in sets] for a in sets]
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


# ---- measures of the error


@pytest.mark.parametrize("target, low", [("relu", -1.0), ("identity", -0.5)])
def test_errors_by_forcing_each_feature_and_zeroing_each_neuron(target, low):
    config = Config(features=FEATURES, neurons=NEURONS, p=0.3, target=target, low=low)
    w_in, w_out = weights()
    x, value = data.forced(data.key(0, "errors"), config, 512)  # two chunks
    ours = measure.errors(network(w_in, w_out), config, x, value)
    assert ours["error"].shape == (FEATURES,) and ours["silenced"].shape == (FEATURES, NEURONS)
    for i in range(FEATURES):
        switched = np.array(x, float)
        switched[i] = value[i]
        goal = np.maximum(switched, 0) if target == "relu" else switched
        for k in [None, *range(NEURONS)]:
            encoder = np.array(w_in)
            if k is not None:
                encoder[k] = 0
            expected = ((forward(encoder, w_out, switched) - goal)[i] ** 2).mean()
            found = ours["error"][i] if k is None else ours["silenced"][i, k]
            np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_errors_agree_with_a_plain_sample():
    """Two ways to the same expectation: switching each feature on, and waiting until it is on."""
    config = Config(features=FEATURES, neurons=NEURONS, p=0.2)
    w_in, w_out = weights()
    x = np.asarray(data.sample(data.key(0, "plain"), config, 40_000))
    plain = np.asarray(measure.sampled_error(network(w_in, w_out), config, x))
    square = (forward(w_in, w_out, x.astype(float)) - np.maximum(x, 0)) ** 2
    active = [square[i, x[i] != 0] for i in range(FEATURES)]
    np.testing.assert_allclose(plain, [one.mean() for one in active], rtol=1e-4)
    forced = measure.errors(network(w_in, w_out), config, *data.forced(data.key(0, "errors"), config, 16_384))["error"]
    noise = np.array([stats.sem(one) for one in active])
    assert np.abs((plain - forced) / noise).max() < 5


@pytest.mark.parametrize("target", ["relu", "identity"])
def test_overload_switches_on_exactly_k(target):
    config = Config(features=FEATURES, neurons=NEURONS, target=target)
    w_in, w_out = weights()
    rank, value = data.ordered(data.key(0, "overload"), config, 512)
    ours = measure.overload(network(w_in, w_out), config, rank, value, jnp.arange(1, FEATURES + 1))["active"]
    rank, value = np.asarray(rank), np.asarray(value, float)
    for k in range(1, FEATURES + 1):
        x = np.where(rank < k, value, 0)
        square = (forward(w_in, w_out, x) - (np.maximum(x, 0) if target == "relu" else x)) ** 2
        np.testing.assert_allclose(ours[k - 1], square[rank < k].mean(), rtol=1e-4)
    assert ours.shape == (FEATURES,)


# ---- the published values


@pytest.fixture(scope="module")
def eight():
    """Eight networks of the full experiment, and what is measured on them, by id: one number per network."""
    config = Config(seeds=8)
    arrays = train.train_ensemble(config)
    return measure.ensemble_numbers(Network(arrays["w_in"], arrays["w_out"]), config, Measurement(samples=4096))


def test_every_published_number_is_measured(eight):
    assert sorted(eight) == sorted(claims.published().index)
    assert all(numbers.shape == (8,) and np.isfinite(numbers).all() for numbers in eight.values())


@pytest.mark.parametrize(
    "name, tolerance",
    [
        ("trained_error", 0.001),
        ("slope_mean", 0.01),
        ("worst_cross_term", 0.02),
        ("off_to_diag", 0.5),
        ("tied_cosine", 0.005),
        ("decoder_ratio", 0.02),
        ("features_touched", 1.5),
        ("functional_field", 3.0),
        ("footprint_overlap", 0.03),
        ("overload_ratio_20", 0.02),
        ("overload_r2", 0.02),
    ],
)
def test_eight_networks_reproduce_the_post(eight, name, tolerance):
    assert abs(float(eight[name].mean()) - claims.published().published[name]) < tolerance
