"""The sparsity: the plane that is swept, and who overtakes whom."""

import numpy as np
import pytest

from lib.claims import words
from lib.config import Config
from lib.experiments import sparsity

TINY = Config(features=8, neurons=2, steps=4, batch=16, seeds=3, p=0.2)


def test_a_finer_plane_has_no_point_twice():
    for grid in (2, 15, 100, 101, 1000):
        across, up, _ = sparsity.plane(TINY, grid)
        assert len({*across}) == len(across) == grid + 2 and len({*up}) == grid


@pytest.mark.parametrize("over, at, said", [
    ([[0.5, 2.0]], 10 ** (1 / 3), "network below p = 2.15"), ([[2.0, 0.5]], np.nan, "plan below p = 4.64"), ([[0.5, 0.6]], np.nan, "network at every p"),
    ([[2.0, 3.0]], np.nan, "plan at every p"), ([[np.nan, np.nan]], np.nan, "undefined: the naive plan makes no error"),
])  # fmt: skip
def test_a_plan_overtakes_only_a_network_that_was_ahead(over, at, said):
    found, told = words.overtaking([1.0, 10.0], np.array(over))
    assert told == said and found == pytest.approx([at], nan_ok=True)
