"""How far a run is and how long it still takes: told on the terminal, never in a notebook."""

import json
import time
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path
from threading import Event, Lock, Thread

from tqdm import tqdm

from lib.config import Config

COMPILING = 1e11  # multiplications that could be done meanwhile
BESIDE = 3e11  # the same for what a notebook does beside its training


def work(configs: Iterable[Config]) -> float:
    """How much there is to train, in multiplications and what costs as much: drawing samples, compiling programs."""
    total, programs = 0.0, set()
    for config in configs:
        drawn = 20 * config.features * config.batch / min(config.seeds, 8)
        total += config.seeds * config.steps * (6 * config.features * config.neurons * config.batch + drawn)
        programs.add(tuple(value for value in astuple(config) if not isinstance(value, float)))
    return total + COMPILING * len(programs)


class Progress:
    """Tells of a run while it lasts.

    Args:
        count: of notebooks to run.
        plan: the file where it will be said how much there is to train, in multiplications.
        log: where `lib.store` notes what was trained.
    """

    def __init__(self, count: int, plan: Path, log: Path):
        self.count, self.plan, self.log, self.begun = count, plan, log, time.monotonic()
        self.todo, self.ended, self.running, self.told = None, 0, [], False
        self.over, self.lock, self.watch = Event(), Lock(), Thread(target=self._watch, daemon=True)
        form = "  {desc}: {percentage:.0f} %, about {remaining} left"  # where a line can be rewritten, and nowhere else
        self.bar = tqdm(total=1, bar_format=form, smoothing=0, disable=None, leave=False)

    def __enter__(self):
        self.watch.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.watch.join()
        self.bar.close()

    def begin(self, name: str) -> None:
        """A notebook begins."""
        self.running.append(name)

    def end(self, name: str, seconds: float, how: str = "") -> None:
        """A notebook ended: a line says how, and after how long."""
        with self.lock:
            self.running.remove(name)
            self.ended += 1
            tqdm.write(f"{name:<20} {seconds:4.0f} s{how}")

    def left(self) -> float | None:
        """Seconds still to go, at the rate so far; None while there is none."""
        if self.todo is None and self.plan.exists():
            self.todo = json.loads(self.plan.read_text()) + BESIDE * self.count
        log = self.log.read_text().split("\n")[:-1] if self.log.exists() else []
        notes = [json.loads(line) for line in log if '"train_ensemble"' in line]
        done = work(Config(**note["config"]) for note in notes) + BESIDE * self.ended
        if not (self.todo and done):
            return None
        self.bar.total, self.bar.n = max(self.todo, done), done
        return (self.bar.total - done) * (time.monotonic() - self.begun) / done

    def _watch(self) -> None:
        while not self.over.wait(0.5):
            with self.lock:
                left = self.left()
                if left is not None and not self.told:
                    whole, self.told = left + time.monotonic() - self.begun, True
                    long = f"{whole / 60:.0f} min" if whole > 90 else f"{max(5 * round(whole / 5), 5)} s"
                    tqdm.write(f"  this run takes about {long}")
                self.bar.set_description_str(f"{self.ended} of {self.count} done, now {', '.join(self.running)}")
