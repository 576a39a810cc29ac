"""One notebook, executed: whole or not at all, and the same bytes every time."""

import filecmp
import functools
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from lib import paths
from lib.experiments import parameters
from lib.publish import asked

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
ARGUMENTS = [
    "--IPKernelApp.log_level=ERROR",
    "--IPKernelApp.capture_fd_output=False",  # `store.say` is for the terminal
    "--HistoryManager.hist_file=:memory:",
]
# What a notebook would wait for.
AHEAD = "import lib.plots, lib.publish.plan; lib.publish.plan.ahead({!r}, {!r}); del lib"


class Failed(RuntimeError):
    """A notebook did not run to its end; nothing was changed."""


class Kernel:
    """A kernel for one notebook, its imports done; it begins to train what the parameters ask for."""

    def __init__(self, notebook: Path, home: Path, values: dict):
        folder = paths.BUILD / "ipython"
        folder.mkdir(parents=True, exist_ok=True)
        where = {
            "PAPER_HOME": home,
            "PAPER_STAGE": _stage(notebook, home),
            "PAPER_PROGRESS": log(home),
            "IPYTHONDIR": folder,
        }
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
    stamp, stage, failed = (build(home) / folder / notebook.stem for folder in ("stamps", "stage", "failed"))
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


def build(home: Path) -> Path:
    return paths.BUILD if home == paths.ROOT else home


def _stage(notebook: Path, home: Path) -> Path:
    return build(home) / "stage" / notebook.stem


def log(home: Path) -> Path:
    return build(home) / "progress.jsonl"


def _execute(notebook: Path, draft: Path, given: dict, kernel: Kernel, failed: Path) -> None:
    """Runs a notebook's cells and writes the result to `draft`, or to `failed` if a cell raised."""
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError

    injected = parameters.reaching(asked.cell(notebook), given)
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
        f"{hashlib.sha256((home / name).read_bytes()).hexdigest()}  {name}\n"
        for name in made
        if name.parts[0] == "data"
    )
    numbers = stamp.with_name(f"{stamp.name}.data")  # what the findings depend on: left alone if no number changed
    if not numbers.exists() or numbers.read_text() != data:
        numbers.write_text(data)
    stamp.touch()
    os.utime(stamp, ns=(start, start))


def _shown(path: Path) -> str:
    """A path as it looks from the repository."""
    return str(path.relative_to(paths.ROOT)) if path.is_relative_to(paths.ROOT) else str(path)
