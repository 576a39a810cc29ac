"""The tables of README.md, written from what the run left in `data/`: `python -m lib.publish.readme`.

Each goes between its own markers, `<!-- name -->` and `<!-- /name -->`; one whose data is not there stays as it is.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lib import paths

MANY = {"holds": "hold", "holds in part": "hold in part", "fails": "fail", "not tested": "not tested"}


def tables(data: Path) -> dict[str, str]:
    """The tables that can be made from `data/`: findings, predictions, and from a bench its rates and times."""
    made = {
        "findings": [("number", "published", "ours: mean (low to high)", "nearest code", "trained on", "verdict")],
        "predictions": [("notebook", "expected", "verdict", "measured"), *verdicts(data)],
    }
    names = {row["id"]: row["name"] for row in records(paths.ROOT / "data" / "published.csv")}
    for row in records(data / "claims.csv"):
        mean, low, high, null, longest = (short(row[name]) for name in ("mean", "low", "high", "null", "converged"))
        ours, null = mean and f"{mean} ({low} to {high})", null and f"{null} ({row.get('nearest')})"
        made["findings"].append(
            (names.get(row["id"], row["id"]), row["published"], ours, null, longest, row["verdict"])
        )
    if (data / "bench.json").exists():
        bench = json.loads((data / "bench.json").read_text(encoding="utf-8"))
        rates = {name: rate["median"] for name, rate in bench["network-steps per second"].items()}
        slowest = next(iter(rates.values()))  # the loop that all others are compared with
        made["bench"] = [("contender", "network-steps per second", "times the PyTorch loop")]
        made["bench"] += [(name, f"{rate:,.0f}", f"{rate / slowest:.1f}") for name, rate in rates.items()]
        made["growth"] = [("what grows", "from", "to", "time of a network-step", "most memory, GiB")]
        for name, grown in bench.get("growth", {}).items():
            (least, first), *_, (most, last) = grown["rates"].items()
            power, memory = grown["exponents"]["time"], (f"{rate['peak']:.1f}" for rate in (first, last))
            made["growth"].append((name, least, most, f"size to the {power:.2f}", " to ".join(memory)))
        made["times"] = [("on {processor}, {cores used} cores".format_map(bench["machine"]), "seconds")]
        seconds = bench["make paper, seconds"]
        made["times"] += [(name, f"{value:.{0 if value > 1 else 2}f}") for name, value in seconds.items()]
    return {name: table(rows) for name, rows in made.items() if rows[1:]}


def verdicts(data: Path) -> list[tuple[str, ...]]:
    """What the post expects of each knob, from `data/NN_verdict.csv`: notebook, expectation, verdict, evidence."""
    rows = [(file.name[:2], row) for file in sorted(data.glob("1[1-5]_verdict.csv")) for row in records(file)]
    return [(notebook, row["prediction"], row["verdict"], row["evidence"]) for notebook, row in rows]


def summary(data: Path) -> str:
    """What came out, in two sentences; nothing if there are no claims."""
    claims, knobs = records(data / "claims.csv"), Counter(verdict for _, _, verdict, _ in verdicts(data))
    if not claims:
        return ""
    reproduced, origin, future = (Counter(row[name] for row in claims) for name in ("reproduced", "origin", "future"))
    networks = max(int(row["seeds"]) for row in claims)
    shown = sum(count for name, count in origin.items() if name.startswith("shown by"))
    text = (
        f"Of {len(claims)} published numbers **{reproduced['like one network']}** are like one network of ours "
        f"({networks} trained). {shown} are shown by a code that nobody trained, {origin['learned']} lie beyond all "
        f"such codes, and {future['changes with training']} change when training goes on."
    )
    if missing := reproduced["undefined"]:
        text += f" {missing} of them {'do' if missing > 1 else 'does'} not exist with these parameters."
    said = [verdict for verdict in MANY if knobs[verdict] or verdict != "not tested"]
    ends = ", ".join(f"{knobs[verdict]} {verdict if knobs[verdict] == 1 else MANY[verdict]}" for verdict in said)
    more = f"\nOf {knobs.total()} expectations about experiments that the post did not run, {ends}."
    return text + (more if knobs else "")


def write(home: Path) -> None:
    """Puts the tables and the summary into `home/README.md`, if there is one.

    Raises:
        ValueError: the page lacks the markers of a table, or has them twice.
    """
    page, data = home / "README.md", home / "data"
    before = after = read(page)
    for marker, text in (tables(data) | {"summary": summary(data)}).items():
        if not text:
            continue
        around = re.split(f"(?<=<!-- {marker} -->).*?(?=<!-- /{marker} -->)", after, flags=re.S)
        if len(around) != 2:
            raise ValueError(f"README.md wants one <!-- {marker} --> and <!-- /{marker} -->, to write between")
        after = f"\n{text}\n".join(around)
    if after != before:
        draft = page.with_suffix(".part")
        draft.write_text(after, encoding="utf-8")
        os.replace(draft, page)


def read(file: Path) -> str:
    """What a file says; nothing if it is not there."""
    return file.read_text(encoding="utf-8") if file.exists() else ""


def between(page: str, marker: str) -> str:
    """What a page says between `<!-- marker -->` and `<!-- /marker -->`; nothing if it lacks them."""
    return page.partition(f"<!-- {marker} -->")[2].partition(f"<!-- /{marker} -->")[0].strip()


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a table in Markdown; the first is the head."""
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def records(table: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, each cell as it is written there; none if there is no such file."""
    return pd.read_csv(table, dtype=str, keep_default_na=False).to_dict("records") if table.exists() else []


def short(number: str) -> str:
    """A number to three significant digits; nothing stays nothing."""
    return number and f"{float(f'{float(number):.3g}'):.10g}"


if __name__ == "__main__":
    write(paths.home())
