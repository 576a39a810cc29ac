"""What becomes of a finding, by the stated rules."""

import numpy as np
import pandas as pd
import pytest

from lib import claims
from lib.config import Config
from lib.experiments import length
from lib.experiments.parameters import Study


@pytest.mark.parametrize(
    "steps, longest, lengths, expected",
    [
        (1000, 30_000, None, [100, 300, 1000, 3000, 10_000, 30_000]),
        (1000, 29_999, None, [100, 300, 1000, 3000, 10_000]),
        (1000, 10, None, [1000]),
        (1000, 1000, None, [100, 300, 1000]),
        (1, 3, None, [1, 3]),
        (10, 100, [0.001, 2.55], [1, 10, 26]),
        (10, 100, [1], [10]),
    ],
)
def test_lengths(steps, longest, lengths, expected):
    """The training of the parameters cell, whole, and others of `rival_seeds` networks."""
    config, given = Config(steps=steps), {} if lengths is None else {"lengths": lengths}
    found = length.trained(config, Study(longest=longest, rival_seeds=5, **given))
    assert list(found) == expected and [c.steps for c in found.values()] == expected
    assert found[steps] == config and {c.seeds for n, c in found.items() if n != steps} <= {5}


def test_the_decoder_is_watched_over_starts_and_lengths():
    starts, longer = length.ratio_points(Config(steps=10), Study(longest=100, rival_seeds=5))
    assert {c.init_scale for c in starts} == {0.001, 0.01, 0.1, 0.5} and {c.steps for c in starts} == {10}
    assert {c.steps for c in longer if c.activation == "relu"} == {1, 3, 10, 30, 100} and {
        c.seeds for c in starts + longer
    } == {5}


def networks(mean, sd, count=200):
    """So many numbers with exactly this mean and an even spread."""
    return mean + sd * np.linspace(-1.7, 1.7, count)


@pytest.mark.parametrize(
    "short, long, longer, future, settled, reproduced, survives",
    [
        ((0.380, 0.001), (0.3805, 0.001), (0.3805, 0.001), "stays", True, True, True),
        ((0.380, 0.001), (0.399, 0.001), (0.3991, 0.001), "shifts", True, True, False),
        ((0.380, 0.001), (0.350, 0.001), (0.300, 0.001), "changes", False, True, False),
        ((0.300, 0.001), (0.378, 0.001), (0.380, 0.001), "changes", False, False, True),
        ((0.380, 0.1), (0.44, 0.1), (0.44, 0.1), "stays", True, True, True),
        ((0.380, 0.0), (0.380, 0.0), (0.380, 0.0), "stays", True, True, True),
    ],
)
def test_futures(short, long, longer, future, settled, reproduced, survives):
    """The published slope is 0.380."""
    tables = [pd.DataFrame({"slope_mean": networks(*numbers)}) for numbers in (short, long, longer)]
    row = claims.futures(*tables).loc["slope_mean"]
    assert (row.future, row.settled) == (future, settled)
    assert (row.published_reproduced, row.published_survives) == (reproduced, survives)
    np.testing.assert_allclose([row.short, row.converged], [short[0], longer[0]], rtol=1e-6)
