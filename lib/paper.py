"""How `make` runs notebooks: each whole or not at all, and the same bytes every time.

    python -m lib.paper run NOTEBOOK ... [-- NAME=VALUE ...]    executes those that have no stamp, the findings last
    python -m lib.paper restore                                 puts every parameters cell back to its defaults
"""

import difflib
import filecmp
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

from filelock import FileLock
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from lib import parameters, paths
from lib.config import Config, ConfigError
from lib.progress import Progress

NOTEBOOKS = paths.ROOT / "notebooks"
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
ARGUMENTS = [
    "--IPKernelApp.log_level=ERROR",
    "--IPKernelApp.capture_fd_output=False",  # `store.say` is for the terminal
    "--HistoryManager.hist_file=:memory:",
]
AHEAD = "import lib.plots, lib.plan; lib.plan.ahead({!r}, {!r}); del lib"  # what a notebook would wait for


class Refused(ValueError):
    """What was asked for does not fit; nothing was run."""


class Failed(RuntimeError):
    """A notebook did not run to its end; nothing was changed."""


# ---- what is asked for


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
    return {name: parameters.read(name, text) for name, text in pairs(words).items()}


def cell(notebook: Path) -> dict:
    """What a notebook's parameters cell sets; nothing if it has none."""
    try:
        cells = json.loads(notebook.read_bytes())["cells"]
        source = "\n".join("".join(part["source"]) for part in cells if "parameters" in part["metadata"].get("tags", []))
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{notebook} is not a notebook: {error}") from error
    values = {}
    try:
        exec(source, values)  # as its kernel will
    except Exception as error:
        raise Refused(f"{notebook.stem}: its parameters cell ends in {type(error).__name__}: {error}") from error
    return {name: value for name, value in values.items() if name in parameters.KNOWN}


def check(given: dict, notebooks: list[Path]) -> dict[str, dict]:
    """What each notebook would run with, by name, the values of a run injected; says which of them reach only some.

    Raises:
        Refused, ConfigError: one line that names the parameter and what fits, and the notebook if its cell has a part in it.
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
        there, lacking = ([stem[:2] for stem in found if (name in cells[stem]) is has and not last(stem)] for has in (True, False))
        if lacking and (not there or name in Config.__dataclass_fields__) and name != "seeds":  # `rival_seeds` follows those
            few = 0 < len(there) < len(lacking)
            how = f"a parameter of {', '.join(there)} only" if few else f"no parameter of {', '.join(lacking)}"
            print(f"{name} is {how}: {'elsewhere' if few else 'there'} it changes nothing", flush=True)
    return found


def restore() -> None:
    """Puts every parameters cell back to its defaults; nothing else of a notebook changes."""
    import nbformat

    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        values, nb = cell(path), nbformat.read(path, 4)
        (own,) = (part for part in nb.cells if "parameters" in part.metadata.get("tags", []))
        before, own.source = own.source, parameters.restored(own.source)
        if own.source != before:
            draft = paths.BUILD / path.name
            nbformat.write(nb, draft)
            os.replace(draft, path)
            print(f"{path.stem}: back to the defaults from {parameters.told(parameters.unlike(values))}", flush=True)


# ---- runs


def update(names: list[str], given: dict, home: Path) -> int:
    """Runs those of the notebooks that have no stamp, one after the other; one that fails stops only the findings.

    Beside the stamps it leaves `failed`, a line for each notebook that did not end, and `mixed`, where sections disagree.

    Returns: an exit status.

    Raises:
        Refused, ConfigError: the parameters do not fit; nothing was run.
        OSError: something could not be written.
    """
    stamps, notebooks = _build(home) / "stamps", [NOTEBOOKS / f"{name}.ipynb" for name in names]
    (stamps / "failed").unlink(missing_ok=True)
    settled = check(given, notebooks)
    stamps.mkdir(parents=True, exist_ok=True)
    todo = [path for path in notebooks if not (stamps / path.stem).exists()]
    sections, kernels, failed = [path for path in todo if not last(path.stem)], [], []
    with Progress({path.stem: settled[path.stem] for path in todo}, _log(home)) as progress:
        try:
            for number, path in enumerate(sections):
                kernels += [Kernel(ahead, home, settled[ahead.stem]) for ahead in sections[len(kernels) : number + 2]]
                failed += _turn(path, given, home, progress, kernels[number])
        finally:
            for kernel in kernels:
                kernel.stop()
        mixed = _mixed(stamps / "mixed", home)
        for path in (path for path in notebooks if last(path.stem)):
            failed += _conclude(path, given, home, progress, mixed)
    (stamps / "failed").write_text("".join(f"{line}\n" for line in failed))
    return 1 if failed else 0


def last(name: str) -> bool:
    """Whether a notebook draws on all the others."""
    return name.startswith("90_")


def _turn(notebook: Path, given: dict, home: Path, progress: Progress, kernel: "Kernel | None" = None) -> list[str]:
    """Runs a notebook unless another `make`, with which this one takes turns, just did; a line if it failed."""
    stamp, failed = _build(home) / "stamps" / notebook.stem, []
    with FileLock(f"{stamp}.lock"):
        if not stamp.exists():
            try:
                run(notebook, given, home, kernel)
            except Failed as error:
                failed = [str(error)]
    progress.end(notebook.stem, ", failed" if failed else "")
    return failed


def _conclude(notebook: Path, given: dict, home: Path, progress: Progress, mixed: bool) -> list[str]:
    """Runs the findings if a section's numbers are newer, where all sections are there and agree."""
    stamps = _build(home) / "stamps"
    stamp, sections = stamps / notebook.stem, sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb") if not last(path.stem))
    if lacking := [name for name in sections if not (stamps / name).exists()]:
        stamp.unlink(missing_ok=True)
        return [f"{notebook.stem} was not run: it needs {', '.join(lacking)}"]
    if mixed:
        stamp.touch()  # once they agree, some section's numbers are newer
        return []
    if stamp.exists() and any((stamps / f"{name}.data").stat().st_mtime_ns > stamp.stat().st_mtime_ns for name in sections):
        stamp.unlink()
    return [] if stamp.exists() else _turn(notebook, given, home, progress)


def _mixed(file: Path, home: Path) -> bool:
    """Whether sections ran with different parameters; the file says which, for `make` to show."""
    line = parameters.disagreement(home)
    if line:
        file.write_text(f"findings and README are left as they were: {line}; to go back, make restore\n")
    else:
        file.unlink(missing_ok=True)
    return bool(line)


class Kernel:
    """A kernel for one notebook, with the imports done that all wait for; it begins to train what the parameters ask for."""

    def __init__(self, notebook: Path, home: Path, values: dict):
        folder = paths.BUILD / "ipython"
        folder.mkdir(parents=True, exist_ok=True)
        where = {"PAPER_HOME": home, "PAPER_STAGE": _stage(notebook, home), "PAPER_PROGRESS": _log(home), "IPYTHONDIR": folder}
        inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
        self.start = time.time_ns()  # what is edited from now on it may not have seen
        self.manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
        environment = inherited | {name: str(path) for name, path in where.items()}
        arguments = [*ARGUMENTS, f"--IPKernelApp.exec_lines={AHEAD.format(notebook.stem[:2], values)}"]
        run_sync(self.manager.start_kernel)(extra_arguments=arguments, cwd=str(notebook.parent), env=environment)

    def stop(self) -> None:
        """Stops it, unless it was stopped."""
        if self.manager.has_kernel:
            run_sync(self.manager.shutdown_kernel)(now=True)


@functools.cache
def _engine() -> str:
    """papermill's engine on a kernel that is there already; its name."""
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines

    class Engine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, manager, **_):
            client = PapermillNotebookClient(nb_man, km=manager, kernel_name=kernel_name, coalesce_streams=True)
            client.startup_timeout, client.shutdown_kernel = 600, "immediate"
            client.execute(cleanup_kc=True)

    papermill_engines.register("started", Engine)
    return "started"


def run(notebook: Path, given: dict, home: Path, kernel: Kernel | None = None) -> list[Path]:
    """Executes a notebook and moves it, its figures and its data to `home` once the whole of it has run.

    What it made is listed in a file that `make` includes, beside a stamp that is as old as the start of
    the kernel: what is edited while a notebook runs is newer than its stamp.

    Args:
        given: values of a run; those that the notebook declares are injected.
        kernel: to run it on; one of its own if there is none.

    Returns: what was made, relative to `home`.

    Raises:
        Failed: a cell raised, the kernel died, or the notebook was edited while it ran.
        OSError: something could not be written.
    """
    stamp, stage, failed = (_build(home) / folder / notebook.stem for folder in ("stamps", "stage", "failed"))
    kernel, failed = kernel or Kernel(notebook, home, {}), failed.with_suffix(".ipynb")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    shutil.rmtree(stage, ignore_errors=True)
    (stage / "notebooks").mkdir(parents=True)
    try:
        source, draft = notebook.read_bytes(), stage / "notebooks" / notebook.name
        _execute(notebook, draft, given, kernel, failed)
        if notebook.read_bytes() != source:
            raise Failed(f"{notebook.stem} was edited while it ran; the edit is kept: run make again")
        made = _move(stage, home, kernel.start)
    finally:
        kernel.stop()
        shutil.rmtree(stage, ignore_errors=True)
    for folder in ("data", "figures"):
        for old in (home / folder).glob(f"{notebook.stem[:2]}[_.]*"):
            if old.relative_to(home) not in made:
                old.unlink()
    failed.unlink(missing_ok=True)
    _list(stamp, notebook, home, made, kernel.start)
    return made


def _build(home: Path) -> Path:
    return paths.BUILD if home == paths.ROOT else home


def _stage(notebook: Path, home: Path) -> Path:
    return _build(home) / "stage" / notebook.stem


def _log(home: Path) -> Path:
    return _build(home) / "progress.jsonl"


def _execute(notebook: Path, draft: Path, given: dict, kernel: Kernel, failed: Path) -> None:
    """Runs a notebook's cells and writes the result to `draft`, or to `failed` if a cell raised."""
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError

    injected = parameters.reaching(cell(notebook), given)
    try:
        nb = papermill.execute_notebook(
            notebook,
            draft,
            {name: list(value) if isinstance(value, tuple) else value for name, value in injected.items()},
            engine_name=_engine(),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            manager=kernel.manager,
        )
    except papermill.PapermillExecutionError as error:
        failed.parent.mkdir(parents=True, exist_ok=True)
        os.replace(draft, failed)
        reason = " ".join(re.sub(r"\x1b\[[\d;]*m", "", error.evalue).split())
        raise Failed(
            f"{notebook.stem} failed in cell [{error.exec_count}]: {error.ename}: {reason}; "
            f"nothing of it was changed, as it failed it is {_shown(failed)}"
        ) from None
    except DeadKernelError:
        raise Failed(f"{notebook.stem} failed: its kernel died (out of memory?); nothing of it was changed") from None
    nb.metadata = nbformat.from_dict(KERNEL)
    for part in nb.cells:
        part.metadata = nbformat.from_dict({name: part.metadata[name] for name in ("tags",) if name in part.metadata})
        if "injected-parameters" in part.metadata.get("tags", []):
            part.id = "injected-parameters"
    nbformat.write(nb, draft)


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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception, so that kernels are stopped too
    try:
        if command == "run":
            end = words.index("--") if "--" in words else len(words)
            return update([*words[:end]], parse([*words[end + 1 :]]), paths.home())
        if command != "restore":
            raise Refused(f"no command {command!r}:{__doc__.partition('.')[2]}")
        restore()
    except (Refused, ConfigError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        about = f"{error.strerror or error}: {error.filename or command}"
        print(f"cannot write ({about}); what was there is untouched: make room and run again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; what was finished is kept", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["help"])))
