"""One notebook, executed: whole or not at all, and the same bytes every time."""

import asyncio
import filecmp
import hashlib
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

import nbformat
import papermill
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning import LocalProvisioner
from jupyter_core.utils import ensure_event_loop, run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from traitlets import Instance

from lib import paths
from lib.experiments import parameters
from lib.publish import asked
from lib.publish.warm import Warm

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
ARGUMENTS = [
    "--IPKernelApp.log_level=ERROR",
    "--IPKernelApp.capture_fd_output=False",  # `store.say` is for the terminal
    "--HistoryManager.hist_file=:memory:",
]
IMPORTS = ("ipykernel.kernelapp", "lib.plots", "lib.claims", "lib.experiments.sweep")  # all that takes long


class Failed(RuntimeError):
    """A notebook did not run to its end; nothing was changed."""


class Forked(LocalProvisioner):
    """A kernel as Jupyter wants to know it, whose process `warm` forks."""

    warm = Instance(Warm)

    async def launch_kernel(self, cmd, *, env, cwd, **_):
        self.process = self.pid = self.warm.fork(cmd, env=env, cwd=cwd)
        return self.connection_info

    async def poll(self):
        return None if self.process and self.warm.alive(self.pid) else 1

    async def wait(self):
        while await self.poll() is None:
            await asyncio.sleep(0.02)
        self.process = None

    async def send_signal(self, signum):
        with suppress(ProcessLookupError):
            os.kill(self.pid, signum)


def run(notebook: Path, given: dict, home: Path, warm: Warm | None = None) -> list[Path]:
    """Executes a notebook and moves it, its figures and its data to `home` once the whole of it has run.

    What it made is listed in a file that `make` includes, beside a stamp that is as old as `warm`: what is edited
    while notebooks run is newer than their stamps.

    Of the values `given` those that the notebook declares are injected. Returns what was made, relative to `home`.

    Raises:
        Failed, OSError: it did not run to its end, or could not be written.
    """
    if warm is None:
        with Warm(IMPORTS) as warm:
            return run(notebook, given, home, warm)
    stamp, stage, failed = (build(home) / folder / notebook.stem for folder in ("stamps", "stage", "failed"))
    failed = failed.with_suffix(".ipynb")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    shutil.rmtree(stage, ignore_errors=True)
    (stage / "notebooks").mkdir(parents=True)
    try:
        source = notebook.read_bytes()
        _execute(notebook, stage / "notebooks" / notebook.name, given, home, stage, failed, warm)
        if notebook.read_bytes() != source:
            raise Failed(f"{notebook.stem} was edited while it ran; the edit is kept: run make again")
        made = _move(stage, home, warm.start)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    for old in (old for folder in ("data", "figures") for old in (home / folder).glob(f"{notebook.stem[:2]}[_.]*")):
        if old.relative_to(home) not in made:
            old.unlink()
    failed.unlink(missing_ok=True)
    _list(stamp, notebook, home, made, warm.start)
    return made


def build(home: Path) -> Path:
    """Where the files go that a run leaves beside its results."""
    return paths.BUILD if home == paths.ROOT else home


def log(home: Path) -> Path:
    """Where `lib.store` notes what it computed in a run."""
    return build(home) / "progress.jsonl"


class Engine(NBClientEngine):
    """papermill's engine, on a kernel that `warm` forks."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, warm, start, **_):
        km = AsyncKernelManager(kernel_name=kernel_name, kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
        km.provisioner = Forked(parent=km, kernel_spec=km.kernel_spec, warm=warm)
        options = {
            "coalesce_streams": True,
            "shutdown_kernel": "immediate",
            "startup_timeout": 600,
            "iopub_timeout": 600,
        }
        loop = ensure_event_loop()
        try:
            run_sync(km.start_kernel)(**start)
            PapermillNotebookClient(nb_man, km=km, **options).execute(cleanup_kc=True)
        finally:
            if not loop.is_running():  # it is this thread's own
                loop.close()


papermill_engines.register("forked", Engine)


def _execute(notebook: Path, draft: Path, given: dict, home: Path, stage: Path, failed: Path, warm: Warm) -> None:
    """Runs a notebook's cells and writes the result to `draft`, or to `failed` if a cell raised."""
    injected, own = parameters.reaching(asked.cell(notebook), given), paths.BUILD / "ipython"
    own.mkdir(parents=True, exist_ok=True)
    environment = {"PAPER_HOME": home, "PAPER_STAGE": stage, "PAPER_PROGRESS": log(home), "IPYTHONDIR": own}
    start = {"extra_arguments": ARGUMENTS, "cwd": str(notebook.parent)}
    try:
        nb = papermill.execute_notebook(
            notebook,
            draft,
            {name: list(value) if isinstance(value, tuple) else value for name, value in injected.items()},
            engine_name="forked",
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            warm=warm,
            start=start | {"env": {name: str(path) for name, path in environment.items()}},
        )
    except papermill.PapermillExecutionError as error:
        failed.parent.mkdir(parents=True, exist_ok=True)
        os.replace(draft, failed)
        reason = " ".join(re.sub(r"\x1b\[[\d;]*m", "", error.evalue).split())
        shown = failed.relative_to(paths.ROOT) if failed.is_relative_to(paths.ROOT) else failed
        raise Failed(
            f"{notebook.stem} failed in cell [{error.exec_count}]: {error.ename}: {reason}; "
            f"nothing of it was changed, as it failed it is {shown}"
        ) from None
    except RuntimeError:  # from nbclient, at whatever moment
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
    outputs = " ".join(os.path.relpath(home / name, paths.ROOT) for name in made if home / name != notebook)
    rules = f"{os.path.relpath(stamp, paths.ROOT)}: {outputs}\n{outputs}:\n" if outputs else ""
    stamp.with_name(f"{stamp.name}.mk").write_text(rules)
    digests = {name: hashlib.sha256((home / name).read_bytes()).hexdigest() for name in made if name.parts[0] == "data"}
    data = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    numbers = stamp.with_name(f"{stamp.name}.data")  # what the findings depend on: left alone if no number changed
    if not numbers.exists() or numbers.read_text() != data:
        numbers.write_text(data)
        os.utime(numbers, ns=(start, start))
    stamp.touch()
    os.utime(stamp, ns=(start, start))
