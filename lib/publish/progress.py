"""What a run will cost, how far it is, and how long it still takes: told on the terminal, never in a notebook."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

from lib.config import Config

BESIDE = 12.0  # seconds that a notebook takes beside its training, until some have shown it
COMPILING = 1e11  # multiplications that could be done meanwhile
EVERY = 20.0  # seconds between lines, where a line cannot be rewritten
COMMAND = [sys.executable, "-m", "lib.publish.plan"]  # apart, since JAX takes long to import


def work(configs: Iterable[Config]) -> float:
    """How much there is to train, in multiplications and what costs as much: drawing samples, compiling programs."""
    total, programs = 0.0, set()
    for config in configs:
        drawn = 20 * config.features * config.batch / min(config.seeds, 8)
        total += config.seeds * config.steps * (6 * config.features * config.neurons * config.batch + drawn)
        programs.add(tuple(value for value in astuple(config) if not isinstance(value, float)))
    return total + COMPILING * len(programs)


class Progress:
    """Tells of a run while it lasts; `sections` holds what each runs with, `log` what `lib.store` notes."""

    def __init__(self, sections: dict[str, dict], log: Path):
        self.names, self.log, self.works, self.done, self.beside = list(sections), log, None, 0, BESIDE
        self.begun = self.since = self.said = time.monotonic()
        self.told, self.over, self.lock = False, threading.Event(), threading.Lock()
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        quiet = {"env": os.environ | {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}, "stderr": subprocess.DEVNULL}
        self.plan = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **quiet)
        self.plan.stdin.write(json.dumps(sections))
        self.plan.stdin.close()
        self.watch = threading.Thread(target=self._watch, daemon=True)
        self.watch.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.watch.join()
        self.plan.kill()
        self.plan.wait()
        self.plan.stdout.close()

    def end(self, name: str, how: str = "") -> None:
        """A notebook ended, and the next begins: a line says how, and after how long."""
        with self.lock:
            now = time.monotonic()
            _rewrite("")
            print(f"{name:<20} {now - self.since:4.0f} s{how}", flush=True)
            self.since, self.done = now, self.done + 1
            self.beside = (BESIDE + now - self.begun - self._trained()[1]) / (1 + self.done)

    def left(self) -> float | None:
        """Seconds still to go, at the rate of trainings and notebooks so far; None while there is none."""
        work, seconds = self._trained()
        ahead = [(self.works or {}).get(name, 0.0) for name in self.names[self.done :]]
        if self.works is None or not ahead or (sum(ahead) and not work):
            return None
        first, *rest = (self.beside + (some and some / work * seconds) for some in ahead)
        return max(first - (time.monotonic() - self.since), 0.0) + sum(rest)

    def _trained(self) -> tuple[float, float]:
        """How much was trained so far, and in how many seconds."""
        notes = [json.loads(line) for line in self.log.read_text().split("\n")[:-1] if '"train_ensemble"' in line]
        return work(Config(**note["config"]) for note in notes), sum(note["seconds"] for note in notes)

    def _watch(self) -> None:
        while not self.over.wait(0.5):
            if self.works is None and self.plan.poll() is not None:
                self.works = json.loads(self.plan.stdout.read() or "null")
            with self.lock:
                if self.done < len(self.names):
                    self._tell(self.left(), time.monotonic())

    def _tell(self, left: float | None, now: float) -> None:
        """The line of the moment; before it, as soon as there is a way to tell, one about the whole run."""
        spent, how = now - self.begun, ""
        if left is not None:
            how = f": {100 * spent / (spent + left):.0f} %, about {_long(left)} left"
            if not self.told:
                _rewrite(f"this run takes about {_long(spent + left)}\n")
            self.told = True
        if sys.stderr.isatty() or now > self.said + EVERY:
            self.said = now
            _rewrite(f"{self.done + 1} of {len(self.names)}, {self.names[self.done]}{how}")


def _long(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds > 90 else f"{max(5 * round(seconds / 5), 5)} s"


def _rewrite(line: str) -> None:
    """Puts a line in the place of the last on a terminal; where there is none, below it."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line and '  '}{line}", end="", file=sys.stderr, flush=True)
    elif line:
        print(f"  {line.rstrip()}", file=sys.stderr, flush=True)
