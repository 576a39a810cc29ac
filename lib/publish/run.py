"""How `make` runs notebooks: which, with what, in which order.

python -m lib.publish.run run NOTEBOOK ... [-- NAME=VALUE ...]    executes those that have no stamp, the findings last
python -m lib.publish.run restore                                 puts every parameters cell back to its defaults
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

from filelock import FileLock

from lib import paths
from lib.config import ConfigError
from lib.experiments import parameters
from lib.publish import asked, kernel
from lib.publish.progress import Progress
from lib.publish.warm import Warm

TOGETHER = min(os.cpu_count() or 1, 2)  # notebooks at once; more would want much memory


def update(names: list[str], given: dict, home: Path) -> int:
    """Runs those of the notebooks that have no stamp, some at once; one that fails stops only the findings.

    Beside the stamps it leaves `failed`, a line for each notebook that did not end, and `mixed`, a line if sections ran
    with different parameters. Two calls for one `home` take turns. Returns an exit status.

    Raises:
        Refused, ConfigError, OSError: the parameters do not fit, and nothing was run; something could not be written.
    """
    stamps, notebooks = kernel.build(home) / "stamps", [asked.NOTEBOOKS / f"{name}.ipynb" for name in names]
    settled, plan, log = asked.check(given, notebooks), stamps / "plan.json", kernel.log(home)
    stamps.mkdir(parents=True, exist_ok=True)
    with FileLock(stamps / "lock"):
        for old in (stamps / "failed", plan):
            old.unlink(missing_ok=True)
        log.write_text("")
        todo = [path for path in notebooks if not (stamps / path.stem).exists()]
        with Warm(kernel.IMPORTS) as warm, Progress(len(todo), plan, log) as progress:
            planned = json.dumps({path.stem: settled[path.stem] for path in todo}), str(plan)
            warm.fork([sys.executable, "-m", "lib.publish.plan", *planned], {}, str(paths.ROOT))
            turn = partial(_turn, given=given, home=home, warm=warm, progress=progress)
            sections = [path for path in reversed(todo) if not asked.last(path.stem)]  # the last ones take longest
            failed = _together(turn, sections, warm)
            if mixed := parameters.disagreement(home):
                mixed = f"findings and README are left as they were: {mixed}; to go back, make restore\n"
            (stamps / "mixed").write_text(mixed)
            try:
                findings = [
                    path for path in notebooks if asked.last(path.stem) and _due(stamps / path.stem, bool(mixed))
                ]
                failed += _together(turn, findings, warm)
            except kernel.Failed as error:
                failed.append(str(error))
        (stamps / "failed").write_text("".join(f"{line}\n" for line in failed))
    return 1 if failed else 0


def _together(turn: Callable[[Path], list[str]], notebooks: list[Path], warm: Warm) -> list[str]:
    """Takes the notebooks' turns, in threads; what ends one of those, or this, ends all."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        try:
            turns = [pool.submit(turn, notebook) for notebook in notebooks]
            for one in wait(turns, return_when=FIRST_EXCEPTION).done:
                one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            warm.stop()
            raise
    return [line for one in turns for line in one.result()]


def _turn(notebook: Path, given: dict, home: Path, warm: Warm, progress: Progress) -> list[str]:
    """Runs a notebook; a line if it failed."""
    start, failed = time.monotonic(), []
    try:
        kernel.run(notebook, given, home, warm)
    except kernel.Failed as error:
        failed = [str(error)]
    progress.end(notebook.stem, time.monotonic() - start, ", failed" if failed else "")
    return failed


def _due(stamp: Path, mixed: bool) -> bool:
    """Whether the findings are to run, since a section's numbers are newer; not where sections are mixed.

    Raises:
        kernel.Failed: a section is lacking.
    """
    sections = [stamp.with_name(name) for name in asked.names() if not asked.last(name)]
    if lacking := [section.name for section in sections if not section.exists()]:
        stamp.unlink(missing_ok=True)
        raise kernel.Failed(f"{stamp.name} was not run: it needs {', '.join(lacking)}")
    if mixed:
        stamp.touch()  # once they agree, some section's numbers are newer
    newest = max(section.with_suffix(".data").stat().st_mtime_ns for section in sections)
    return not mixed and not (stamp.exists() and stamp.stat().st_mtime_ns >= newest)


def main(command: str, *words: str) -> int | None:
    """Does what the command line asks; one message and an exit status if it cannot be done."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception, so that kernels are stopped too
    try:
        if command == "restore":
            return asked.restore()
        end = [*words, "--"].index("--")
        return update([*words[:end]], asked.parse([*words[end + 1 :]]), paths.home())
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


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
