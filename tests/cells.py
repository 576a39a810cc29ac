"""Runs the cells of a notebook in this process, where everything is imported and compiled once, and says what is wrong.

python tests/cells.py 02_slopes features=3 seeds=1      (from the repository's root)
"""

import os
import re
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import jax
import matplotlib.pyplot as plt
import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lib.plots  # noqa: F401 (numpy's warnings are quiet from its import on, as in a kernel)
from lib import paths
from lib.config import ConfigError
from lib.publish import asked
from lib.theory import set_code

BAD = re.compile(r"(?<![\w.])[-+−]?(nan|NaN|inf|-inf)(?!\w)")


@contextmanager
def cheaply(store: Path):
    """Programs compiled in a third of the time, hardly optimised; few dots, few draws of the theory; its own store."""
    before, paths.STORE, set_code.DRAWS = (paths.STORE, set_code.DRAWS), store, 512
    jax.config.update("jax_disable_most_optimizations", True)
    try:
        with plt.rc_context({"savefig.dpi": 20, "figure.constrained_layout.use": False}):
            yield
    finally:
        jax.config.update("jax_disable_most_optimizations", False)
        paths.STORE, set_code.DRAWS = before


def outcome(name: str, values: dict, home: Path, store: Path | None = None) -> str:
    """How a run ends: "fine", what was refused or diverged, or what a reader must not see, a line each."""
    try:
        return "\n".join(run(name, values, home, store)) or "fine"
    except ConfigError as error:
        return f"refused: {error}"
    except FloatingPointError as error:
        return f"diverged: {error}"


def run(name: str, values: dict, home: Path, store: Path | None = None) -> list[str]:
    """Runs `notebooks/NAME.ipynb` with other parameters into `home`, with a store of its own or one that runs share.

    Returns: what a reader must not see, a line each: a raw error, a warning, a NaN or an infinity.

    Raises:
        ConfigError, FloatingPointError: the parameters were refused, or training diverged.
    """
    with cheaply(store or home / "store"):
        return _run(name, values, home)


def _run(name: str, values: dict, home: Path) -> list[str]:
    nb = nbformat.read(asked.NOTEBOOKS / f"{name}.ipynb", 4)
    os.environ["PAPER_HOME"] = str(home)
    shell = InteractiveShell.instance()
    shell.reset(new_session=False)
    shell.colors = "nocolor"
    found = []
    for number, cell in enumerate(nb.cells):
        if cell.cell_type != "code":
            continue
        with warnings.catch_warnings(record=True) as seen, capture_output() as out:
            result = shell.run_cell(cell.source, store_history=False)
            if "parameters" in cell.metadata.get("tags", []):
                shell.user_ns.update({k: v for k, v in values.items() if k in shell.user_ns})
        error = result.error_before_exec or result.error_in_exec
        if isinstance(error, (ConfigError, FloatingPointError)):
            raise error
        if error is not None:
            line = getattr(error, "__traceback__", None)
            while line is not None and line.tb_next is not None:
                line = line.tb_next
            where = f"{Path(line.tb_frame.f_code.co_filename).name}:{line.tb_lineno}" if line else ""
            return [*found, f"{name} cell {number}: {type(error).__name__}: {error} ({where})"]
        shown = [data for output in out.outputs for kind, data in output.data.items() if kind.startswith("text/")]
        if result.result is not None:
            data, _ = shell.display_formatter.format(result.result)
            shown += [text for kind, text in data.items() if kind in ("text/html", "text/markdown", "text/plain")]
        bad = [(text, match) for text in shown if (match := BAD.search(text))]
        found += [f"{name} cell {number}: {text[max(0, at.start() - 60) : at.end() + 20]!r}" for text, at in bad]
        found += [
            f"{name} cell {number}: {w.category.__name__}: {w.message} ({Path(w.filename).name}:{w.lineno})"
            for w in seen
        ]
        found += [f"{name} cell {number}: on stderr: {text[:300]}" for text in (out.stderr,) if text.strip()]
    return found


def main(name: str, *words: str) -> int:
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        said = outcome(name, asked.parse(list(words)), Path(os.environ.get("KEEP", home)))
    print(said, f"({time.monotonic() - start:.0f} s)")
    return said != "fine"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
