"""The tables of README.md, written from what the run left in `data/`: `python -m lib.publish.readme`.

Each goes between its own markers, `<!-- name -->` and `<!-- /name -->`; one whose data is not there stays as it is.
"""

import csv
import json
import os
import re
from pathlib import Path

from lib import paths

Rows = list[tuple[str, ...]]  # the first is the head


def findings(data: Path) -> dict[str, Rows]:
    """Every published number, from `data/claims.csv`."""
    head = ("id", "published", "ours: mean (low to high)", "untrained", "trained on", "verdict")
    cells = [
        (f"`{row['id']}`", row["published"], _span(row), _short(row["null"]), _short(row["converged"]), row["verdict"])
        for row in _read(data / "claims.csv")
    ]
    return {"findings": [head, *cells]} if cells else {}


def predictions(data: Path) -> dict[str, Rows]:
    """What the post expects of each knob, from `data/NN_verdict.csv`."""
    files = sorted(data.glob("1[1-5]_verdict.csv"))
    cells = [
        (file.name[:2], *(row[name] for name in ("prediction", "verdict", "evidence")))
        for file in files
        for row in _read(file)
    ]
    return {"predictions": [("notebook", "expected", "verdict", "measured"), *cells]} if cells else {}


def speed(data: Path) -> dict[str, Rows]:
    """Contenders, and seconds of a run, from `data/bench.json`."""
    if not (data / "bench.json").exists():
        return {}
    result = json.loads((data / "bench.json").read_text(encoding="utf-8"))
    rates = {name: rate["median"] for name, rate in result["network-steps per second"].items()}
    slowest = next(iter(rates.values()))  # the loop that all others are compared with
    about, seconds = result["machine"], result["make paper, seconds"]
    return {
        "bench": [
            ("contender", "network-steps per second", "times the PyTorch loop"),
            *((name, f"{rate:,.0f}", f"{rate / slowest:.1f}") for name, rate in rates.items()),
        ],
        "times": [
            (f"on {about['processor']}, {about['cores used']} cores", "seconds"),
            *((name, f"{value:.{0 if value > 1 else 2}f}") for name, value in seconds.items()),
        ],
    }


def summary(data: Path) -> str:
    """What came out, in two sentences; nothing if there are no claims."""
    claims, knobs = _read(data / "claims.csv"), predictions(data).get("predictions", [])[1:]
    if not claims:
        return ""
    count = lambda column, value: sum(row[column] == value for row in claims)
    networks = max((row["seeds"] for row in claims), key=int)
    text = (
        f"Of {len(claims)} published numbers **{count('reproduced', 'reproduced')}** come out again "
        f"in {networks} network{'s' * (networks != '1')}, "
        f"{count('origin', 'learned')} are learned, where the others follow from counting or are what an untrained code shows, and "
        f"{count('future', 'changes with training')} change when training goes on."
    )
    if missing := count("reproduced", "undefined"):
        text += f" {missing} of them {'do' if missing > 1 else 'does'} not exist with these parameters."
    if not knobs:
        return text
    ends = []
    for verdict in ("holds", "holds in part", "fails"):
        number = sum(row[2] == verdict for row in knobs)
        ends.append(f"{number} {verdict if number == 1 else verdict.replace('holds', 'hold').replace('fails', 'fail')}")
    if number := sum(row[2] == "not tested" for row in knobs):
        ends.append(f"{number} not tested")
    return f"{text}\nOf {len(knobs)} expectations about experiments that the post did not run, {', '.join(ends)}."


def write(home: Path) -> None:
    """Puts the tables and the summary into `home/README.md`, if there is one.

    Raises:
        ValueError: the page lacks the markers of a table, or has them twice.
    """
    page, data = home / "README.md", home / "data"
    if not page.exists():
        return
    before = after = page.read_text(encoding="utf-8")
    texts = {marker: table(rows) for marker, rows in (findings(data) | predictions(data) | speed(data)).items()}
    for marker, text in (texts | ({"summary": said} if (said := summary(data)) else {})).items():
        after = _between(after, marker, text)
    if after != before:
        draft = home / "build" / "README.md"
        draft.parent.mkdir(exist_ok=True)
        draft.write_text(after, encoding="utf-8")
        os.replace(draft, page)


def table(rows: Rows) -> str:
    """Rows as a table in Markdown."""
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def _read(table: Path) -> list[dict[str, str]]:
    """Rows of a CSV file; none if it is not there."""
    if not table.exists():
        return []
    with open(table, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _between(page: str, marker: str, text: str) -> str:
    """The page with a text between `<!-- marker -->` and `<!-- /marker -->`."""
    after, count = re.subn(
        rf"(<!-- {marker} -->).*?(<!-- /{marker} -->)", lambda m: f"{m[1]}\n{text}\n{m[2]}", page, flags=re.S
    )
    if count != 1:
        raise ValueError(
            f"README.md wants one <!-- {marker} --> … <!-- /{marker} --> for what the run says to go between"
        )
    return after


def _span(row: dict) -> str:
    """`mean (low to high)`, each to three significant digits; nothing if there is no such number."""
    mean, low, high = (_short(row[name]) for name in ("mean", "low", "high"))
    return mean and f"{mean} ({low} to {high})"


def _short(number: str) -> str:
    """A number to three significant digits; nothing stays nothing."""
    return number and f"{float(f'{float(number):.3g}'):.10g}"


if __name__ == "__main__":
    write(paths.home())
