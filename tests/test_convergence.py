"""What becomes of a finding, by the stated rules."""

import numpy as np
import pandas as pd
import pytest

from lib import convergence


@pytest.mark.parametrize(
    "steps, longest, expected",
    [
        (1000, 30_000, [100, 300, 1000, 3000, 10_000, 30_000]),
        (1000, 29_999, [100, 300, 1000, 3000, 10_000]),
        (1000, 10, [1000]),
        (1, 3, [1, 3]),
    ],
)
def test_lengths(steps, longest, expected):
    assert [n for n in convergence.lengths(steps, longest) if n <= max(longest, steps)] == expected


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
    row = convergence.futures(*tables).loc["slope_mean"]
    assert (row.future, row.settled) == (future, settled)
    assert (row.published_reproduced, row.published_survives) == (reproduced, survives)
    np.testing.assert_allclose([row.short, row.converged], [short[0], longer[0]], rtol=1e-6)
