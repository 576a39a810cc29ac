"""The model and its training, against the same thing in plain float64 numpy, with the gradient by hand."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from lib import data, measure, model, train
from lib.config import Config
from lib.publish import live

SMALL = Config(features=6, neurons=3, p=0.4, batch=16, steps=5, init_scale=0.5, learning_rate=0.05, seeds=3)


def small(**changes):
    return Config(**{**dataclasses.asdict(SMALL), **changes})


@functools.cache
def trained(**changes):
    return train.train_ensemble(small(**changes))


def watched(config, watch):
    """What training ends with, the losses, and what `watch` makes of each network after each step."""
    ended, (losses, along) = train.trained(config, onward=lambda *given: train.onward(*given, watch))
    return [model.at(ended, seed) for seed in range(config.seeds)], losses, along


def numpy_loss(w_in, w_out, x, y):
    return np.mean([(w_out @ np.maximum(w_in @ sample, 0) - goal) ** 4 for sample, goal in zip(x, y, strict=True)])


def numpy_slope(w_in, w_out, x, y):
    """The gradient of `numpy_loss`, by the chain rule on paper."""
    hidden = np.maximum(x @ w_in.T, 0)
    outer = 4 * (hidden @ w_out.T - y) ** 3 / x.size
    return ((outer @ w_out) * (hidden > 0)).T @ x, outer.T @ hidden


def example():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 6)), rng.normal(size=(6, 3)), rng.uniform(-1, 1, (8, 6)), rng.uniform(0, 1, (8, 6))


# ---- the model


NEURONS = {
    "relu": lambda z: max(0, z),
    "abs": abs,
    "gelu": lambda z: z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "linear": lambda z: z,
}


@pytest.mark.parametrize("activation", NEURONS)
def test_the_forward_pass_is_the_one_of_the_spec(activation):
    f = NEURONS[activation]
    w_in, w_out, x, _ = example()
    network = model.Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(w_out, jnp.float32), activation)
    hidden = [[f(sum(row[j] * one[j] for j in range(6))) for row in w_in] for one in x]
    expected = [[sum(out[k] * values[k] for k in range(3)) for out in w_out] for values in hidden]
    np.testing.assert_allclose(network(x.T.astype(np.float32)).T, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(network(x[0].astype(np.float32)), expected[0], rtol=1e-4, atol=1e-5)


def test_the_first_weights_are_normal_and_unrelated():
    network = model.init(data.key(0, "init"), Config(features=200, neurons=20, init_scale=0.01))
    w_in, w_out = np.asarray(network.w_in[...]), np.asarray(network.w_out[...])
    assert w_in.shape == (20, 200) and w_out.shape == (200, 20) and w_in.dtype == w_out.dtype == np.float32
    for weights in (w_in, w_out):
        assert stats.kstest(weights.ravel(), stats.norm(0, 0.01).cdf).pvalue > 1e-3
    for other in (w_out, w_out.T):
        assert abs(np.corrcoef(w_in.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(4000)


@pytest.mark.parametrize(
    "target, low, copied, given_up",  # E[(y - target)**2] of an active feature, on paper
    [("relu", -1.0, 0, 1 / 6), ("identity", -1.0, 1 / 6, 1 / 3), ("identity", -0.5, 1 / 36, 1 / 4)],
)
def test_the_naive_plan_on_paper(target, low, copied, given_up):
    config = Config(features=8, neurons=3, target=target, low=low)
    network = model.naive(config)
    x = np.asarray(data.sample(data.key(0, "test"), config, 500))
    assert np.array_equal(network(x), np.maximum(x, 0) * (np.arange(8) < 3)[:, None])
    error = measure.errors(network, config, *data.forced(data.key(0, "errors"), config, 4096))["error"]
    np.testing.assert_allclose(error, [copied] * 3 + [given_up] * 5, atol=1e-4)


@pytest.mark.parametrize("start, slopes", [("small", [0] * 12), ("naive", [1] * 3 + [0] * 9), ("shared", [0.5] * 12)])
def test_what_training_starts_from(start, slopes):
    config = Config(features=12, neurons=3, start=start, activation="abs" if start == "naive" else "relu")
    networks, *_ = train.starts(dataclasses.replace(config, seeds=800))
    found = measure.each(measure.slopes, networks).mean(0)
    np.testing.assert_allclose(found, slopes, atol=0.07)
    assert networks.activation == config.activation


# ---- the loss and its gradient


@pytest.mark.parametrize("exponent", [1.5, 2.0, 4.0, 8.0])
@pytest.mark.parametrize("profile", ["step", "geometric"])
def test_the_loss_is_the_mean_weighted_power(exponent, profile):
    """Against numpy, traced and not; and where the error is 0 so is the slope, at every power."""
    w_in, w_out, x, y = (part.astype(np.float32) for part in example())
    network, features = model.Network(jnp.asarray(w_in), jnp.asarray(w_out)), len(w_out)
    config = Config(features=features, neurons=2, exponent=exponent, importance=7.0, profile=profile, favoured=2)
    fall = 7.0 ** np.linspace(1, 0, features) if profile == "geometric" else np.where(np.arange(features) < 2, 7.0, 1.0)
    by_hand = np.mean(fall * np.abs(np.asarray(network(x.T)).T - y) ** exponent)
    for loss in (train.loss, jax.jit(train.loss)):
        np.testing.assert_allclose(loss(network, config, x.T, y.T), by_hand, rtol=2e-5)
        plain = loss(network, dataclasses.replace(config, importance=1.0), x.T, network(x.T) + 0.5)
        np.testing.assert_allclose(plain, 0.5**exponent, rtol=1e-5)
    still = jax.grad(train.loss)(network, config, x.T, network(x.T))
    assert max(float(abs(slope[...]).max()) for slope in (still.w_in, still.w_out)) < 1e-6


# ---- a training run


@pytest.mark.parametrize("target", ["relu", "identity"])
def test_training_is_adam_with_a_cosine_decay(target, monkeypatch):
    """Network 1's whole run of five steps, two and a half strides, on the same samples, in numpy."""
    monkeypatch.setattr(train, "STRIDE", 2)
    config = small(target=target)
    ended, losses, after = (found[1] for found in watched(config, lambda network: network.w_in[...]))
    init_key, data_key = (keys[1] for keys in train.keys(config))
    start = model.init(init_key, config)
    weights = [np.asarray(start.w_in[...], float), np.asarray(start.w_out[...], float)]
    mean, square = [0.0, 0.0], [0.0, 0.0]
    for step in range(config.steps):
        x = np.asarray(data.sample(data_key, config, config.batch, step), float).T
        y = np.maximum(x, 0) if target == "relu" else x
        np.testing.assert_allclose(losses[step], numpy_loss(*weights, x, y), rtol=1e-3)
        rate = config.learning_rate * (1 + np.cos(np.pi * step / config.steps)) / 2
        for which, slope in enumerate(numpy_slope(*weights, x, y)):
            mean[which] = 0.9 * mean[which] + 0.1 * slope
            square[which] = 0.999 * square[which] + 0.001 * slope**2
            unbiased = mean[which] / (1 - 0.9 ** (step + 1)), square[which] / (1 - 0.999 ** (step + 1))
            weights[which] = weights[which] - rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
        np.testing.assert_allclose(after[step], weights[0], atol=2e-4, err_msg="what is watched is after the step")
    np.testing.assert_allclose(ended.w_out[...], weights[1], atol=2e-4)


@pytest.mark.parametrize("optimiser", ["adam", "normalised"])
def test_strides_make_no_difference(optimiser, monkeypatch):
    """Two and a half of them, a whole number, and one for each step, beside one scan."""
    config = small(optimiser=optimiser, steps=20)
    whole = jax.tree.leaves(train.trained(config))
    for stride in (8, 10, 1):
        monkeypatch.setattr(train, "STRIDE", stride)
        for ours, expected in zip(jax.tree.leaves(train.trained(config)), whole, strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5, err_msg=f"stride {stride}")


@pytest.mark.parametrize("activation, exact", [("relu", True), ("abs", True), ("linear", True), ("gelu", False)])
def test_the_gradient_is_at_right_angles_to_stretching_the_decoder(activation, exact):
    """Euler's theorem, neuron by neuron; GELU, which is not homogeneous, breaks it."""
    config, (w_in, w_out, *_) = small(batch=64), example()
    network = model.Network(jnp.asarray(w_in, jnp.float32), jnp.asarray(w_out, jnp.float32), activation)
    x = data.sample(data.key(0, "test"), config, 64)
    slope = jax.grad(train.loss)(network, config, x, data.target(config, x))
    inward, outward = (network.w_in * slope.w_in[...]).sum(1), (network.w_out * slope.w_out[...]).sum(0)
    apart = np.abs(inward - outward).max() / np.abs(inward).max()
    assert apart < 1e-4 if exact else apart > 1e-3


def test_small_steps_along_the_gradient_keep_the_difference_and_adam_does_not():
    """On one batch, without noise: what gradient descent moves falls with its rate, at equal rate times steps."""

    def moved(rate, steps, adam):
        w_in, w_out, x, y = example()
        before = (w_out**2).sum(0) - (w_in**2).sum(1)
        moments = [np.zeros((2, *w.shape)) for w in (w_in, w_out)]
        for number in range(1, steps + 1):
            for w, moment, slope in zip((w_in, w_out), moments, numpy_slope(w_in, w_out, x, y), strict=True):
                moment += (np.stack([slope, slope**2]) - moment) * np.array([0.1, 0.001])[:, None, None]
                mean, square = moment[0] / (1 - 0.9**number), moment[1] / (1 - 0.999**number)
                w -= rate * (mean / (np.sqrt(square) + 1e-8) if adam else slope)
        return np.abs((w_out**2).sum(0) - (w_in**2).sum(1) - before).max()

    coarse, fine = (moved(rate, steps, adam=False) for rate, steps in ((0.01, 100), (0.001, 1000)))
    assert fine == pytest.approx(coarse / 10, rel=0.2)
    coarse, fine = (moved(rate, steps, adam=True) for rate, steps in ((0.001, 100), (0.0001, 1000)))
    assert fine == pytest.approx(coarse, rel=0.2) and fine > 0.02


def test_one_rate_for_all_weights_keeps_the_balance_and_adam_does_not():
    """Difference of the squared lengths of each neuron, from first weights of very different size."""

    def difference(network):
        return jnp.square(network.w_out[...]).sum(0) - jnp.square(network.w_in[...]).sum(1)

    moved = {}
    for optimiser in ("adam", "normalised"):
        changes = {"steps": 300, "seeds": 1, "init_scale": 0.3, "learning_rate": 3e-4, "optimiser": optimiser}
        along = watched(small(batch=64, **changes), difference)[2][0]
        moved[optimiser] = np.abs(along[-1] - along[0]).max()
    assert moved["normalised"] < 0.2 * moved["adam"]


def test_a_normalised_step_has_the_length_of_its_rate():
    """Each network by itself: the root mean square over both matrices of one step is the rate."""
    config = small(steps=1, learning_rate=0.01, optimiser="normalised", init_scale=0.01)
    before, after = train.starts(config)[0], train.trained(config)[0]
    steps = jax.tree.leaves(jax.tree.map(lambda a, b: np.asarray(a - b).reshape(3, -1), after, before))
    np.testing.assert_allclose(np.sqrt(np.square(np.concatenate(steps, 1)).mean(1)), 0.01, rtol=5e-3)


# ---- an ensemble


def test_a_seed_is_the_same_network_alone_and_in_any_ensemble():
    """Of any size, from any first seed; and one step at a time, in a loop of Python's."""
    nine = trained(seeds=9)
    assert [nine[name].shape for name in ("w_in", "w_out", "loss")] == [(9, 3, 6), (9, 6, 3), (9, 5)]
    assert {array.dtype for array in nine.values()} == {np.dtype(np.float32)}
    for first, seeds in ((0, 1), (0, 3), (5, 2), (8, 1)):
        for name, array in train.train_ensemble(small(seeds=seeds), first).items():
            np.testing.assert_allclose(array, nine[name][first : first + seeds], rtol=1e-4, atol=1e-5)
    onward = jax.jit(train.onward)
    for seed, keys in enumerate(zip(*train.keys(SMALL), strict=True)):
        state = train.begin(keys, SMALL)
        for step in range(SMALL.steps):
            state, (loss, _) = onward(state, SMALL, jnp.array([step]))
            np.testing.assert_allclose(nine["loss"][seed, step], loss[0], rtol=1e-4)
        np.testing.assert_allclose(nine["w_in"][seed], state[0].w_in[...], atol=1e-5)
        np.testing.assert_allclose(nine["w_out"][seed], state[0].w_out[...], atol=1e-5)


def test_every_network_has_a_start_and_samples_of_its_own():
    keys = [np.asarray(jax.random.key_data(keys)) for keys in train.keys(small(seeds=100))]
    assert np.array_equal(jax.random.key_data(train.keys(small(seeds=60), 40)[1]), keys[1][40:])
    assert len(np.unique(np.concatenate(keys), axis=0)) == 200, "no key serves twice"
    starts = train.starts(Config(features=40, seeds=20))[0].w_in[...].reshape(20, -1)
    assert np.abs(np.corrcoef(starts) - np.eye(20)).max() < 5 / np.sqrt(400), "no two starts are related"
    nine = trained(seeds=9, init_scale=1e-6)  # the first loss is that of silence: the samples alone decide it
    assert len(np.unique(nine["loss"][:, 0])) == len(np.unique(nine["w_in"].reshape(9, -1), axis=0)) == 9


def test_the_default_prng_of_jax_decides_nothing():
    def numbers():
        init_keys, data_keys = train.keys(SMALL)
        weights = model.init(init_keys[0], SMALL).w_in[...]
        return [weights, *data.forced(data_keys[0], SMALL, 5), *data.ordered(data_keys[0], SMALL, 5)]

    with jax.default_prng_impl("threefry2x32"):
        expected = numbers()
    with jax.default_prng_impl("rbg"):
        assert all(map(np.array_equal, numbers(), expected))


def test_a_loss_that_is_not_finite_is_refused(monkeypatch):
    """The last network starts so far out that its loss overflows; the message says how many and what to lower."""
    far = train.keys(SMALL)[0][2]

    def init(key, config):
        huge = jnp.where((jax.random.key_data(key) == jax.random.key_data(far)).all(), 1e12, 1.0)
        return jax.tree.map(lambda weights: weights * huge, model.init(key, config))

    monkeypatch.setattr(train, "init", init)
    with pytest.raises(FloatingPointError, match=r"^1 of 3 networks diverged.*learning_rate = 0.05;") as caught:
        train.train_ensemble(small(features=7))  # a size of its own: no program compiled for another test serves it
    assert "\n" not in str(caught.value)


def test_a_run_that_explodes_is_refused():
    """At this rate the loss jumps at once and ends far above 1, where a network that returns zero has p / 10."""
    for steps in (50, 1000):
        with pytest.raises(FloatingPointError, match="learning_rate = 10"):
            train.train_ensemble(small(steps=steps, learning_rate=10.0))


TWO = {"features": 2, "neurons": 1, "p": 1e-4}
TWELVE = {"features": 12, "p": 0.1, "steps": 50, "start": "naive"}


@pytest.mark.parametrize(
    "changes",
    [
        TWO | {"steps": 3},  # no feature in a batch, or one: a loss of 0 that rises
        TWO | {"steps": 200, "learning_rate": 0.03},
        {"features": 12, "neurons": 12, "p": 1.0, "steps": 1},
        TWELVE | {"neurons": 3},  # from a loss of 0, often
        TWELVE | {"neurons": 12, "batch": 64, "learning_rate": 0.1},  # and from no error at all
        {"features": 3, "neurons": 1, "steps": 30, "learning_rate": 0.1, "activation": "linear", "target": "identity"},
    ],
    ids=str,
)
def test_a_small_loss_that_rises_is_no_divergence(changes):
    config = Config(**{"batch": 1, "seeds": 9} | changes)
    trained = train.train_ensemble(config)
    assert trained["loss"].shape == (9, config.steps) and np.isfinite(trained["loss"]).all()


def test_moments_of_a_training_are_network_0_on_its_way(monkeypatch):
    """The first is its start; the last, of the third stride, is where the ensemble ends, up to rounding."""
    along = watched(SMALL, lambda network: network)[2]
    monkeypatch.setattr(train, "STRIDE", 2)
    moments, start = live.moments(SMALL, [0, 2, 3, 5]), train.starts(SMALL)[0]
    for name in ("w_in", "w_out"):
        ours = moments[name]
        np.testing.assert_array_equal(ours[0], getattr(start, name)[0])
        np.testing.assert_allclose(ours[1:], getattr(along, name)[0, [1, 2, 4]], atol=1e-4)
        np.testing.assert_allclose(ours[-1], trained()[name][0], atol=1e-4)
