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


def shares(ax, values, bins):
    """The outline of a histogram in percent of all values."""
    wanted = 100 * np.histogram(values, bins)[0] / values.size
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

    def part(ax, start, width):
        np.testing.assert_allclose((ax.patches[0].get_x(), ax.patches[0].get_width()), (start, width))

    yield "learning", (losses, slopes, 4.0, (2, 4)), (0, band, X5, losses), *one, (1, part, 2, 2)
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


def opening():
    w_in, w_out = np.array([[0.5, -1, 0.2], [0.1, 2, 0.3]]), some(3, 2)

    def passed(ax):
        """Lines of the decoder are as wide as what they give: feature 1 reaches the second neuron only."""
        wide = np.reshape(ax.collections[2].get_linewidths(), (3, 2))
        np.testing.assert_allclose(wide[:, 0], 0)
        np.testing.assert_allclose(wide[:, 1] / wide[:, 1].max(), w_out[:, 1] / w_out[:, 1].max())

    answers = {"trained": w_out @ np.maximum(w_in[:, 1], 0), "naive": np.zeros(3)}
    outputs = [(panel, bars, values) for panel, values in enumerate(answers.values(), 1)]
    yield "traced", (w_in, w_out, 1, answers), (0, passed), *outputs, (1, line, [1], [0.5])
    writes, reads = some(2, 3, 2), some(2, 3, 2)

    def pointing(ax, vectors):
        drawn = np.concatenate([np.stack([one.U, one.V], 1) for one in ax.collections])
        assert len(drawn) == 6 and all(np.isclose(drawn, vector).all(1).any() for vector in vectors.reshape(-1, 2))

    both = (0, pointing, writes), (1, pointing, reads)
    yield (
        "arrows",
        (writes, reads, "ABC"),
        *both,
        (0, written, {"ABC"[k]: tuple(1.15 * writes[0, k]) for k in range(3)}),
    )
    carriers = np.array([[True, True, False], [True, False, True]])  # on both, on the first, on the second

    def sets(ax):
        assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "1 + 2"]

    yield "sets_taken", (w_in, carriers), (0, image, w_in[:, [1, 2, 0]]), (0, sets)


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
    same = pd.DataFrame({"frame": [1, 0, 0], "sums": [1, 1, np.nan]}, index=list("abc"))
    marks = (0, line, [0, 1, 1], [0, 0, 1]), (0, line, [0, 0], [1, 2]), (0, rule, 1.5)
    yield "shown_by", (same,), *marks, (0, names, "abc")
    every = {"trained": some(3, 40), "dealt": some(3, 40), "frame": some(3, 40)}
    bins = np.linspace(*np.percentile(np.concatenate([v.ravel() for v in every.values()]), [0.1, 99.9]), 80)
    yield "fairness", (every,), *[(0, shares, values, bins) for values in every.values()]
    on, off, networks = np.array([3.0, 1, 1]), np.array([0, 0.5, 1]), {"post": some(4), "long": some(2)}
    ticks = [(0, line, values, -0.05 - 0.05 * row) for row, values in enumerate(networks.values())]
    sums = [(0, line, X3, values) for values in (on, off, on + off)]
    yield "slope_balance", (X3, on, off, networks), *sums, *ticks, (0, line, [2], [1.5])
    theories = [f"{what}, {who}" for what in ("slope", "loss") for who in ("trained", "least crosstalk", "sets")]
    sweep = pd.DataFrame({"kind": list("aabb"), "rate": [0.1, 0.2] * 2, **dict(zip(theories, some(6, 4), strict=True))})
    shown = [(k // 3, line, [0.1, 0.2], sweep[sweep.kind == "a"][name]) for k, name in enumerate(theories)]
    hollow = [(k, line, [0.1, 0.2], sweep[sweep.kind == "b"][name]) for k, name in enumerate(theories[::3])]
    yield "theories", (sweep,), *shown, *hollow
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
    rows = {"short": [2.0, -1, 0], "low": [1, -2, 0], "high": [3, -0.5, 0], "converged": [1.0, -1.2, 1]}
    rows = pd.DataFrame(rows | {"future": ["changes", "stays", "changes"]}, index=list("abc"))
    marks = (0, line, [1.2], [0]), (0, line, [0.5], [1]), (0, rule, 1)
    yield "futures", (rows,), *marks, (0, reaches, [0.5, 1.5], [1, 1]), (0, reaches, [2, 0.5], [0, 0]), (0, names, "ba")
    matrices, sets = {n: some(2, 3) for n in (0, 10, 100)}, np.array([[False, True, True], [True, False, True]])
    yield "strip", (matrices, sets), *[(k, image, matrix[:, [2, 1, 0]]) for k, matrix in enumerate(matrices.values())]
    before, weights = RNG.normal(size=(2, 3, 5, 10))
    some_sets = np.arange(5)[:, None] < np.array([2] * 5 + [3] * 5)  # five features on two neurons, five on three
    sets, counts = np.stack(3 * [some_sets]), {10: some(5, 4), 100: some(5, 4)}
    bins = np.linspace(-1, 1, 101) * max(abs(before).max(), abs(weights).max())

    def share(ax, values):
        wanted = np.histogram(values, bins)[0] / weights.size * 100
        drawn = [patch.get_data().values for patch in ax.patches if hasattr(patch, "get_data")]
        assert any(np.allclose(one, wanted) for one in drawn)

    groups = weights[~sets], weights[:, :2, :5], weights[:, :3, 5:], before
    left = [(0, bars, part.mean(0)) for part in counts.values()]
    yield "levels", (counts, before, weights, sets), *left, *[(1, share, group) for group in groups]
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
    theory = {"bound": some(3), "random directions": some(3)}
    table, sparse = swept("exponent", q, "served", "loss", p=0.02), swept("exponent", q[:2], "served", "loss", p=0.002)
    panels = [
        (k, curve, rows, "exponent", name) for k, name in enumerate(("served", "loss")) for rows in (table, sparse)
    ]
    lines = [(1, line, X3, values) for values in theory.values()]
    yield "by_power", (table, sparse, X3, theory, (4, 0.4)), *panels, *lines, (1, line, [4], [0.4]), (0, rule, 2)
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
    table, few = swept("exponent", q, "a", "b"), swept("exponent", [3.0, 4.0], "a", "b")
    panels = [(k, curve, rows, "exponent", name, 100) for k, name in enumerate("ab") for rows in (table, few)]
    yield "fairness_by_power", ({"usual": table, "long": few}, {"a": "A", "b": "B"}, (0, 9)), *panels
    names_of = {"active": "A", "mse": "M", "l4": "L"}
    table, rivals = swept("p", [0.1, 0.5, 1.0], *names_of), []
    for plan in ("naive plan with a constant", "features summed"):
        rivals += [(p, plan, metric, p + k) for k, metric in enumerate(names_of) for p in (0.1, 1.0)]
    panels = [(k, curve, table, "p", name) for k, name in enumerate(names_of)] + [(2, line, [0.1, 1.0], [2.1, 3.0])]
    rivals = pd.DataFrame(rivals, columns=["p", "plan", "metric", "ratio"])
    yield "tipping", (table, names_of, rivals), *panels, (0, rule, 1)
    two = {name: name for name in ("slope_mean", "a")}
    table = swept("p", [0.1, 0.5, 1.0], *two)
    theory = {"rectified": (X3, some(3)), "linear": (X3, some(3))}
    panels = [(k, curve, table, "p", name) for k, name in enumerate(two)]
    yield "instead", (table, theory, two), *panels, *[(0, line, *at) for at in theory.values()]
    inside = np.arange(12).reshape(4, 3)
    parts = {"few": inside == 3, "none": inside < 0, "rest": inside != 3}
    drawn = (0, image, np.where(inside == 3, 0, 2)), (0, line, [0.2], [4.0])
    names_at = {"few": (1 / 9, 3), "rest": (2 / 9, 2), "A": (0, -4), "B": (0, -4)}
    shown = [(k, image, encoder[:, [1, 2, 0]]) for k in (1, 2)]
    given = X3 / 9, X4 + 1, parts, {0.2: encoder, 0.3: encoder}, 4.0
    yield "phases", given, *drawn, *shown, (0, written, names_at)
    biased = pd.concat([swept("p", [0.1, 0.5], "loss", "served", biases=kind) for kind in ("none", "hidden", "both")])
    plan = pd.DataFrame({"plan": "naive plan with a constant", "metric": "l4", "p": [0.1, 0.5], "ratio": [0.9, 0.4]})
    each = [(i, line, [0.1, 0.5], rows.groupby("p")[name].mean()) for i, name in enumerate(("loss", "served"))
            for _, rows in biased.groupby("biases")]  # fmt: skip
    kinds = {"none": "no biases", "hidden": "of neurons", "both": "of outputs, too"}
    yield "biases", (biased, kinds, plan), (0, line, [0.1, 0.5], [0.9, 0.4]), *each


def weights_and_widths():
    w = [1.0, 10.0, 100.0]
    columns = [f"{name}_{group}" for name in ("slope", "carried") for group in ("favoured", "others")]
    one, two = (swept("importance", w, *columns) for _ in range(2))
    theory = some(2, 3)
    checks = [(k, curve, one, "importance", name) for k, name in enumerate(("slope_favoured", "carried_others"))]
    checks += [(1, line, w, two.groupby("importance").carried_favoured.mean())]
    yield "by_weight", (one, two, np.array(w), {"even": theory}), *checks, *[(0, line, w, at) for at in theory]
    pairs = [f"{kind}_{where}" for kind in ("overlap", "chance") for where in ("favoured", "others", "between")]
    table = swept("importance", w, *pairs, "footprints", "footprints_chance")
    table = table.assign(between=table.overlap_between / table.chance_between)
    table = table.assign(hurt=table.footprints / table.footprints_chance)
    checks = [(k, curve, table, "importance", name) for k, name in enumerate(("between", "hurt"))]
    yield "overlap_by_group", (table,), *checks, (0, rule, 1), (1, rule, 1)
    tables = {n: swept("importance", w, "loss", "dedicated") for n in "abc"}
    usual, checks = tables["a"].groupby("importance").loss.mean(), []
    for table in tables.values():
        table = table.assign(excess=100 * (table.loss / table.importance.map(usual) - 1))
        checks += [(0, curve, table, "importance", "excess"), (1, curve, table, "importance", "dedicated")]
    yield "starts_by_weight", (tables,), *checks
    encoder = np.array([[0.1, 0.9, 0.5], [0.8, 0.2, 0.3]])
    yield "encoders_by_weight", ({"a": encoder, "b": encoder}, 2), (0, image, encoder[:, [1, 0, 2]]), (1, rule, 1.5)
    parts, tenths = [f"slope_{k}" for k in range(10)], np.arange(1, 11)
    table = swept("importance", [10.0], *parts)
    ends = [(0, reaches, tenths, np.percentile(table[parts], end, axis=0)) for end in (2.5, 97.5)]
    lines = (0, line, tenths, table[parts].mean()), (0, line, tenths, tenths / 10)
    yield "by_slice", (table, {10.0: tenths / 10}), *lines, *ends
    table = swept("neurons", [5, 10, 20], "loss", "load", "carriers", "monosemantic")
    panels = [(k, curve, table, "neurons", name) for k, name in ((0, "loss"), (1, "load"), (1, "carriers"))]
    yield "widths", (table, (X3, X3 / 5)), *panels, (0, line, X3, X3 / 5)
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


def limits_codes_readers():
    rows = pd.DataFrame({"floor": some(3), "found": some(3), "theory": some(3), "naive": some(3)}, [0.002, 0.01, 0.2])
    trained = pd.DataFrame({"exponent": [2.0, 2, 4, 4], "limit": some(4)})
    found, limit = (0, line, rows.index, rows.found), (0, line, trained.exponent, trained.limit)
    yield "rare_losses", (rows, trained), found, limit, (0, rule, 1), (0, reaches, rows.index, rows.floor)
    nets = swept("p", [0.01, 0.2], "loss")
    parts = [(k, line, rows.index, rows[name]) for k in (0, 1) for name in ("found", "theory", "naive")]
    means = [(k, line, [0.01, 0.2], nets.groupby("p").loss.mean()) for k in (0, 1)]
    yield "room", ({"a": (rows, nets), "b": (rows, nets)},), *parts, *means, (1, reaches, rows.index, rows.floor)
    errors = pd.Series(some(3), list("abc"))
    yield "floors", (errors, 0.1, "MSE"), (0, bars, errors[::-1]), (0, rule, 0.1)
    sized = pd.concat(swept("p", [0.01, 0.1], "loss", size=k) for k in (1, 2))
    least = sized.groupby(["p", "size"]).loss.mean().unstack().min(axis=1)
    over = sized.assign(over=100 * (sized.loss / sized.p.map(least) - 1))
    best = sized.groupby(["p", "size"]).loss.mean().unstack().idxmin(axis=1)
    networks = swept("p", [0.01, 0.1], "carriers")
    checks = [(0, curve, over[over["size"] == k], "p", "over") for k in (1, 2)]
    yield "sizes_by_p", (sized, networks), *checks, (1, curve, networks, "p", "carriers"), (1, line, best.index, best)
    square, places, seen = some(3, 2), some(3, 4), {"3 to 2": some(3)}
    checks = (0, image, square), (0, line, seen["3 to 2"], X3), (0, line, np.nanmean(places, 1), X3)
    yield "predicted_changes", ([0.01, 0.1], X3, square, seen, {"3 to 2": (X3, places)}), *checks
    nets = swept("p", [0.002, 0.02], "loss", steps=100, features=45)
    made = pd.DataFrame({"features": 45, "p": [0.002, 0.02], "code": "all", "loss": some(2)})
    other = made.assign(code="drawn", loss=some(2))
    checks = (0, line, [-0.12, 0.88], nets.groupby("p").loss.mean()), (0, line, [0.12, 1.12], made.loss)
    given = nets, pd.concat([made, other]), ("all", "drawn")
    yield "complete_codes", given, *checks, (0, line, [0.24, 1.24], other.loss)
    nets = swept("features", [100, 300], "slope_mean", "carriers")
    sizes, told = [100, 300], ([100, 300], [0.4, 0.5])
    means = [
        (k, line, sizes, nets.groupby("features")[name].mean()) for k, name in enumerate(("slope_mean", "carriers"))
    ]
    yield "at_scale", (nets, told), *means, (0, line, *told)
    many = pd.DataFrame({"sweep": "one", "crowding": [0.01, 0.02, 0.5], "slope": some(3), "slope_law": some(3)})
    calm, ratio = many[:2], (many.slope_law / many.slope)[:2]
    checks = (0, line, calm.slope_law, calm.slope), (1, line, calm.crowding, ratio), (1, rule, 1), (1, rule, 0.1)
    yield "law", (many, "slope", "slope", 0.1), *checks, (0, line, many.slope_law[2:], many.slope[2:])
    known = {n: pd.DataFrame(some(5, 4), columns=["own mse", "own l4", "set mse", "set l4"]) for n in "ab"}
    lines, ends = {"mse": {"floor": 0.3}, "l4": {}}, (2.5, 97.5)
    checks = [
        (1, line, known["b"]["set l4"].mean(), [1.14]),
        (0, line, np.percentile(known["a"]["own mse"], ends), -0.14),
    ]
    given = known, {"own": "own readout", "set": "best set"}, lines
    yield "known_readers", given, *checks, (0, rule, 0.3), (0, names, ["own readout", "best set"])
    rights = {"a": some(6, 3), "b": some(6, 3)}
    checks = [(0, band, X3, rights["a"]), (0, band, X3, rights["b"])]
    yield "right_sets", (rights, {"limit": 1.9}), *checks, (0, rule, 1.9)
    columns = [f"{who} {what}" for who in ("rays", "dots") for what in ("found", "spurious")]
    rows, said = swept("steps", [100, 1000], *columns), {"rays": "rays", "dots": "null: random samples"}
    means = rows.groupby("steps").mean()
    checks = [(k, line, means.index, means[f"dots {what}"]) for k, what in enumerate(("found", "spurious"))]
    checks += [(0, reaches, means.index, rows.groupby("steps")["rays found"].max()), (0, rule, 24)]
    yield "blind_readers", (rows, "steps", said, "steps", 24), *checks
    settings = pd.DataFrame({"found": some(3), "recovered": some(3)}, ["topk 1 1", "topk 2 1", "relu 1 0.1"])
    checks = (
        (0, line, settings.recovered[:2], settings.found[:2] / 24),
        (0, line, settings.recovered[2:], settings.found[2:] / 24),
    )
    yield "spared", (settings, {"topk": "TopK", "relu": "ReLU"}, 24), *checks
    noisy = {"a": some(6, 3), "b": some(6, 3)}
    yield "under_noise", (X3, noisy), (0, band, X3, noisy["a"]), (0, band, X3, noisy["b"]), (0, rule, 1)


FIGURES = {
    name: (given, shown)
    for part in (
        *(behaviour, opening, structure, by_metric, conclusion, longer, knobs, weights_and_widths),
        limits_codes_readers,
    )
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
