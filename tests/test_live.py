"""The page that runs the network: its numbers are lib's, in a real browser, and it answers clicks and keys."""

import base64
import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright import sync_api

from lib import measure, model, paths, store, train
from lib.config import CHUNK, Config
from lib.model import Network
from lib.publish import live

CONFIG = Config(steps=100, batch=128, learning_rate=0.03, seeds=2)  # with the paper's features, neurons and moments
LAST = 13


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The page, from a short training."""
    folder = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "STORE", folder / "store")
        live.write(folder / "paper" / "live.html", CONFIG)
        live.write(folder / "again.html", CONFIG)
    return folder / "paper" / "live.html"


@pytest.fixture(scope="module")
def weights(path):
    """What the page carries: its steps, and the networks at them, one behind the other."""
    about = json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(encoding="utf-8"))[1])
    flat = np.frombuffer(base64.b64decode(about["weights"]), "<f4").reshape(len(about["steps"]), 2, -1)
    shapes = (-1, CONFIG.neurons, CONFIG.features), (-1, CONFIG.features, CONFIG.neurons)
    return about["steps"], Network(*(jnp.array(flat[:, n].reshape(shape)) for n, shape in enumerate(shapes)))


@pytest.fixture
def visit(path, browser):
    """Opens the page from the file system; whatever is done to it, it asks for nothing else and reports no error."""
    bad, contexts = [], []

    def visit(clock=False, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: bad.append(message.text))
        page.on("pageerror", lambda error: bad.append(str(error)))
        page.on("request", lambda request: bad.append(request.url) if request.url != path.as_uri() else None)
        if clock:
            page.clock.install()
        page.goto(path.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not [what for what in bad if not what.startswith(("data:", "blob:null/"))]  # the latter is the trainer


def silenced(network, neurons):
    return Network(network.w_in[...] * ~np.isin(np.arange(CONFIG.neurons), neurons)[:, None], network.w_out[...])


@jax.jit
def overload(network, rank, value, loads):
    return measure.overload(network, CONFIG, rank, value, loads)


def errors(network, x, on):
    """`measure.overload` of a single input, of which it is given as many samples as it wants."""
    rank = np.argsort(np.argsort(~on, kind="stable"))
    rank, value = (np.repeat(column[:, None], CHUNK, 1) for column in (rank, x.astype(np.float32)))
    found = overload(network, rank, value, np.array([max(1, on.sum())]))
    return {name: float(values[0]) for name, values in found.items()}


def test_the_page_is_one_small_file_of_the_same_bytes(path):
    page = path.read_bytes()
    assert len(page) < 500_000
    assert page == (path.parents[1] / "again.html").read_bytes()
    assert not re.search(rb"https?:|src=|@\w+@", re.sub(rb"img-src", b"", page))
    assert not list(path.parent.glob("*.part"))


def test_it_carries_the_first_network_as_it_learns(weights, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "STORE", tmp_path)
    steps, networks = weights
    assert steps == [0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100]
    start = model.at(train.starts(CONFIG)[0], 0)
    trained = model.at(store.networks(CONFIG), 0)
    for moment, network in ((0, start), (LAST, trained)):
        jax.tree.map(np.testing.assert_array_equal, model.at(networks, moment), network)
    watched = live.moments(CONFIG, [20, 100])
    np.testing.assert_allclose(networks.w_in[9], watched["w_in"][0], atol=1e-5)
    np.testing.assert_allclose(networks.w_out[LAST], watched["w_out"][1], atol=0.02)  # another program's rounding
    slopes = measure.each(measure.slopes, networks).mean(1)
    assert slopes[0] < 0.01 and slopes[LAST] > 0.2 and (np.diff(slopes[3:]) > 0).all()


def test_forward_pass_and_errors_are_libs(visit, weights):
    """At every step, with none to all features on, whole and with neurons silenced."""
    rng, cases = np.random.default_rng(0), []
    for moment in range(LAST + 1):
        for k, neurons in ((1, []), (2, [moment % 10]), (20, [1, 2]), (100, [])):
            on = rng.permutation(CONFIG.features) < k
            x = rng.uniform(-1, 1, CONFIG.features) * on
            cases.append((moment, x.tolist(), np.flatnonzero(on).tolist(), neurons))
    cases.append((LAST, [0.0] * CONFIG.features, [], []))
    answers = visit().evaluate(
        """cases => cases.map(([moment, x, on, neurons]) => {
            const silent = Array(10).fill(false).map((_, n) => neurons.includes(n));
            const { before, after, y } = live.forward(live.nets[moment], x, on, silent);
            const plan = live.naive(x);
            const all = { before: [...before], after: [...after], y: [...y], plan: [...plan] };
            return { ...all, error: live.errors(y, x, on), planError: live.errors(plan, x, on) };
        })""",
        cases,
    )
    for (moment, x, on, neurons), answer in zip(cases, answers, strict=True):
        network, x, plan = silenced(model.at(weights[1], moment), neurons), np.array(x, np.float32), model.naive(CONFIG)
        before = network.w_in @ x
        expected = {"before": before, "after": network.activate(before), "y": network(x), "plan": plan(x)}
        for name, value in expected.items():
            np.testing.assert_allclose(answer[name], value, rtol=1e-5, atol=1e-6, err_msg=name)
        switched = np.isin(np.arange(CONFIG.features), on)
        for name, which in (("error", network), ("planError", plan)):
            assert answer[name] == pytest.approx(errors(which, x, switched), rel=1e-5, abs=1e-9)


def test_random_inputs_are_measured_as_lib_measures_them(visit, weights):
    page = visit()
    loads, orders, values = page.evaluate("[live.LOADS, live.DRAWS.map(d => d.order), live.DRAWS.map(d => [...d.x])]")
    rank, value = np.argsort(orders).T, np.array(values, np.float32).T
    assert rank.shape == (CONFIG.features, CHUNK) and loads[0] == 1 and loads[-1] == CONFIG.features
    silent = "Array(10).fill(false).map((_, n) => n === 3)"
    network = f"(x, on) => live.forward(live.nets[{LAST}], x, on, {silent}).y"
    plans = {network: silenced(model.at(weights[1], LAST), [3]), "live.naive": model.naive(CONFIG)}
    for name, plan in plans.items():
        found = page.evaluate(f"live.LOADS.map(k => live.over({name}, k))")
        for kind, curve in overload(plan, rank, value, np.array(loads)).items():
            ours = [answer[kind] for answer in found]
            np.testing.assert_allclose(ours, curve, rtol=1e-5, err_msg=f"{name} {kind}")
    assert abs(value.mean()) < 0.02 and value.var() == pytest.approx(1 / 3, rel=0.02)  # Uniform(-1, 1)
    assert np.abs(rank.mean(1) - 49.5).max() < 4 * 28.9 / CHUNK**0.5  # every feature in every place of the order


def number(value):
    """As the page writes it."""
    return f"{value:.2f}".replace("-", "−")


def said(page):
    return page.inner_text("#said")


def test_it_starts_with_a_usual_feature_that_the_plan_drops(visit, weights):
    page = visit()
    network = model.at(weights[1], LAST)
    response = np.asarray(measure.response(network))
    loss = ((response - np.eye(CONFIG.features)) ** 4).mean(0)
    usual, dropped = page.evaluate("live.usual"), np.sort(loss[CONFIG.neurons :])
    assert loss[usual] == pytest.approx(dropped[len(dropped) // 2], rel=1e-5)
    assert page.evaluate("[...live.state.on]") == [[usual, 1]]
    assert f"no neuron for feature {usual} and returns nothing" in said(page)
    assert f"The network returns {number(response[usual, usual])}" in said(page)
    share = loss[usual] * CONFIG.features
    assert share < 1 and f"error is {round(100 * share)}\u202f% of the plan's" in said(page)
    texts = "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
    rows = page.eval_on_selector_all("#rows tr", texts)
    assert [row[0] for row in rows] == ["L4", "active only", "all outputs"]
    x = np.eye(CONFIG.features)[usual]
    for row, kind in zip(rows, ("l4", "active", "mse"), strict=True):
        for cell, plan in ((row[1], network), (row[2], model.naive(CONFIG))):
            assert float(cell) == pytest.approx(errors(plan, x, x > 0)[kind], rel=0.06)


def test_clicks(visit, weights):
    page = visit()

    def shows(moment, values, neurons=()):
        x = np.array([values.get(i, 0) for i in range(CONFIG.features)], np.float32)
        expected = silenced(model.at(weights[1], moment), list(neurons))(x)
        np.testing.assert_allclose(page.evaluate("[...live.now().y]"), expected, atol=1e-5)

    pressed = lambda: page.eval_on_selector_all("#in [aria-pressed=true]", "cells => cells.map(c => c.ariaLabel)")
    page.click("#clear")
    assert pressed() == [] and "Nothing is on" in said(page)
    shows(LAST, {})
    page.click("#in button >> nth=3")
    page.click("#in button >> nth=37")
    assert pressed() == ["feature 3", "feature 37"]
    shows(LAST, {3: 1, 37: 1})
    assert "Of them the plan returns 1 perfectly and drops 1." in said(page)
    for neuron, silent in ((2, [2]), (5, [2, 5]), (2, [5])):
        page.click(f"#neurons button >> nth={neuron}")
        marked = page.get_attribute(f"#neurons button >> nth={neuron}", "aria-pressed") == "true"
        assert marked == (neuron in silent) and ("Neuron 2 is silent" in said(page)) == (silent == [2])
        shows(LAST, {3: 1, 37: 1}, silent)
    page.click("#sound")
    page.click("#in button >> nth=3")
    page.fill("#value", "-0.5")  # of the feature touched last, which that switches on again
    shows(LAST, {3: -0.5, 37: 1})
    page.fill("#moment", "5")
    shows(5, {3: -0.5, 37: 1})
    assert "After 5 of 100 training steps" in said(page)
    page.fill("#k", "7")
    first = pressed()
    page.click("#draw")
    assert len(first) == len(pressed()) == 7 and first != pressed()
    for chip in page.query_selector_all("#ask button"):
        chip.click()
        assert chip.get_attribute("aria-pressed") == "true" and len(said(page)) > 80
    assert page.evaluate("live.state.moment") == 0 and "Before any training" in said(page)


def test_collisions_are_those_of_the_response(visit, weights):
    """The two dropped features that take most from each other, alone and together."""
    page = visit()
    network = model.at(weights[1], LAST)
    response = np.array(measure.response(network))
    mutual = (response + response.T)[CONFIG.neurons :, CONFIG.neurons :]
    mutual = mutual[~np.eye(len(mutual), dtype=bool)]
    for chip, extreme in (("Two that collide", mutual.min()), ("Two that help", mutual.max())):
        page.click(f"text={chip}")
        i, j = sorted(page.evaluate("[...live.state.on.keys()]"))
        assert response[i, j] + response[j, i] == pytest.approx(extreme, abs=1e-5)
        together = network(np.isin(np.arange(CONFIG.features), [i, j]).astype(np.float32))
        for feature in (i, j):
            alone = number(response[feature, feature])
            told = f"output {feature} is at {number(together[feature])} (alone it would be {alone})"
            assert told in said(page)


def test_keys(visit):
    page = visit()
    usual = page.evaluate("live.usual")
    focused = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.id"
    assert page.locator("#in [tabindex='0']").count() == page.locator("#neurons [tabindex='0']").count() == 1
    press = lambda keys: [page.keyboard.press(key) for key in keys.split()] and page.evaluate(focused)
    page.focus("#in [tabindex='0']")
    arrows = " Arrow".join("Home Down Right Right Left Up Left Left Down Down".split())
    assert press(arrows) == press("Space") == "feature 20"
    assert sorted(page.evaluate("[...live.state.on.keys()]")) == sorted([20, usual])
    press("End Enter")
    assert page.evaluate("live.state.on.get(99)") == 1
    assert press("Tab").startswith("neuron 0, at ")
    press("ArrowDown Space")
    assert page.evaluate("live.state.silent.indexOf(true)") == 1
    assert press("Tab") == "value"
    press("ArrowLeft")
    assert page.evaluate("live.state.on.get(99)") == pytest.approx(0.99)
    page.focus("#moment")
    press("Home")
    assert page.evaluate("live.state.moment") == 0
    assert page.get_attribute("#moment", "aria-valuetext") == "step 0 of 100"
    sync_api.expect(page.locator("#status")).to_have_text(said(page))  # a moment later
    assert page.get_attribute("#plan", "aria-label") == "Outputs of the plan. The loudest: none."


def test_it_can_be_watched_while_it_learns(visit):
    page = visit(clock=True)
    page.click("#play")
    assert page.evaluate("live.state.moment") == 0 and page.inner_text("#play") == "Stop"
    page.clock.run_for(500 * (LAST + 2))
    assert page.evaluate("live.state.moment") == LAST and page.inner_text("#play") == "Watch it learn"
    still = visit(reduced_motion="reduce")
    for moment in (0, 1, 2):
        still.click("#play")
        assert still.evaluate("live.state.moment") == moment and still.inner_text("#play") == "Watch it learn"


@pytest.mark.parametrize("width, scheme", [(360, "dark"), (768, "light"), (1280, "dark")])
def test_nothing_overflows_and_without_javascript_it_says_what_it_needs(visit, width, scheme):
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert "JavaScript" in visit(java_script_enabled=False).inner_text("noscript")
    for chip in page.query_selector_all("#ask button"):
        chip.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = int(re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[0]) < 128
    assert dark == (scheme == "dark")
    assert page.evaluate("[...document.querySelectorAll('button')].every(b => b.ariaLabel || b.textContent)")
    assert page.evaluate("[...document.querySelectorAll('input')].every(i => i.labels.length === 1)")
    sizes = (
        "[...document.querySelectorAll('button')].filter(b => b.offsetParent).map(b => [b.offsetWidth, b.offsetHeight])"
    )
    assert np.min(page.evaluate(sizes)) >= 24  # WCAG 2.2, target size


def test_axe_finds_nothing(visit):
    page = visit()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_its_footer_leads_on_as_the_site_has_it_in_order(path):
    links = re.findall(r'href="(\w+)\.html" rel="(\w+)"', path.read_text(encoding="utf-8"))
    assert links == [("00_setup", "prev"), ("01_baseline", "next")]
