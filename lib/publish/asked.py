"""What is asked of the notebooks: parameters of a run, and parameters cells."""

import ast
import difflib
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat

from lib import paths
from lib.config import Config, ConfigError
from lib.experiments import parameters
from lib.experiments.parameters import KNOWN

NOTEBOOKS = paths.ROOT / "notebooks"


class Refused(ValueError):
    """What was asked for does not fit; nothing was run."""


def pairs(words: list[str]) -> dict[str, str]:
    """`["seeds=8", "p=0.1"]` as `{"seeds": "8", "p": "0.1"}`."""
    if wrong := [word for word in words if not re.match("[^=]+=", word)]:
        raise Refused(f'{wrong[0]!r} does not fit: parameters are given as PARAMS="seeds=8 powers=2,4"')
    texts = dict(word.split("=", 1) for word in words)
    if len(texts) < len(words):
        raise Refused(f"a parameter is given twice: {' '.join(words)}")
    return texts


def parse(words: list[str]) -> dict:
    """`["seeds=8", "powers=2,4"]` as `{"seeds": 8, "powers": [2, 4]}`: each value as its parameter has it."""
    return {name: read(name, text) for name, text in pairs(words).items()}


def read(name: str, text: str) -> Any:
    """The value of a parameter from the text after `NAME=`: a number or a word, or a list of them."""
    many = name in KNOWN and "kind" in KNOWN[name].metadata
    return [_number(part) for part in text.split(",") if part] if many else _number(text)


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def cell(notebook: Path) -> dict:
    """What a notebook's parameters cell sets; nothing if it has none."""
    values = {}
    try:
        cells = json.loads(notebook.read_bytes())["cells"]
        tagged = [part["source"] for part in cells if "parameters" in part["metadata"].get("tags", [])]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{notebook} is not a notebook: {error}") from error
    try:
        exec("".join(sum(tagged, [])), values)  # as its kernel will
    except Exception as error:
        raise Refused(f"{notebook.stem}: its parameters cell ends in {type(error).__name__}: {error}") from error
    return {name: value for name, value in values.items() if name in KNOWN}


def check(given: dict, notebooks: list[Path]) -> dict[str, dict]:
    """What each notebook would run with, by name, the values of a run injected; says which of them reach only some.

    Raises:
        Refused, ConfigError: one line that names the parameter, what fits, and the notebook if its cell matters.
    """
    cells = {path.stem: cell(path) for path in sorted(notebooks[0].parent.glob("[0-9]*.ipynb"))}
    known = set().union(*cells.values())
    for name in given.keys() - known:
        hint = "".join(f" did you mean {close!r}?" for close in difflib.get_close_matches(name, known, 1))
        raise Refused(f"no notebook has a parameter {name!r};{hint} There are {', '.join(sorted(known))}")
    found = {}
    for stem in (notebook.stem for notebook in notebooks):
        injected = parameters.reaching(cells[stem], given)
        try:
            found[stem] = parameters.settled(cells[stem] | injected, injected.keys() & given.keys())
        except ConfigError as error:
            raise Refused(f"{stem}: {error}") from error
    for name in given:
        there, lacking = (
            [at[:2] for at in found if not last(at) and (name in cells[at]) is has] for has in (True, False)
        )
        everywhere = name in Config.__dataclass_fields__ and name != "seeds"  # where `rival_seeds` follows
        if 0 < len(there) < len(lacking) and everywhere:
            print(f"{name} is a parameter of {', '.join(there)} only: elsewhere it changes nothing", flush=True)
        elif lacking and (everywhere or not there):
            print(f"{name} is no parameter of {', '.join(lacking)}: there it changes nothing", flush=True)
    return found


def restore() -> None:
    """Puts every parameters cell back to its defaults; nothing else of a notebook changes."""
    for path in (NOTEBOOKS / f"{name}.ipynb" for name in names()):
        nb, draft = nbformat.read(path, 4), paths.BUILD / path.name
        (own,) = (part for part in nb.cells if "parameters" in part.metadata.get("tags", []))
        before, own.source = own.source, restored(own.source)
        if own.source != before:
            print(
                f"{path.stem}: back to the defaults from {parameters.told(parameters.unlike(cell(path)))}", flush=True
            )
            nbformat.write(nb, draft)
            os.replace(draft, path)


def names() -> list[str]:
    """The notebooks, by name."""
    return sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb"))


def last(name: str) -> bool:
    """Whether a notebook draws on all the others."""
    return name.startswith("90_")


def restored(source: str) -> str:
    """The source of a parameters cell with every value at its default; names, order and comments stay."""
    lines, values = source.splitlines(), {}
    exec(source, values)
    for node in reversed(ast.parse(source).body):
        name, value = node.targets[0].id, node.value
        if name in parameters.unlike(values):
            first, last = value.lineno - 1, value.end_lineno - 1
            head, tail = lines[first].encode()[: value.col_offset], lines[last].encode()[value.end_col_offset :]
            lines[first : last + 1] = [head.decode() + _literal(KNOWN[name].default) + tail.decode()]
    return "\n".join(lines)


def _literal(value: Any) -> str:
    """A default as a parameters cell has it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return f'"{value}"' if isinstance(value, str) else re.sub(r"\.0$", "", repr(value))
