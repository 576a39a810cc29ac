"""What is asked of the notebooks: parameters of a run, and parameters cells."""

import ast
import difflib
import json
import os
import re
from pathlib import Path
from typing import Any

from lib import paths
from lib.config import Config, ConfigError
from lib.experiments import parameters
from lib.experiments.parameters import KNOWN

NOTEBOOKS = paths.ROOT / "notebooks"


class Refused(ValueError):
    """What was asked for does not fit; nothing was run."""


def pairs(words: list[str]) -> dict[str, str]:
    """`["seeds=8", "p=0.1"]` as `{"seeds": "8", "p": "0.1"}`."""
    texts = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise Refused(f'{word!r} does not fit: parameters are given as PARAMS="seeds=8 powers=2,4"')
        if name in texts:
            raise Refused(f"{name} is given twice")
        texts[name] = text
    return texts


def parse(words: list[str]) -> dict:
    """`["seeds=8", "powers=2,4"]` as `{"seeds": 8, "powers": [2, 4]}`: each value as its parameter has it."""
    return {name: read(name, text) for name, text in pairs(words).items()}


def read(name: str, text: str) -> Any:
    """The value of a parameter from the text after `NAME=`: as the parameter's type has it, if the text does."""
    about = KNOWN[name].metadata if name in KNOWN else {}
    if "kind" in about:
        return [_number(part) for part in text.split(",") if part]
    return _number(text)


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def cell(notebook: Path) -> dict:
    """What a notebook's parameters cell sets; nothing if it has none."""
    try:
        cells = json.loads(notebook.read_bytes())["cells"]
        tagged = [part for part in cells if "parameters" in part["metadata"].get("tags", [])]
        source = "\n".join("".join(part["source"]) for part in tagged)
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{notebook} is not a notebook: {error}") from error
    values = {}
    try:
        exec(source, values)  # as its kernel will
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
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ";"
            raise Refused(f"no notebook has a parameter {name!r}{hint} There are {', '.join(sorted(known))}")
    found = {}
    for stem in (notebook.stem for notebook in notebooks):
        injected = parameters.reaching(cells[stem], given)
        try:
            found[stem] = parameters.settled(cells[stem] | injected, injected.keys() & given.keys())
        except ConfigError as error:
            raise Refused(f"{stem}: {error}") from error
    for name in given:
        stems = [stem for stem in found if not last(stem)]
        there, lacking = ([stem[:2] for stem in stems if (name in cells[stem]) is has] for has in (True, False))
        everywhere = name in Config.__dataclass_fields__ and name != "seeds"  # where `rival_seeds` follows
        if lacking and (everywhere or not there):
            few = 0 < len(there) < len(lacking)
            how = f"a parameter of {', '.join(there)} only" if few else f"no parameter of {', '.join(lacking)}"
            print(f"{name} is {how}: {'elsewhere' if few else 'there'} it changes nothing", flush=True)
    return found


def restore() -> None:
    """Puts every parameters cell back to its defaults; nothing else of a notebook changes."""
    import nbformat

    for path in (NOTEBOOKS / f"{name}.ipynb" for name in names()):
        values, nb = cell(path), nbformat.read(path, 4)
        (own,) = (part for part in nb.cells if "parameters" in part.metadata.get("tags", []))
        before, own.source = own.source, restored(own.source)
        if own.source != before:
            draft = paths.BUILD / path.name
            nbformat.write(nb, draft)
            os.replace(draft, path)
            print(f"{path.stem}: back to the defaults from {parameters.told(parameters.unlike(values))}", flush=True)


def names() -> list[str]:
    """The notebooks, by name."""
    return sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb"))


def last(name: str) -> bool:
    """Whether a notebook draws on all the others."""
    return name.startswith("90_")


def restored(source: str) -> str:
    """The source of a parameters cell with every value at its default; names, order and comments stay."""
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        name, value = node.targets[0].id, node.value
        if name in KNOWN and _literal(value) != KNOWN[name].default:
            first, last = value.lineno - 1, value.end_lineno - 1
            head, tail = lines[first].encode()[: value.col_offset], lines[last].encode()[value.end_col_offset :]
            lines[first : last + 1] = [head.decode() + literal(KNOWN[name].default) + tail.decode()]
    return "\n".join(lines)


def _literal(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except ValueError:  # an expression, which no default is
        return None
    return tuple(value) if isinstance(value, list) else value


def literal(value: Any) -> str:
    """A default as a parameters cell has it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(literal, value))}]"
    return f'"{value}"' if isinstance(value, str) else re.sub(r"\.0$", "", repr(value))
