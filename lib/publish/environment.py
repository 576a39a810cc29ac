"""Sets up the Python environment of the paper: `python3 lib/publish/environment.py STAMP`, in the repository.

STAMP is a file in the environment's folder. It is written last and holds the repository's place: make sets up again
where it is not so. Only Python's own library is there yet, and a Python that is too old must read this file to say so.
"""

import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
LOCK = "requirements.lock"


def environment(folder: Path, *goals: str) -> str:
    """The Python of the environment in `folder`, made anew unless it has a pip that works; `goals` are make's."""
    python = str(folder / "bin" / "python")
    if has_pip(python):
        return python
    if str(folder) == os.environ.get("CONDA_PREFIX"):
        sys.exit("this conda environment has no pip: conda install pip")
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        again = " ".join(["make PYTHON=python3.12", *goals])
        sys.exit(f"{sys.executable} is not Python 3.11 to 3.13: install one, or name it: {again}")
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        sys.exit(f"{sys.executable} cannot make environments: install its venv module (apt install python3-venv)")
    print(f"setting up {folder}, once", file=sys.stderr)
    clear = ["--clear"] if (folder / "pyvenv.cfg").exists() else []
    call(f"make {folder}", sys.executable, "-m", "venv", *clear, str(folder))
    return python


def has_pip(python: str) -> bool:
    """Whether this Python is there and has a pip that works."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return os.path.exists(python) and not subprocess.call([python, "-m", "pip", "--version"], **quiet)


def call(what: str, *command: str, **options) -> str:
    """What a command prints; if it fails, one line and an exit status, below what it said about that itself."""
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", **options)
    if done.returncode:
        sys.exit(f"could not {what}: mend what is said above, and run make again")
    return done.stdout


def main(stamp: str, *goals: str) -> None:
    """Makes the environment and installs the lock, every file checked against its hash."""
    if os.path.exists(stamp):
        os.remove(stamp)
    python = environment(Path(stamp).parent, *goals)
    install = "pip", "install", "--quiet", "--require-hashes", "-r"
    uv = re.search(r"^uv==(.*\\\n)*.*\n", Path(LOCK).read_text(), re.M).group()
    call("install uv", python, "-m", *install, "/dev/stdin", "--no-deps", input=uv)
    call(f"install {LOCK}", python, "-m", "uv", *install, LOCK, "--python", python)
    packages = call("find its packages", python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    Path(packages, "superposition-paper.pth").write_text(f"{os.getcwd()}\n")
    Path(stamp).write_text(f"{os.getcwd()}\n")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # stopped by hand, it ends without a word
    main(*sys.argv[1:])
