"""How `make` runs notebooks: which, with what, in which order.

python -m lib.publish.run run NOTEBOOK ... [-- NAME=VALUE ...]    executes those that have no stamp, the findings last
python -m lib.publish.run restore                                 puts every parameters cell back to its defaults
"""

import signal
import sys
from pathlib import Path

from filelock import FileLock

from lib import paths
from lib.config import ConfigError
from lib.experiments import parameters
from lib.publish import asked, kernel
from lib.publish.kernel import Kernel
from lib.publish.progress import Progress


def update(names: list[str], given: dict, home: Path) -> int:
    """Runs those of the notebooks that have no stamp, one after the other; one that fails stops only the findings.

    Beside the stamps it leaves `failed`, a line for each notebook that did not end, and `mixed`, where sections differ.

    Returns: an exit status.

    Raises:
        Refused, ConfigError: the parameters do not fit; nothing was run.
        OSError: something could not be written.
    """
    stamps, notebooks = kernel.build(home) / "stamps", [asked.NOTEBOOKS / f"{name}.ipynb" for name in names]
    (stamps / "failed").unlink(missing_ok=True)
    settled = asked.check(given, notebooks)
    stamps.mkdir(parents=True, exist_ok=True)
    todo = [path for path in notebooks if not (stamps / path.stem).exists()]
    sections, started, failed = [path for path in todo if not asked.last(path.stem)], [], []
    with Progress({path.stem: settled[path.stem] for path in todo}, kernel.log(home)) as progress:
        try:
            for number, path in enumerate(sections):
                started += [Kernel(ahead, home, settled[ahead.stem]) for ahead in sections[len(started) : number + 2]]
                failed += _turn(path, given, home, progress, started[number])
        finally:
            for one in started:
                one.stop()
        mixed = _mixed(stamps / "mixed", home)
        for path in (path for path in notebooks if asked.last(path.stem)):
            failed += _conclude(path, given, home, progress, mixed)
    (stamps / "failed").write_text("".join(f"{line}\n" for line in failed))
    return 1 if failed else 0


def _turn(notebook: Path, given: dict, home: Path, progress: Progress, on: Kernel | None = None) -> list[str]:
    """Runs a notebook unless another `make`, with which this one takes turns, just did; a line if it failed."""
    stamp, failed = kernel.build(home) / "stamps" / notebook.stem, []
    with FileLock(f"{stamp}.lock"):
        if not stamp.exists():
            try:
                kernel.run(notebook, given, home, on)
            except kernel.Failed as error:
                failed = [str(error)]
    progress.end(notebook.stem, ", failed" if failed else "")
    return failed


def _conclude(notebook: Path, given: dict, home: Path, progress: Progress, mixed: bool) -> list[str]:
    """Runs the findings if a section's numbers are newer, where all sections are there and agree."""
    stamps = kernel.build(home) / "stamps"
    stamp, sections = stamps / notebook.stem, [name for name in asked.names() if not asked.last(name)]
    if lacking := [name for name in sections if not (stamps / name).exists()]:
        stamp.unlink(missing_ok=True)
        return [f"{notebook.stem} was not run: it needs {', '.join(lacking)}"]
    if mixed:
        stamp.touch()  # once they agree, some section's numbers are newer
        return []
    if stamp.exists() and any(
        (stamps / f"{name}.data").stat().st_mtime_ns > stamp.stat().st_mtime_ns for name in sections
    ):
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


def main(command: str, *words: str) -> int:
    """Does what the command line asks; one message and an exit status if it cannot be done."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception, so that kernels are stopped too
    try:
        if command == "run":
            end = words.index("--") if "--" in words else len(words)
            return update([*words[:end]], asked.parse([*words[end + 1 :]]), paths.home())
        if command != "restore":
            raise asked.Refused(f"no command {command!r}:{__doc__.partition('.')[2]}")
        asked.restore()
    except (asked.Refused, ConfigError) as error:
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
