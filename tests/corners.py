"""Corner values of every parameter, and few runs in which every two of them meet, in some notebook that has both.

python tests/corners.py    lists the runs
"""

import sys
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.config import ConfigError
from lib.experiments import parameters
from lib.publish import asked

TINY = {"features": 12, "neurons": 4, "p": 0.1, "steps": 4, "seeds": 3, "batch": 32, "samples": 256, "inputs": 256}
TINY |= {"k_max": 6, "rival_seeds": 2, "longest": 12, "grid": 2, "tasks": 3}
CORNERS = {  # a name stands for that parameter's value
    "features": (12, 3, 2),
    "neurons": (2, "features", 1),
    "p": (1.0, 1e-4),
    "seeds": (9, 1),
    "rival_seeds": (1,),
    "steps": (1,),
    "batch": (1,),
    "learning_rate": (0.1, 1e-5),
    "target": ("identity",),
    "k_max": (2, "features"),
    "touched": (0, 100),
    "harmed": (0, 100),
    "longest": ("steps",),
    "lengths": ([1],),
    "sizes": ([1],),
    "tasks": (1,),
    "drawn": ([1],),
    "powers": ([3],),
    "rates": ([0.1],),
    "weights": ([1],),
    "widths": ([2],),
    "activations": (["abs"],),
    "every": (1,),
}
COST = {"10": 3, "09": 2, "11": 2, "12": 2, "13": 2, "14": 2, "15": 2}  # of a run, in runs of the other notebooks
LEAST = 2  # runs of each notebook


def values(corners: dict) -> dict:
    """The parameters of a run: corners, the rest tiny."""
    found = TINY | corners
    for name, bound in (("neurons", "features"), ("k_max", "features"), ("rival_seeds", "seeds")):
        if name not in corners:
            found[name] = min(found[name], found[bound])
    return {name: found.get(value, value) if isinstance(value, str) else value for name, value in found.items()}


def fits(corners: dict) -> bool:
    """Whether the parameters may be typed."""
    try:
        return bool(parameters.settled(values(corners), set(corners)))
    except ConfigError:
        return False


def pairs(corners: dict) -> set:
    """Every two corner values that occur together."""
    return set(combinations(((name, str(corners[name])) for name in CORNERS if name in corners), 2))


def row(names: set[str], missing: set) -> dict:
    """Corner values for some of these parameters, chosen one after the other so that many missing pairs occur."""
    first = next(pair for pair in sorted(missing) if {name for name, _ in pair} <= names)
    text = {(name, str(value)): value for name in CORNERS for value in CORNERS[name]}
    corners = {name: text[name, value] for name, value in first}
    for name in (name for name in CORNERS if name in names - corners.keys()):
        choices = [corners | {name: value} for value in CORNERS[name]]
        gains = [len(pairs(choice) & missing) if fits(choice) else 0 for choice in choices]
        if max(gains) > len(pairs(corners) & missing):
            corners = choices[gains.index(max(gains))]
    return corners


def runs() -> list[tuple[str, dict]]:
    """(notebook, corner values) of every run; the first of each notebook have the same values, and make a paper."""
    declared = {
        path.stem: asked.cell(path).keys() & CORNERS
        for path in sorted(asked.NOTEBOOKS.glob("[0-9]*.ipynb"))
        if not asked.last(path.stem)
    }
    one = [{name: value} for name in CORNERS for value in CORNERS[name]]
    missing = set().union(*(pairs(a | b) for a, b in combinations(one, 2) if a.keys() != b.keys() and fits(a | b)))
    missing = {pair for pair in missing if any({name for name, _ in pair} <= names for names in declared.values())}
    whole = row(set(CORNERS), missing)
    found = [(stem, {name: whole[name] for name in whole if name in names}) for stem, names in declared.items()]
    missing -= set().union(*(pairs(corners) for _, corners in found))
    count = dict.fromkeys(declared, 1)
    while missing or min(count.values()) < LEAST:
        best = (-1.0, "", {})
        for stem, names in declared.items():
            possible = any({name for name, _ in pair} <= names for pair in missing)
            corners = row(names, missing) if possible else {}
            gain = len(pairs(corners) & missing) + 20 * (count[stem] < LEAST)
            best = max(best, (gain / COST.get(stem[:2], 1), stem, corners), key=lambda choice: choice[0])
        _, stem, corners = best
        found.append((stem, corners))
        missing -= pairs(corners)
        count[stem] += 1
    return found


if __name__ == "__main__":
    for name, chosen in runs():
        print(name, parameters.told(chosen))
