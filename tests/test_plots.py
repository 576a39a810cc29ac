"""Every figure draws what it is given: values read back from its axes, and numbers as a reader sees them."""

import inspect

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from lib import plots

RNG = np.random.default_rng(0)
X3, X4, X5 = np.arange(1.0, 4), np.arange(1.0, 5), np.arange(1.0, 6)


def some(*shape):
    return RNG.uniform(0.2, 1, shape)


def swept(knob, at, *names, **other):
    """Five networks at each value of a knob."""
    table = pd.DataFrame([(value, seed) for value in at for seed in range(5)], columns=[knob, "seed"])
    return table.assign(**{name: some(len(table)) for name in names}, **other)


# ---- what an axis shows


def line(ax, x, y):
    """A line or row of marks through these points."""
    wanted = np.array(np.broadcast_arrays(x, y), float)
    drawn = [np.array(one.get_data(), float) for one in ax.lines]
    assert any(data.shape == wanted.shape and np.allclose(data, wanted, equal_nan=True) for data in drawn), wanted


def rule(ax, value):
    """A straight line right across the axis."""
    assert any(np.allclose(data, value) for one in ax.lines for data in one.get_data() if len(data) == 2), value


def reaches(ax, x, y):
    """Corners of what is filled, or ends of bars."""
    corners = np.concatenate([path.vertices for one in ax.collections for path in one.get_paths()])
    for point in zip(*np.broadcast_arrays(x, y), strict=True):
        assert np.isclose(corners, point).all(1).any(), point


def band(ax, x, networks):
    """The mean of networks (seeds, points), and the central 95 % of single ones."""
    line(ax, x, np.mean(networks, 0))
    for end in np.percentile(networks, (2.5, 97.5), axis=0):
        reaches(ax, x, end)


def curve(ax, table, knob, name, times=1.0):
    wide = table.pivot(index="seed", columns=knob, values=name)
    band(ax, list(wide), wide.to_numpy() * times)


def bars(ax, lengths):
    """Bars, upright or lying, among them these in a row."""
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    for sizes in ([box.get_height() for box in boxes], [box.get_width() for box in boxes]):
        rows = [sizes[i : i + len(lengths)] for i in range(len(sizes) - len(lengths) + 1)]
        if any(np.allclose(row, lengths) for row in rows):
            return
    raise AssertionError(lengths)


def steps(ax, values, bins, density=False):
    """The outline of a histogram."""
    wanted = np.histogram(values, bins, density=density)[0]
    outlines = [patch.get_xy()[:, 1] for patch in ax.patches if isinstance(patch, Polygon)]
    assert any(all(np.isclose(outline, height).any() for height in wanted) for outline in outlines), wanted


def counted(ax, values):
    """A histogram of one number per network."""
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert sum(box.get_height() for box in boxes) == len(values)
    low, high = boxes[0].get_x(), boxes[-1].get_x() + boxes[-1].get_width()
    assert low - 1e-9 <= min(values) and max(values) <= high + 1e-9 and high - low < 2 * np.ptp(values) + 2


def spanned(ax, values):
    """Bars whose heights add up to the number of values, beside one that shades a range."""
    heights = [patch.get_height() for patch in ax.patches if isinstance(patch, Rectangle)]
    assert np.isclose(sum(heights), len(values) + 1)


def image(ax, square):
    shown = (ax.images or ax.collections)[0].get_array()
    np.testing.assert_allclose(np.ma.filled(shown, np.nan), square)


def outline(ax, number, low, high, turned):
    """Steps from one row of values to another."""
    data = ax.patches[number].get_data()
    np.testing.assert_allclose((data.baseline, data.values), (low, high))
    assert (ax.patches[number].orientation == "horizontal") is turned


def written(ax, places):
    """Words at these places, None for those that are not there."""
    found = {text.get_text(): text.get_position() for text in ax.texts}
    assert found == {word: at for word, at in places.items() if at}


def names(ax, words):
    """What the rows are called."""
    assert [label.get_text() for label in ax.get_yticklabels()] == list(words)


# ---- every figure: its arguments, and what is on which of its panels


def behaviour():
    x = np.where(RNG.random((4, 30)) < 0.4, some(4, 30), 0)
    yield "samples", (x,), (0, image, x[:, :24].T), (1, bars, np.bincount((x != 0).sum(0)))
    losses, slopes = some(3, 5), some(5, 4)
    one = [(1, line, X5, slope) for slope in (*slopes.T, slopes.mean(1))]
    yield "learning", (losses, slopes, 4.0), (0, band, X5, losses), *one
    index, distances = (
        pd.Index(list("ab")),
        {name: pd.Series(some(2), list("ba")) for name in ("relu", "x", "positive")},
    )
    rows = [(0, line, d[["a", "b"]], np.arange(2) + 0.2 * (i - 1)) for i, d in enumerate(distances.values())]
    yield "readings", (distances, pd.Series(["one", "two"], index)), *rows, (0, names, ["one", "two"])
    error, naive = some(3, 4), np.array([0.0, 0, 1, 1])
    lines = (0, line, X4, naive), (0, rule, 0.5), (0, line, X4, np.sort(error[0]))
    yield "feature_errors", (error, naive), (0, band, X4, np.sort(error, 1)), *lines
    yield "error_over_networks", (error.mean(1), 0.4), (0, counted, error.mean(1)), (0, rule, 0.4)
    curves, wanted = some(4, 3), some(3)
    both = [(0, line, X3, curves[2]), (0, line, X3, wanted), (1, line, X3, curves[0])]
    yield "responses", (X3, curves, wanted, {2: "best", 0: "worst"}), *both
    slopes, bins = some(3, 4), lambda values: np.linspace(values.min(), values.max(), 40)
    density = np.histogram(slopes, bins(slopes), density=True)[0]
    own = (0, steps, slopes[0], bins(slopes), True)
    yield "slope_spread", (slopes, 0.4), (0, bars, density), own, (0, rule, 0.4), (1, counted, slopes.mean(1))
    right = (1, counted, [0.1, 0.2, 0.4]), (1, rule, 0.3)
    yield "slope_against_error", (slopes, error, np.array([0.1, 0.2, 0.4]), 0.3), (0, line, slopes[0], error[0]), *right
    at, sd = some(2, 3), some(2, 3)
    plain = {"id": np.repeat(list("ba"), 3), "samples": [*X3] * 2, "mean": at.ravel(), "sd": sd.ravel()}
    means = (0, line, X3, at[1]), (1, line, X3, at[0])
    shown = pd.DataFrame(plain), pd.Series({"a": 0.3, "b": 0.7})
    yield "evaluation_noise", shown, *means, (0, rule, 0.3), (1, rule, 0.7)
    response = np.array([[9.0, 0.1, -0.4], [0.3, 9, 0.2], [-0.2, 0.5, 9]])
    pushed = (0, bars, [0.2]), (0, bars, [-0.4]), (0, bars, [9])
    yield "one_feature", (response[:, 2], 2), *pushed
    entries = some(99)
    sides = (0, steps, entries, 80), (1, counted, error.min(1)), (1, rule, -0.3)
    yield "crosstalk", (entries, error.min(1), -0.3), *sides
    trained, naive = some(5, 3), np.array([0.5, 0.25, 0.5])
    lines = (0, line, X3, naive), (0, line, [20], [0.4])
    yield "overload", (X3, trained, naive, 0.4), (0, band, X3, trained), *lines


def structure():
    m = some(3, 3)
    yield "folded_map", (m,), (0, image, m), (1, image, m * (1 - np.eye(3)))
    signal, load, singular = np.array([0.2, 0.9, 0.5]), np.array([0.1, 0.2, 0.3]), -np.sort(-some(5, 3), 1)
    relative = [(1, line, X3, one / one[0]) for one in singular]
    sorted_by_signal = (0, line, range(3), [0.9, 0.5, 0.2]), (0, line, range(3), [0.2, 0.3, 0.1])
    yield "budget", (signal, load, singular), *sorted_by_signal, *relative
    error = some(3)
    yield "crosstalk_against_error", (load, error, signal), (0, line, load, error), (1, line, load, signal)
    w_in, w_out = np.array([[0.3, -0.1], [-0.2, 0.4]]), np.array([[0.5, -0.6], [-0.7, 0.8]])
    sides = (0, line, [0.3, 0.4], [0.5, 0.8]), (0, line, [-0.1, -0.2], [-0.7, -0.6])
    yield "tied_weights", (w_in, w_out), *sides
    weights = np.array([[0.1, -0.3, 0.2], [-0.1, -0.2, 0.4]])
    nan = np.nan
    above = (0, line, X3, [0.2, 0.1, nan]), (0, line, X3, [0.4, nan, nan])
    below = (0, line, X3, [nan, nan, -0.3]), (0, line, X3, [nan, -0.1, -0.2])
    yield "sorted_weights", (weights,), *above, *below
    values = some(3, 2)
    right = (1, bars, [0.1]), (1, spanned, values.ravel())
    yield "specialization", (values, (0.2, 0.3)), (0, bars, np.sort(values[0])), *right
    counts = some(5, 3)
    yield "touched", (X3, counts, 2.0, 0.4), (0, band, X3, counts), (0, rule, 2.0), (0, line, [2.0], [0.4])
    change = np.array([[0.1, 0.0], [0.0, 0.2], [0.3, -0.1]])
    both = [(k, line, X3, lost) for k in (0, 1) for lost in ([0.3, 0.1, 0], [0.2, 0, -0.1])]
    yield "ablation", (change, 0.05), *both, (0, rule, 0.05), (1, rule, 0.05)
    pairs, overlap, shares = some(60), some(5, 3), some(5, 3)
    left = (0, steps, pairs, 30), (0, rule, 0.3), (0, rule, 0.25)
    chance = (shares / (2 - shares)).mean(0)
    right = (1, band, X3, overlap), (1, line, X3, chance), (1, rule, 2.0), (1, line, [2], [0.3])
    yield "footprint_overlap", (pairs, 0.4, X3, overlap, shares, 2.0, 0.3), *left, *right


def by_metric():
    three = {"active": "A", "mse": "M", "l4": "L"}
    naive = pd.DataFrame({"plan": "naive plan", "metric": [*three], "error": [0.5, 0.1, 0.2]})
    ours = pd.DataFrame({"plan": "trained", "metric": np.repeat([*three], 3), "error": [0.2, 0.3, 0.7] * 3})
    table = pd.concat([naive, ours])
    ratios = some(5, 3)
    marks = [(0, line, [0.4 / naive], [at]) for naive, at in ((0.5, -0.22), (0.1, 0), (0.2, 0.22))]
    yield "plans", (table, three, X3, {"trained": ratios}), *marks, (1, band, X3, ratios), (0, rule, 1), (1, rule, 1)
    by_plan = {metric: {"trained": some(5, 3)} for metric in three}
    panels = [(k, band, X3, by_plan[metric]["trained"]) for k, metric in enumerate(three)]
    yield "crossings", (X3, by_plan, three, 2.0), *panels, (1, rule, 2.0), (2, rule, 1)


def conclusion():
    words = {"reproduced": ["like one network", "unlike one network", "like one network"]}
    words |= {"origin": ["learned", "shown by random codes", "learned"]}
    words |= {"metric": ["", "depends on the metric", ""], "future": ["", "shifts with training", ""]}
    ours = {"mean": [1.0, 2, 3], "sd": [0.1, 0.5, 0], "low": [0.8, 1, 3], "high": [1.2, 3, 3]}
    ours |= {"low_of_all": [0.7, 0.5, 3], "high_of_all": [1.3, 3.5, 3]}
    published = {"published_low": [0.95, 3.9, 3], "published_high": [1.05, 4.1, 3]}
    claims = pd.DataFrame(ours | published | words, index=list("abc"))
    ends = [(0, reaches, at, [0, 1]) for at in ([-2, -2], [2, 2], [-3, -3], [3, 3])]
    yield "findings", (claims,), (0, line, [0], [0]), (0, line, [3.8], [1]), *ends, (0, names, "ab")
    answers = ["yes", "learned", "no comparison", "stays"]
    answers += ["no", "random codes", "depends on it", "shifts"]

    def told(ax, said):
        assert [text.get_text() for text in ax.texts][: len(said)] == said

    yield "verdicts", (claims,), (0, names, "abc"), (0, told, answers)
    pairs = pd.MultiIndex.from_product([["a", "b"], ["frame", "sums"]], names=["id", "null"])
    effects = pd.DataFrame(some(4, 3), pairs, ["effect", "low", "high"])
    marks = [(0, line, effects.effect[null::2], np.arange(2) + 0.14 * (null - 0.5)) for null in (0, 1)]
    yield "beside_nulls", (effects, 0.1), *marks, (0, names, "ab")
    every = {"trained": some(3, 40), "random": some(3, 40), "dealt": some(3, 40)}
    overlaps, pooled = {name: some(9) for name in every}, np.concatenate([v.ravel() for v in every.values()])
    bins = np.linspace(*np.percentile(pooled, [0.1, 99.9]), 80)
    ends = np.concatenate(list(overlaps.values()))
    right = [(1, steps, values, np.linspace(ends.min(), ends.max() + 1e-9, 25)) for values in overlaps.values()]
    yield "fairness", (every, overlaps), *[(0, steps, values, bins, True) for values in every.values()], *right
    sweep = pd.DataFrame({"rate": [0.1, 0.2], "mean": [0.4, 0.3], "from": [0.3, 0.25], "to": [0.5, 0.4]})
    sweep = sweep.assign(kind="ReLU", error=[0.01, -0.02], features=100, neurons=[10, 20], seeds=16)
    ends = [(0, reaches, [0.1, 0.2], sweep[end]) for end in ("from", "to")]
    points = (0, line, [0.1, 0.2], sweep["mean"]), (1, line, [0.1, 0.2], [1, -2])
    yield "slope_theory", (X3, {"ReLU": X3}, sweep), (0, line, X3, X3), *points, *ends
    points = (0, line, [10, 5], sweep["mean"]), (0, reaches, [10, 5], sweep["to"]), (0, line, [10], [0.38])
    yield "slope_widths", (np.array([5, 10]), [0.2, 0.4], sweep, (10, 0.38)), (0, line, [20, 10], [0.2, 0.4]), *points
    theories = ("loss, trained", "loss, least crosstalk", "loss, sets")
    sweep = pd.DataFrame({"kind": list("aabb"), "rate": [0.1, 0.2] * 2, **dict(zip(theories, some(3, 4), strict=True))})
    shown = [(k, line, [0.1, 0.2], sweep[sweep.kind == kind][name]) for k, kind in enumerate("ab") for name in theories]
    yield "loss_theory", (sweep,), *shown
    measured = some(2, 3)
    rows = [(0, line, values / value, row) for row, (values, value) in enumerate(zip(measured, (2, 4), strict=True))]
    yield "chance", ("ab", measured, (2, 4)), *rows, (0, rule, 1), (0, names, "ab")
    rate = {"median": 50.0, "low": 40.0, "high": 70.0}
    rates = {"rates": {"1": rate, "10": rate | {"median": 45.0}}, "exponents": {"time": 1.0}}
    bench = {
        "network-steps per second": {"ours": rate, "torch": rate | {"median": 60.0}},
        "growth": dict.fromkeys("ab", rates),
    }
    growth = (1, line, [1, 10], [1e6 / 50, 1e6 / 45]), (1, reaches, [1, 1], [1e6 / 40, 1e6 / 70])
    yield "speed", (bench,), (0, bars, [50, 60]), (0, reaches, [40, 70], [0, 0]), *growth


def longer():
    tables = {n: pd.DataFrame({"a": some(5), "still": 1.0}) for n in (10, 100)}
    published = pd.DataFrame({"published": [0.4, 1], "published_to": [0.5, 1]}, index=["a", "still"])
    kinds = pd.Series({"a": "stays", "still": "stays"})
    both = np.stack([table.a for table in tables.values()], 1)
    yield "futures", (tables, published, kinds, 30), (0, band, [10, 100], both), (0, rule, 0.4), (0, rule, 30)
    matrices, sets = {10: some(2, 3), 100: some(2, 3)}, np.array([[False, True, True], [True, False, True]])
    by_set = [(k, image, matrix[:, [2, 1, 0]]) for k, matrix in enumerate(matrices.values())]
    yield "encoders", (matrices, sets), *by_set
    weights = {10: RNG.normal(size=(3, 5, 10)), 100: RNG.normal(size=(3, 5, 10))}
    some_sets = np.arange(5)[:, None] < np.array([2] * 5 + [3] * 5)  # five features on two neurons, five on three
    sets = np.stack(3 * [some_sets])
    means = [weights[100][:, :2, :5].mean(), weights[100][:, :3, 5:].mean()]

    def share(ax, values):
        wanted = 100 * np.histogram(values, np.linspace(-limit, limit, 101))[0] / values.size
        assert any(np.allclose(patch.get_data().values, wanted) for patch in ax.patches)

    limit = max(abs(matrix).max() for matrix in weights.values())
    both = [(k, share, matrix) for k in (0, 1) for matrix in weights.values()]
    marks = [(k, rule, mean) for k in (0, 1) for mean in means]
    yield "levels", (weights, weights, sets, 0.05), *both, *marks, (0, rule, 0.05), (0, rule, -0.05)
    sizes, slopes = {10: some(5, 3), 100: some(5, 3)}, some(4, 3)
    counts = [(0, bars, part.mean(0)) for part in sizes.values()]
    chance = {"load": (some(4), some(4)), "none": (some(4), np.zeros(4))}
    units = [(2, line, values / chance["load"][1].mean(), 0) for values in chance["load"]]
    yield "carriers", (sizes, slopes, chance), *counts, *[(1, line, X3, slope) for slope in slopes], *units
    wired, harmed = ({10: some(5, 3), 100: some(5, 3)} for _ in range(2))
    both = [(k, band, X3, part) for k, parts in enumerate((wired, harmed)) for part in parts.values()]
    yield "thresholds", (wired, X3, harmed, X3, (2.0, 2.5)), *both, (0, rule, 2.0), (1, rule, 2.5)
    trained, made, by_size = some(5, 3), some(4), some(4, 3)
    right = [(1, line, X3, one) for one in (*by_size, by_size.mean(0))]
    left = (0, band, X3, trained), (0, rule, made.mean()), (1, rule, trained[:, -1].mean())
    yield "by_hand", (X3, trained, made, X3, by_size), *left, *right
    usual = pd.concat([swept("steps", [10, 100], "ratio", "rest", task=task) for task in ("A", "B")])
    lines = []
    for _, rows in usual.groupby("task"):
        lines += [(0, line, [10, 100], rows.groupby("steps").ratio.mean())]
        lines += [(0, line, [200], rows.rest[rows.steps == 100].mean())]
    yield "decoder_ratios", (usual,), *lines, (0, rule, 1)


def knobs():
    q = [2.0, 3.0, 4.0, 6.0]
    three = {"NAIVE": X3, "sums": X3 + 1, "random": X3 + 2}
    yield "ties", (X3, three), *[(0, line, X3, values) for values in three.values()], (0, rule, 2)
    labels = {"a": "A", "b": "B", "slope_mean": "S", "loss": "L"}
    theory = {"bound": some(3), "random directions": some(3)}
    table, sparse = swept("exponent", q, *labels, "served", p=0.02), swept("exponent", [2.0, 3.0], "loss", p=0.002)
    panels = [(k, curve, table, "exponent", name) for k, name in enumerate(labels)]
    lines = [(2, line, X3, values) for values in theory.values()]
    yield "by_power", (table, labels, X3, theory, (4, 0.4)), *panels, *lines, (2, line, [4], [0.4])
    both = [(0, curve, table, "exponent", name) for name in labels] + [(1, curve, sparse, "exponent", "loss")]
    lines = [(1, line, X3, values) for values in theory.values()] + [(1, curve, table, "exponent", "loss")]
    yield "errors_by_power", (table, labels, sparse, X3, theory, (4, 0.4)), *both, *lines, (1, line, [4], [0.4])
    passed = {0.5: some(5)}
    near = table[table.exponent.between(2, 3)]
    left = (0, curve, near, "exponent", "served"), (0, rule, 0.5), (1, line, passed[0.5], 0)
    yield "onset", ({"usual": table}, {"usual": passed}, (2.0, 3.0)), *left, (1, names, ["usual"])
    slopes, projection = some(5, 3), some(3)
    encoder = np.array([[0.1, 0.9, 0.5], [0.8, 0.2, 0.3]])
    left = (0, band, X3, -np.sort(-slopes, 1)), (0, line, X3, -np.sort(-projection)), (0, line, X3, [1, 1, 0])
    yield "at_the_tie", (slopes, projection, 2 / 3, encoder), *left, (1, image, encoder[:, [1, 2, 0]])
    kinds = [swept("exponent", q[:2], "loss", "served", start=start) for start in ("small", "naive", "shared")]
    usual, checks = kinds[0].groupby("exponent").loss.mean(), []
    for rows, shift in zip(kinds, (-0.2, 0, 0.2), strict=True):
        excess = 100 * (rows.groupby("exponent").loss.mean() / usual - 1)
        served = rows.groupby("exponent").served.mean()
        checks += [(0, line, [shift, 1 + shift], excess), (1, line, [shift, 1 + shift], served)]
    yield "starts", (pd.concat(kinds),), *checks
    few = swept("exponent", [3.0, 4.0], "a", "b")
    panels = [(k, curve, rows, "exponent", name, 100) for k, name in enumerate("ab") for rows in (table, few)]
    yield "fairness_by_power", ({"usual": table, "long": few}, {"a": "A", "b": "B"}, (0, 9)), *panels
    names_of = {"active": "A", "mse": "M", "l4": "L"}
    table, rivals = swept("p", [0.1, 0.5, 1.0], *names_of), []
    for plan in ("naive plan with a constant", "features summed"):
        rivals += [(p, plan, metric, p + k) for k, metric in enumerate(names_of) for p in (0.1, 1.0)]
    panels = [(k, curve, table, "p", name) for k, name in enumerate(names_of)] + [(2, line, [0.1, 1.0], [2.1, 3.0])]
    rivals = pd.DataFrame(rivals, columns=["p", "plan", "metric", "ratio"])
    yield "tipping", (table, names_of, rivals), *panels, (0, rule, 1)
    six = {name: name for name in ("slope_mean", "loss", "load", "a", "b", "c")}
    table = swept("p", [0.1, 0.5, 1.0], *six)
    theory = {"rectified": (X3, some(3)), "linear": (X3, some(3))}
    panels = [(k, curve, table, "p", name) for k, name in enumerate(six)]
    yield "instead", (table, theory, six), *panels, *[(0, line, *at) for at in theory.values()]
    yield "encoders_by_p", ({0.1: encoder, 0.5: encoder},), *[(k, image, encoder[:, [1, 2, 0]]) for k in (0, 1)]
    order, up, across = some(4, 3), (X3 + 1, X3 + 2), (X4 / 20, X4 / 10)
    edges = {"served": ("p", *up), "learned": ("q", *across)}
    inside = np.arange(12).reshape(4, 3)
    drawn = (
        (0, outline, 0, *up, False),
        (1, outline, 1, *across, True),
        (0, written, {"few": (1 / 9, 3), "none": None}),
    )
    parts = {"few": inside == 3, "none": inside < 0}
    yield "phases", (X3 / 9, X4 + 1, {"A": ("a", order), "B": ("b", order)}, edges, parts), (0, image, order), *drawn
    biased = pd.concat([swept("p", [0.1, 0.5], "loss", "served", biases=kind) for kind in ("none", "hidden", "both")])
    plan = pd.DataFrame({"plan": "naive plan with a constant", "metric": "l4", "p": [0.1, 0.5], "ratio": [0.9, 0.4]})
    each = [(i, line, [0.1, 0.5], rows.groupby("p")[name].mean()) for i, name in enumerate(("loss", "served"))
            for _, rows in biased.groupby("biases")]  # fmt: skip
    kinds = {"none": "no biases", "hidden": "of neurons", "both": "of outputs, too"}
    yield "biases", (biased, kinds, plan), (0, line, [0.1, 0.5], [0.9, 0.4]), *each


def weights_and_widths():
    w = [1.0, 10.0, 100.0]
    columns = [f"{name}_{group}" for name in ("slope", "error", "load", "tilt") for group in ("favoured", "others")]
    one, two = (swept("importance", w, *columns) for _ in range(2))
    theory = some(2, 3)
    given = (
        {"small": one, "naive": two},
        {name: name for name in ("slope", "error", "load", "tilt")},
        np.array(w),
        {"even": theory},
    )
    checks = [
        (0, curve, one, "importance", "slope_favoured"),
        (0, line, w, two.groupby("importance").slope_others.mean()),
    ]
    checks += [(0, line, w, slopes) for slopes in theory]
    tilt = one.assign(shown=one.tilt_favoured / one.tilt_others)
    yield "by_weight", given, *checks, (3, curve, tilt, "importance", "shown"), (3, line, w, np.power(w, 0.25))
    pairs = [f"{kind}_{where}" for kind in ("overlap", "chance") for where in ("favoured", "others", "between")]
    tables = {n: swept("importance", w, *pairs, "footprints", "footprints_chance") for n in ("small", "naive")}
    checks = []
    for k, table in enumerate(tables.values()):
        table = table.assign(shown=table.overlap_between / table.chance_between)
        checks += [(k, curve, table, "importance", "shown"), (k, rule, 1)]
        table = table.assign(shown=table.footprints / table.footprints_chance)
        checks += [(2, curve, table, "importance", "shown")]
    yield "overlap_by_group", (tables,), *checks
    tables = {n: swept("importance", w, "loss", "served") for n in "abcde"}
    usual, checks = tables["a"].groupby("importance").loss.mean(), []
    for table in tables.values():
        table = table.assign(excess=100 * (table.loss / table.importance.map(usual) - 1))
        checks += [(0, curve, table, "importance", "excess"), (1, curve, table, "importance", "served")]
    yield "starts_by_weight", (tables, {"served": "S"}), *checks
    encoder = np.array([[0.1, 0.9, 0.5], [0.8, 0.2, 0.3]])
    yield "encoders_by_weight", ({"a": encoder, "b": encoder}, 2), (0, image, encoder[::-1]), (1, rule, 1.5)
    parts = [f"{name}_{k}" for name in ("slope", "capacity") for k in range(10)]
    table, tenths = swept("importance", [10.0], *parts), np.arange(1, 11)
    own = [(k, band, tenths, table[[f"{name}_{i}" for i in range(10)]]) for k, name in enumerate(("slope", "capacity"))]
    given = table, {"slope": "S", "capacity": "C"}, {10.0: tenths / 10}
    yield "by_slice", given, *own, (0, line, tenths, tenths / 10)
    labels = {name: name for name in ("slope_mean", "loss", "load", "a", "b", "c")}
    table = swept("neurons", [5, 10, 20], *labels, "monosemantic")
    panels = [(k, curve, table, "neurons", name) for k, name in enumerate(labels)]
    lines = (0, line, X3, X3 / 9), (1, line, X3, X3 / 5)
    yield "widths", (table, (X3, X3 / 9), (X3, X3 / 5), labels), *panels, *lines
    other = swept("neurons", [5, 10, 20], "loss", "monosemantic")
    relative = other.assign(loss=other.loss / other.neurons.map(table.groupby("neurons").loss.mean()))
    checks = (0, curve, other, "neurons", "monosemantic"), (1, curve, relative, "neurons", "loss")
    yield "belonging", ({"small": table, "naive": other}, "silence"), *checks
    table = swept("features", [10, 20], "slope_mean", "load")
    panels = [(k, curve, table, "features", name) for k, name in enumerate(("slope_mean", "load"))]
    told = {"load": ([10, 20], [0.3, 0.4], "theory")}
    yield "ratios", (table, told, {"slope_mean": "S", "load": "L"}), *panels, (1, line, [10, 20], [0.3, 0.4])
    table = pd.concat(
        swept("x", [1], "loss", "load", activation=f, target=t) for f in ("relu", "abs") for t in ("relu", "identity")
    )
    means, checks = table.groupby(["activation", "target"]).mean(), []
    for row, activation in enumerate(("relu", "abs")):
        for target, shift in (("relu", -0.14), ("identity", 0.14)):
            here = table[(table.activation == activation) & (table.target == target)].load
            checks += [(1, line, [means.load[activation, target]], [row + shift])]
            checks += [(1, line, np.percentile(here, (2.5, 97.5)), row + shift)]
    yield "activations", (table, {"loss": "L", "load": "N"}), *checks, (0, names, ["relu", "abs"]), (0, rule, 1)
    curves = {target: {f: some(6, 3) for f in ("relu", "abs")} for target in ("relu", "identity")}
    checks = [(k, band, X3, part) for k, parts in enumerate(curves.values()) for part in parts.values()]
    targets = {"relu": X3, "identity": X3 + 1}
    yield "responses_by_activation", (X3, curves, targets), *checks, (0, line, X3, X3), (1, line, X3, X3 + 1)


FIGURES = {
    name: (given, shown)
    for part in (behaviour, structure, by_metric, conclusion, longer, knobs, weights_and_widths)
    for name, given, *shown in part()
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_draws_what_it_is_given(name):
    given, shown = FIGURES[name]
    figure = getattr(plots, name)(*given)
    for panel, check, *values in shown:
        check(figure.axes[panel], *values)
    plt.close(figure)


def test_every_figure_is_here():
    public = {name: value for name, value in vars(plots).items() if inspect.isfunction(value)}
    assert {
        name for name, value in public.items() if inspect.signature(value).return_annotation is Figure
    } == FIGURES.keys()


# ---- files, and numbers as text


def test_a_file_is_the_same_twice_and_an_empty_panel_says_so(tmp_path):
    for number in (0, 1):
        figure, (left, right) = plt.subplots(1, 2)
        left.set_yscale("log")
        left.plot([1, 2], [-1, -2])
        right.plot([np.nan], [np.nan])
        plots.save(figure, tmp_path / f"{number}.png")
    assert left.get_yscale() == "linear" and "nothing to show" in right.texts[0].get_text()
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()


def test_numbers_as_a_reader_sees_them():
    assert (
        plots.around(np.array([0.15, 0.17, np.nan]), ".2f", mark="**", more="; 67%") == "**0.16** (0.15 to 0.17; 67%)"
    )
    assert plots.around(np.array([0.16]), ".2f") == "0.16" and plots.around(np.array([np.nan]), ".2f") == "–"
    assert plots.between((0.1, 0.25)) == "0.1 to 0.25" and plots.between((np.nan, np.nan), "and") == "–"
    assert plots.sd(np.array([1.0, 3.0]), ".3f") == "sd 1.414" and plots.sd(np.ones(1), ".3f").startswith("one network")
    assert plots.say("slope 0.4, nan % of none").data.startswith("slope 0.4, *undefined* of none (")
    assert plots.table(pd.DataFrame({"a": [0.123456, np.nan], "b": ["x", "y"]}), 2).a.tolist() == ["0.12", "–"]
