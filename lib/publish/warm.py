"""A process with the imports of all notebooks done, which forks their kernels: they need not import anything again.

python -m lib.publish.warm MODULE ...    imports modules, then forks a process for each line that it reads
"""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager, suppress
from importlib import import_module
from threading import Lock

from lib import paths

SHARED = {  # by all that is forked: figures as any kernel shows them, and a GPU's memory as it is needed
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}


class Warm(AbstractContextManager):
    """Such a process and those that it forked, for a `with` block: none of them outlives it, or us."""

    def __init__(self, modules: tuple[str, ...]):
        self.start, self.lock = time.time_ns(), Lock()  # what is edited from now on it may not have seen
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1, "cwd": paths.ROOT}
        options |= {"env": os.environ | SHARED, "start_new_session": True}
        self.server = subprocess.Popen([sys.executable, "-m", __name__, *modules], **options)
        self.server.stdout.readline()  # it is ready

    def __exit__(self, *_):
        with self.server:  # its pipes are closed, and it is waited for
            self.stop()

    def stop(self) -> None:
        """Ends all of them."""
        with suppress(ProcessLookupError):
            os.killpg(self.server.pid, signal.SIGKILL)

    def fork(self, command: list[str], env: dict[str, str], cwd: str) -> int:
        """Starts `[python, "-m", MODULE, ...]` in a folder, with `env` added to the environment; its process id."""
        with self.lock:
            self.server.stdin.write(json.dumps({"command": command, "env": env, "cwd": cwd}) + "\n")
            if not (answer := self.server.stdout.readline()):
                raise RuntimeError("what forks kernels has died")
            return int(answer)

    def alive(self, pid: int) -> bool:
        """Whether a process that was forked still runs."""
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            return self.server.poll() is None
        return False


def become(command: list[str], env: dict[str, str], cwd: str) -> None:
    """Goes on as `python -m MODULE` would begin."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(env)
    os.chdir(cwd)
    if sys.platform != "linux":  # a fork of what has threads already may fail elsewhere
        os.execv(command[0], command)
    sys.argv = command[2:]
    runpy.run_module(command[2], run_name="__main__", alter_sys=True)


def main(*modules: str) -> None:
    """Forks until there is nobody to ask for more; then everything that was forked ends, too."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # without which no kernel runs on
    for module in modules if sys.platform == "linux" else ():
        with suppress(Exception):  # a notebook that needs it will say so
            import_module(module)
    if pandas := sys.modules.get("pandas"):
        pandas.set_option("display.max_columns", 20)  # as where a kernel imports it
    print("ready", file=answers)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            answers.close()
            return become(**json.loads(line))
        print(pid, file=answers)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
