"""The live page trains as lib does: the same steps on the same samples, the same ends on its own; and it answers."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
import test_live
from playwright import sync_api
from scipy import stats
from test_data import RARE, inside_binomial, looks_uniform

from lib import measure, train
from lib.config import Config, Measurement
from lib.experiments import downloaded
from lib.model import Network
from lib.theory import bounds, rare_limit
from tests import page_trainings
from tests.page_trainings import asked, wait

path, opened = test_live.path, test_live.visit
SMALL = Config(features=7, neurons=3, p=0.3, batch=64, steps=10, learning_rate=0.01, seeds=1)
KINDS = [
    {},
    {"exponent": 2.0, "target": "identity"},
    {"exponent": 1.5, "activation": "abs"},
    {"exponent": 2.3, "activation": "linear", "low": 0.25},
    {"activation": "gelu", "exponent": 6.0, "p": 1.0},
]


@pytest.fixture
def visit(opened):
    """Opens the page, and waits for the trainer, which starts after the first paint."""

    def visit(**options):
        page = opened(**options)
        page.evaluate("training.ready")
        return page

    return visit


STEPS = """([config, batches]) => {
    const state = trainer.begin(config), seen = [[...state.weights]], losses = batches.map(rows => {
        const samples = trainer.room(config, rows.length);
        const on = rows.map(row => row.flatMap((x, i) => x ? [[i, x]] : []));
        samples.features.set(on.flat().map(entry => entry[0]));
        samples.values.set(on.flat().map(entry => entry[1]));
        on.forEach((entries, s) => { samples.starts[s + 1] = samples.starts[s] + entries.length; });
        const loss = trainer.learn(state, samples);
        seen.push([...state.weights]);
        return loss;
    });
    return [seen, losses];
}"""


def gelu(a):
    return a / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))


FUNCTIONS = {"relu": lambda a: np.maximum(a, 0), "abs": np.abs, "linear": lambda a: a, "gelu": gelu}


def transcribed(config, weights, batches):
    """The training in numpy, from (2, neurons, features): encoder, transposed decoder. Slopes of f by differences."""
    f, tiny, first, second, seen, losses = FUNCTIONS[config.activation], 1e-6, 0, 0, [weights], []
    for step, x in enumerate(batches):
        w_in, columns = weights
        a = x @ w_in.T
        error = f(a) @ columns - (np.maximum(x, 0) if config.target == "relu" else x)
        losses.append((np.abs(error) ** config.exponent).mean())
        g = config.exponent * np.abs(error) ** (config.exponent - 1) * np.sign(error) / x.size
        back = (g @ columns.T) * (f(a + tiny) - f(a - tiny)) / (2 * tiny)
        slope = np.stack([back.T @ x, f(a).T @ g])
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        rate = config.learning_rate * (1 + np.cos(np.pi * step / config.steps)) / 2
        down = first / (1 - 0.9 ** (step + 1)), np.sqrt(second / (1 - 0.999 ** (step + 1)))
        weights = weights - rate * down[0] / (down[1] + 1e-8)
        seen.append(weights)
    return np.array(seen), losses


@pytest.mark.parametrize("changes", KINDS, ids=str)
def test_ten_steps_are_those_of_numpy_and_the_first_loss_is_libs(visit, changes):
    config = Config(**{**vars(SMALL), **changes, "init_scale": 0.3})
    rng = np.random.default_rng(0)
    x = rng.uniform(config.low, 1, (10, config.batch, 7)) * (rng.random((10, config.batch, 7)) < config.p)
    seen, losses = visit().evaluate(STEPS, [asked(config, 3), x.tolist()])
    seen = np.array(seen).reshape(11, 2, 3, 7)
    expected, by_numpy = transcribed(config, seen[0], x)
    np.testing.assert_allclose(losses, by_numpy, rtol=1e-6)
    np.testing.assert_allclose(seen, expected, atol=1e-5)
    network = Network(jnp.float32(seen[0, 0]), jnp.float32(seen[0, 1].T), config.activation)
    sample = jnp.float32(x[0].T)
    wanted = jnp.maximum(sample, 0) if config.target == "relu" else sample
    assert float(train.loss(network, config, sample, wanted)) == pytest.approx(losses[0], rel=1e-5)
    after, _, _ = train.learn(network, train.optimiser_of(config).init(network), config, sample)
    np.testing.assert_allclose(after.w_in, seen[1, 0], atol=2e-5)
    np.testing.assert_allclose(after.w_out.T, seen[1, 1], atol=2e-5)


DRAW = """([config, count, skip]) => {
    const next = trainer.stream(config.seed, 2), samples = trainer.room(config, count);
    for (let n = 0; n <= skip; n++) trainer.draw(samples, next, config);
    const filled = samples.starts[count];
    return [[...samples.starts], [...samples.features.slice(0, filled)], [...samples.values.slice(0, filled)]];
}"""


def drawn(page, config, count, seed=0, skip=0):
    """Samples of the page as rows, (count, features)."""
    starts, features, values = page.evaluate(DRAW, [asked(config, seed), count, skip])
    x = np.zeros((count, config.features))
    x[np.repeat(np.arange(count), np.diff(starts)), features] = values
    return x


@pytest.mark.parametrize("p, low", [(0.02, -1.0), (0.2, 0.0), (0.5, 0.6), (1.0, -0.3)])
def test_samples_have_the_distribution_of_libs(visit, p, low):
    page, count = visit(), 10_000 if p < 0.1 else 2_000
    config = Config(features=20, neurons=1, p=p, low=low)
    x = drawn(page, config, count)
    on, value = x != 0, x[x != 0]
    assert inside_binomial(on.sum(0), count, p), "every feature"
    assert inside_binomial(on.sum(), x.size, p), "all together"
    assert looks_uniform(value, low)
    centred = value - (1 + low) / 2
    for power in (1, 2, 3, 4):
        moments = stats.uniform(-(1 - low) / 2, 1 - low)
        error = np.sqrt((moments.moment(2 * power) - moments.moment(power) ** 2) / len(value))
        assert abs((centred**power).mean() - moments.moment(power)) < stats.norm.isf(RARE) * error, power
    others = [drawn(page, config, count, seed=1), drawn(page, config, count, skip=1)]
    pairs = [(x[:-1], x[1:]), (x[:, :-1], x[:, 1:]), *((x, other) for other in others)]
    for a, b in pairs:
        pair, room = stats.norm.isf(RARE / 8), np.sqrt(a.size)
        for of in (lambda v: v != 0, np.abs, np.asarray):
            if of(a).std() and of(b).std():
                assert abs(np.corrcoef(of(a).ravel(), of(b).ravel())[0, 1]) * room < pair, "no correlation"


def test_first_weights_are_normal(visit):
    draw = "seed => [...trainer.begin({ ...training.DEFAULTS, init_scale: 0.01, seed }).weights]"
    page = visit()
    one, two = (np.array(page.evaluate(draw, seed)) for seed in (0, 1))
    assert stats.kstest(one, stats.norm(0, 0.01).cdf).pvalue > RARE
    assert abs(np.corrcoef(one, two)[0, 1]) * np.sqrt(len(one)) < stats.norm.isf(RARE)
    assert one.tolist() == page.evaluate(draw, 0)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_readings_are_libs(visit, activation):
    rng, (F, N) = np.random.default_rng(1), (12, 5)
    w_in, columns = rng.normal(0.2, 0.3, (2, N, F)).astype(np.float32)
    about = [w_in.ravel().tolist(), columns.ravel().tolist(), {"features": F, "neurons": N, "activation": activation}]
    is_ = visit().evaluate("([w_in, columns, config]) => trainer.readings({ w_in, columns }, config)", about)
    network = Network(jnp.asarray(w_in), jnp.asarray(columns.T), activation)
    slopes, given = np.asarray(measure.slopes(network)), measure.contributions(network)
    np.testing.assert_allclose(is_["slopes"], slopes, rtol=1e-4, atol=1e-6)
    assert is_["served"] == pytest.approx(float(measure.participation_ratio(slopes)), rel=1e-4)
    kept = slopes >= N / F / 2
    assert is_["hands"] == pytest.approx(float(measure.participation_ratio(given)[kept].mean()), rel=1e-4)
    sets = [[n in carriers for carriers in is_["sets"]] for n in range(N)]
    assert sets == measure.carriers(network).tolist()


@pytest.mark.parametrize("q", [1.5, 2.0, 2.5, 4.0, 8.0])
def test_marks_of_the_loss(visit, q):
    page = visit()
    ask = lambda config: page.evaluate("config => trainer.marks(config)", asked(config, 0))
    for config in (Config(exponent=q), Config(exponent=q, p=0.3, low=-0.5, features=9, neurons=4)):
        naive = config.p * (1 - config.neurons / config.features) / ((q + 1) * (1 - config.low))
        found = ask(config)
        assert found["naive"] == pytest.approx(naive)
        least = rare_limit.least_loss(q, config.features, config.neurons)
        assert found["alone"] == pytest.approx(naive * least)
    assert ask(Config())["naive"] == pytest.approx(bounds.naive_metrics(Config())["l4"])
    signed = Config(target="identity", exponent=q, low=-0.5, p=0.1)
    x = np.linspace(-0.5, 1, 200_001)
    errors = np.abs(np.where(np.arange(100) < 10, 1, 0)[:, None] * np.maximum(x, 0) - x) ** q
    assert ask(signed)["naive"] == pytest.approx(0.1 * errors.mean(), rel=1e-4)
    assert ask(Config(features=9, neurons=9))["alone"] == ask(Config(features=9, neurons=9))["naive"] == 0


def test_its_networks_end_as_libs_do(visit):
    """Sixteen each of a short training; `make page` holds the post's own."""
    config = Config(features=20, neurons=4, p=0.1, batch=128, steps=200, learning_rate=0.01, seeds=16)
    networks, _ = train.trained(config)
    table = page_trainings.beside(visit(), networks, config, Measurement(samples=4096, inputs=4096, k_max=20))
    assert table.z.abs().max() < stats.norm.isf(RARE / len(table)), table
    assert 0.2 < table.page["slope_mean"] < 0.9


# ---- the page


def begin(page, **changes):
    """An experiment, at full speed."""
    page.evaluate("changes => training.begin({ ...training.DEFAULTS, ...changes })", changes)
    page.uncheck("#slow")


def test_an_address_is_an_experiment(visit, path):
    page = visit()
    assert page.evaluate("location.hash") == ""
    page.goto(f"{path.as_uri()}#p=0.1&q=2.3&seed=3&features=5&neurons=2&steps=50&batch=32")
    page.reload()
    page.evaluate("training.ready")
    config = page.evaluate("training.config")
    assert config["p"] == 0.1 and config["exponent"] == 2.3 and config["seed"] == 3 and config["neurons"] == 2
    assert page.input_value("#knob-activation") == "relu"
    assert page.get_attribute("#knob-exponent", "aria-valuetext") == "2.3"
    page.click("#go")
    first = wait(page)
    assert first["step"] == 50 and len(first["losses"]) == 50
    page.click("#again")
    page.click("#go")
    assert wait(page)["losses"] == first["losses"], "an address decides the numbers"
    page.select_option("#knob-target", "identity")
    assert "target=identity" in page.evaluate("location.hash") and page.evaluate("training.run.step") == 0


@pytest.mark.parametrize(
    "address, said",
    [
        ("p=banana", "p = banana does not fit: a number from 0.000001 to 1"),
        ("p=0", "does not fit"),
        ("p=", "does not fit"),
        ("features=3&neurons=5", "more neurons (5) than features (3): 3 it is"),
        ("neurons=2.5", "a whole number from 1 to 40"),
        ("activation=tanh", "one of relu, abs, gelu and linear"),
        ("wings=2", "there is no “wings” to set"),
        ("__proto__=1&toString=2&steps=1e99", "does not fit"),
        ("steps=Infinity&batch=NaN&seed=-1&q=<b>", "does not fit"),
        ("%%%&&==", ""),
    ],
)
def test_nonsense_in_an_address_is_one_line(visit, path, address, said):
    page = visit()
    page.goto("about:blank")
    page.goto(f"{path.as_uri()}#{address}")
    sync_api.expect(page.locator("#news")).to_contain_text(said or "Step 0")
    assert page.inner_text("#news").count("\n") == 0 and page.is_enabled("#go")


@pytest.mark.parametrize(
    "changes",
    [
        {"p": 1, "neurons": 1, "features": 2, "steps": 3, "batch": 1},
        {"features": 200, "neurons": 40, "steps": 2, "batch": 64, "p": 1},
        {"features": 2, "neurons": 2, "steps": 1, "batch": 8},
        {"p": 1e-6, "steps": 5, "batch": 8, "activation": "gelu", "target": "identity"},
    ],
    ids=str,
)
def test_whatever_the_sliders_allow_runs_and_comes_on_the_stage(visit, changes):
    page = visit(viewport={"width": 360, "height": 800})
    begin(page, **changes)
    page.click("#one")
    page.click("#go")
    run = wait(page)
    assert run["step"] == changes["steps"] and not run["fault"]
    page.click("#up")
    assert page.locator("#in button").count() == changes.get("features", 100)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for chip in page.query_selector_all("#ask button"):
        chip.click()
        text = page.inner_text("#said")
        assert len(text) > 40 and not re.search("NaN|undefined|Infinity", text)
    page.fill("#k", str(changes.get("features", 100)))
    assert "NaN" not in page.inner_text("#score")
    page.click("#unstage")
    assert page.locator("#in button").count() == 100 and page.is_hidden("#staged")


def test_divergence_is_one_line(visit):
    page = visit()
    for rate, said in ((10, "diverged"), (0.01, "")):
        begin(page, features=10, neurons=3, p=0.5, exponent=8, steps=200, batch=16, learning_rate=rate)
        page.click("#go")
        wait(page)
        assert said in page.inner_text("#verdict") and (said or not page.inner_text("#verdict"))
    assert page.inner_text("#go") == "Train again"


def test_it_stops_when_told_and_goes_on(visit):
    page = visit()
    begin(page, steps=50_000)
    page.click("#go")
    sync_api.expect(page.locator("#go")).to_have_text("Pause")
    page.wait_for_timeout(300)
    page.click("#go")
    wait(page)
    sync_api.expect(page.locator("#go")).to_have_text("Go on")
    step = page.evaluate("training.run.step")
    page.wait_for_timeout(200)
    assert page.evaluate("training.run.step") == step and 0 < step < 50_000
    page.click("#one")
    sync_api.expect(page.locator("#news")).to_contain_text(f"Step {step + 1:,} of")
    page.click("#up")
    assert page.evaluate("live.nets.length") > 1 and "After" not in page.inner_text("#said")
    page.focus("#again")
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#news")).to_contain_text("Step 0 of")


def test_an_experiment_says_whether_it_happened(visit):
    page = visit(reduced_motion="reduce")
    page.click("text=Three features, two neurons")
    assert "where does the third arrow go?" in page.inner_text("#guess") and page.is_visible("#plane")
    page.uncheck("#slow")
    page.click("#go")
    run = wait(page)
    slopes = sorted(run["is"]["slopes"])
    np.testing.assert_allclose(slopes, [0.63, 0.69, 0.69], atol=0.015)
    sync_api.expect(page.locator("#verdict")).to_contain_text("It happened.")
    assert "feature 0 on neuron" in page.get_attribute("#plane", "aria-label")
    sync_api.expect(page.locator("#train-status")).to_contain_text("It happened.")


def test_the_weights_can_be_taken_home(visit, tmp_path):
    page = visit()
    begin(page, features=6, neurons=3, steps=20, batch=64, p=0.2, target="identity", activation="abs", exponent=3)
    page.click("#go")
    wait(page)
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename.endswith(".safetensors")
    download.value.save_as(tmp_path / "mine.safetensors")
    network, config = downloaded.read(tmp_path / "mine.safetensors")
    expected = Config(
        features=6, neurons=3, steps=20, batch=64, p=0.2, target="identity", activation="abs", exponent=3, seeds=1
    )
    assert config == expected and network.w_in.dtype == jnp.float32
    page.click("#up")
    x = np.random.default_rng(0).uniform(-1, 1, 6)
    y = page.evaluate("x => [...live.forward(live.nets.at(-1), x, [0, 1, 2, 3, 4, 5]).y]", x.tolist())
    np.testing.assert_allclose(network(jnp.float32(x)), y, rtol=1e-4, atol=1e-6)


def test_the_page_allows_only_its_own_scripts(visit):
    page = visit()
    policy = page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    scripts = re.search("script-src ([^;]*);", policy)[1].split()
    assert len(scripts) == 3 and all(source.startswith("'sha256-") for source in scripts)
    assert "default-src 'none'" in policy and "worker-src blob:" in policy


@pytest.mark.parametrize("width, scheme", [(360, "dark"), (1280, "light")])
def test_it_fits_and_is_named(visit, width, scheme):
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
    for chip in page.query_selector_all("#tries button"):
        chip.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    begin(page, features=3, neurons=2, steps=5, batch=16)
    page.click("#go")
    wait(page)
    unnamed = "[...document.querySelectorAll('canvas')].filter(c => c.offsetParent && !c.ariaLabel).length"
    assert page.evaluate(unnamed) == 0
    small = "[...document.querySelectorAll('#train button, #train select')].filter(b => b.offsetHeight < 24).length"
    assert page.evaluate(small) == 0
