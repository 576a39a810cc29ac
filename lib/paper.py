"""How `make` runs a notebook: whole or not at all, and the same bytes every time.

    python -m lib.paper check [NAME=VALUE ...]           refuses parameters that do not fit
    python -m lib.paper run NOTEBOOK [NAME=VALUE ...]    executes notebooks/NOTEBOOK.ipynb
"""

import difflib
import filecmp
import hashlib
import os
import re
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from lib import config, paths

NOTEBOOKS = paths.ROOT / "notebooks"
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
QUIET = ["--IPKernelApp.log_level=ERROR", "--IPKernelApp.capture_fd_output=False"]  # `store.say` is for the terminal


class Refused(ValueError):
    """What was asked for does not fit; nothing was run."""


class Failed(RuntimeError):
    """A notebook did not run to its end; nothing was changed."""


def parse(words: list[str], kinds: tuple = (float, int)) -> dict:
    """`["seeds=8", "p=0.1"]` as `{"seeds": 8, "p": 0.1}`: values are read as the last of `kinds` that fits, else str."""
    values = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise Refused(f'{word!r} does not fit: parameters are given as PARAMS="seeds=8 steps=200"')
        if name in values:
            raise Refused(f"{name} is given twice")
        values[name] = text
        for kind in kinds:
            try:
                values[name] = kind(text)
            except ValueError:
                pass
    return values


def declared(notebook: Path) -> set[str]:
    """Names of the parameters that a notebook's `parameters` cell declares."""
    import papermill  # takes seconds to import, and `readme` needs none of it

    try:
        return set(papermill.inspect_notebook(notebook))
    except (ValueError, AttributeError, KeyError) as error:
        raise Refused(f"{notebook} is not a notebook: {str(error).splitlines()[0]}") from error


def check(values: dict, notebooks: list[Path]) -> None:
    """Refuses a name that no notebook declares, and a value that does not fit.

    Raises:
        Refused, config.ConfigError: with one line that says what would fit.
    """
    names = set().union(*map(declared, notebooks)) if values else set()
    for name in values:
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ";"
            raise Refused(f"no notebook has a parameter {name!r}{hint} There are {', '.join(sorted(names))}")
    config.check(values)


def run(notebook: Path, values: dict, home: Path) -> list[Path]:
    """Executes a notebook and moves it, its figures and its data to `home` once the whole of it has run.

    What it made is listed in a file that `make` includes, beside a stamp that is as old as the start of
    the run: what is edited while a notebook runs is newer than its stamp.

    Returns: what was made, relative to `home`.

    Raises:
        Failed: a cell raised, the kernel died, or the notebook was edited while it ran.
        OSError: something could not be written.
    """
    import filelock

    build = paths.BUILD if home == paths.ROOT else home
    stamp, stage, failed = (build / folder / notebook.stem for folder in ("stamps", "stage", "failed"))
    stamp.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(stamp.with_name(f"{stamp.name}.lock")):  # two `make paper` take turns
        stamp.unlink(missing_ok=True)
        shutil.rmtree(stage, ignore_errors=True)
        (stage / "notebooks").mkdir(parents=True)
        try:
            start, source = time.time_ns(), notebook.read_bytes()
            draft = stage / "notebooks" / notebook.name
            _execute(notebook, draft, values, home, stage, failed.with_name(notebook.name))
            if notebook.read_bytes() != source:
                raise Failed(f"{notebook.stem} was edited while it ran; the edit is kept: run make again")
            made = _move(stage, home, start)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        for folder in ("data", "figures"):
            for old in (home / folder).glob(f"{notebook.stem.partition('_')[0]}_*"):
                if old.relative_to(home) not in made:
                    old.unlink()
        _list(stamp, notebook, home, made, start)
    return made


def _execute(notebook: Path, draft: Path, values: dict, home: Path, stage: Path, failed: Path) -> None:
    """Runs a notebook's cells and writes the result to `draft`, or to `failed` if a cell raised."""
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError

    names = declared(notebook)
    given = {name: value for name, value in values.items() if name in names}
    (paths.BUILD / "ipython").mkdir(parents=True, exist_ok=True)
    where = {"PAPER_HOME": str(home), "PAPER_STAGE": str(stage), "IPYTHONDIR": str(paths.BUILD / "ipython")}
    try:
        with _environment(**where, JUPYTER_PREFER_ENV_PATH="1", MPLBACKEND=None):
            nb = papermill.execute_notebook(
                notebook,
                draft,
                given,
                kernel_name="python3",
                language="python",
                cwd=notebook.parent,
                progress_bar=False,
                request_save_on_cell_execute=False,
                record_timing=False,
                coalesce_streams=True,
                extra_arguments=list(QUIET),
            )
    except papermill.PapermillExecutionError as error:
        failed.parent.mkdir(parents=True, exist_ok=True)
        os.replace(draft, failed)
        reason = " ".join(re.sub(r"\x1b\[[\d;]*m", "", error.evalue).split())
        raise Failed(
            f"{notebook.stem} failed in cell [{error.exec_count}]: {error.ename}: {reason}\n"
            f"  nothing was changed; the notebook as it failed is {_shown(failed)}"
        ) from None
    except DeadKernelError:
        raise Failed(f"{notebook.stem} failed: its kernel died (out of memory?); nothing was changed") from None
    nb.metadata = nbformat.from_dict(KERNEL)
    for cell in nb.cells:
        cell.metadata = nbformat.from_dict({name: cell.metadata[name] for name in ("tags",) if name in cell.metadata})
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"
    nbformat.write(nb, draft)


@contextmanager
def _environment(**changes: str | None):
    """Environment variables for the kernel, put back afterwards; None takes one away."""
    before = {name: os.environ.pop(name, None) for name in changes}

    def put(values):
        for name, value in values.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

    put(changes)
    try:
        yield
    finally:
        put(before)


def _move(stage: Path, home: Path, start: int) -> list[Path]:
    """Moves every staged file that differs from the one at home; all are dated `start`."""
    made = sorted(path.relative_to(stage) for path in stage.rglob("*") if path.is_file())
    for name in made:
        there = home / name
        there.parent.mkdir(parents=True, exist_ok=True)
        if not (there.exists() and filecmp.cmp(stage / name, there, shallow=False)):
            os.replace(stage / name, there)
        os.utime(there, ns=(start, start))
    return made


def _list(stamp: Path, notebook: Path, home: Path, made: list[Path], start: int) -> None:
    """Writes what `make` wants to know: the outputs, whether the data changed, and that all is done.

    The stamp depends on the outputs, so a deleted or altered one makes its notebook run again.
    """
    target = os.path.relpath(stamp, paths.ROOT)
    outputs = " ".join(os.path.relpath(home / name, paths.ROOT) for name in made if home / name != notebook)
    stamp.with_name(f"{stamp.name}.mk").write_text(f"{target}: {outputs}\n{outputs}:\n" if outputs else "")
    data = "".join(
        f"{hashlib.sha256((home / name).read_bytes()).hexdigest()}  {name}\n" for name in made if name.parts[0] == "data"
    )
    numbers = stamp.with_name(f"{stamp.name}.data")  # what the findings depend on: left alone if no number changed
    if not numbers.exists() or numbers.read_text() != data:
        numbers.write_text(data)
    stamp.touch()
    os.utime(stamp, ns=(start, start))


def _shown(path: Path) -> str:
    """A path as it looks from the repository."""
    return str(path.relative_to(paths.ROOT)) if path.is_relative_to(paths.ROOT) else str(path)


def main(command: str, *words: str) -> int:
    """Does what the command line asks; one message and an exit status if it cannot be done."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception, so that the kernel is stopped too
    sys.modules["rfc3987_syntax"] = None  # papermill's slowest import by far, for web addresses that we don't check
    home = paths.home()
    try:
        if command == "check":
            check(parse(words), sorted(NOTEBOOKS.glob("[0-9]*.ipynb")))
        elif command == "run":
            started = time.monotonic()
            run(NOTEBOOKS / f"{words[0]}.ipynb", parse(words[1:]), home)
            print(f"{words[0]:<20} {time.monotonic() - started:4.0f} s", flush=True)
        else:
            raise Refused(f"no command {command!r}:{__doc__.partition('.')[2]}")
    except (Refused, config.ConfigError) as error:
        print(error, file=sys.stderr)
        return 2
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        about = f"{error.strerror or error}: {error.filename or words[0]}"
        print(f"cannot write ({about}); what was there is untouched: make room and run again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing was changed", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["help"])))
