"""Runs notebooks with parameters drawn at random from their declarations, sizes cut so that a run takes seconds.

    python tests/fuzz.py N [SEED]    N runs, the notebooks in turn; corner values are favoured

Each odd round draws parameters for every notebook; each even one a single set for the whole paper, which the findings
close. The line of a run can be given to `tests/cells.py`. The exit status is 1 if one ended otherwise than well or by
divergence.
"""

import functools
import random
import sys
import tempfile
import time
from collections import Counter
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.experiments import parameters
from lib.experiments.parameters import KNOWN
from lib.publish import asked
from tests import cells
from tests.corners import CORNERS

SMALL = {"features": 24, "steps": 40, "batch": 64, "seeds": 9, "samples": 512, "inputs": 512, "rival_seeds": 9}
SMALL |= {"longest": 120, "grid": 3, "lengths": 3, "learning_rate": 0.1}
ENTRIES = 3  # in a list
QUICK = hypothesis.settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
CELLS = {path.stem: asked.cell(path) for path in sorted(asked.NOTEBOOKS.glob("[0-9]*.ipynb"))}
DECLARED = set().union(*CELLS.values())
SECTIONS = [name for name in CELLS if not asked.last(name)]
ENDS = ("fine", "diverged", "left out")  # and anything else is wrong
WORKERS, RUNS_EACH = 2, 20  # processes, and runs after which one makes way for another: compiled programs add up


@functools.cache
def typed(name: str, most: float) -> st.SearchStrategy:
    """Values of a parameter, or lists of them; at most `most`."""
    about, default = KNOWN[name].metadata, KNOWN[name].default
    if "kind" not in about:
        return entries(name, KNOWN[name].type, most)
    return st.lists(entries(name, about["kind"], most), min_size=min(1, len(default)), max_size=ENTRIES, unique=True)


def entries(name: str, kind: type, most: float) -> st.SearchStrategy:
    about = KNOWN[name].metadata
    if "options" in about:
        return st.sampled_from(about["options"])
    low, high = about["low"], min(about["high"], SMALL.get(name, about["high"]), most)
    corners = [value for value in CORNERS.get(name, ()) if isinstance(value, (int, float)) and low <= value <= high]
    if kind is int:
        step = about.get("multiple", 1)
        values = st.integers(low // step, high // step).map(lambda n: n * step)
    else:
        numbers = (
            st.floats(low, high, exclude_min=about.get("open_low", False)),
            st.floats(-4, 0).map(lambda power: max(low, high * 10**power)),
        )
        values = st.one_of(*numbers).map(lambda x: float(f"{x:.3g}"))
    return st.one_of(values, values, st.sampled_from([*corners, high]))


@st.composite
def sets(draw) -> dict:
    """A legal set of parameters: all that decide how long a run takes, and any of the others."""
    values = {}
    for name in (name for name in KNOWN if name in DECLARED):
        about = KNOWN[name].metadata
        if name in SMALL.keys() - {"lengths", "learning_rate"} or draw(st.booleans()):
            bound = about.get("at_most") or about.get("below")
            most = values.get(bound, KNOWN[bound].default) - ("below" in about) if bound else float("inf")
            if bound == "neurons":
                most = min(most, values["features"])
            values[name] = draw(typed(name, most))
    return values


def drawn(number: int, seed: int) -> list[dict]:
    """So many sets of parameters, the same for the same seed; of twice as many, since hypothesis repeats itself."""
    found = {}

    @hypothesis.seed(seed)
    @hypothesis.settings(QUICK, max_examples=2 * number, phases=[Phase.generate])
    @hypothesis.given(sets())
    def collect(values):
        found[parameters.told(values)] = values

    collect()
    return random.Random(seed).sample([*found.values()], number)


def planned(number: int, seed: int) -> list[tuple[int, str, dict]]:
    """(round, notebook, its parameters) of so many runs."""
    chosen = iter(drawn(number, seed))

    def rounds():
        for turn in count(1):
            whole = next(chosen) if turn % 2 == 0 else None
            yield from ((turn, name, whole or next(chosen)) for name in (CELLS if whole else SECTIONS))

    return [
        (turn, name, {key: values[key] for key in CELLS[name] if key in values})
        for turn, name, values in islice(rounds(), number)
    ]


def main(number: str = "20", seed: str = "0") -> int:
    """Runs them, a line each."""
    start, ends, parts = time.monotonic(), Counter(), Counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        get_context("spawn").Pool(WORKERS, maxtasksperchild=RUNS_EACH) as pool,
    ):
        runs = [
            (turn, (name, values, Path(folder, str(turn), *([] if turn % 2 == 0 else [name]))))
            for turn, name, values in planned(int(number), int(seed))
        ]
        started = {
            place: pool.apply_async(cells.outcome, run) for place, (_, run) in enumerate(runs) if not asked.last(run[0])
        }
        for place, (turn, run) in enumerate(runs):
            if place in started:
                said = started[place].get()
            else:  # all of its round have ended
                said = (
                    pool.apply_async(cells.outcome, run).get() if parts[turn, "fine"] == len(SECTIONS) else "left out"
                )
            end = next((end for end in ENDS if said.startswith(end)), "wrong")
            ends[end] += 1
            parts[turn, end] += 1
            words = [f"{key}={parameters.typed(value)}" for key, value in run[1].items()]
            print(
                f"{place + 1:4} {end:<8} {' '.join([run[0], *words])}{'' if said == end else f': {said}'}", flush=True
            )
    said = ", ".join(f"{ends[end]} {end}" for end in (*ENDS, "wrong"))
    print(f"{number} runs in {time.monotonic() - start:.0f} s: {said}")
    return 1 if ends["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
