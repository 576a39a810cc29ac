"""How far a run is and how long it still takes: told on the terminal, never in a notebook."""

import json
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import astuple
from pathlib import Path
from threading import Event, Thread

from tqdm import tqdm

from lib.config import Config

COMPILING = 1e11  # multiplications that could be done meanwhile
BESIDE = 3e11  # the same for what a notebook does beside its training


def work(configs: Iterable[Config]) -> float:
    """How much there is to train, in multiplications and what costs as much: drawing samples, compiling programs."""
    total, programs = 0.0, set()
    for config in configs:
        drawn = 20 * config.features * config.batch
        total += config.seeds * config.steps * (6 * config.features * config.neurons * config.batch + drawn)
        programs.add(tuple(value for value in astuple(config) if not isinstance(value, float)))
    return total + COMPILING * len(programs)


class Progress(AbstractContextManager):
    """Tells of a run of `count` notebooks, from how much `plan` has to train and what `lib.store` notes in `log`."""

    def __init__(self, count: int, plan: Path, log: Path):
        self.count, self.ended, self.plan, self.log, self.begun = count, 0, plan, log, time.monotonic()
        form = "  {n_fmt} of {total_fmt} notebooks{postfix}"  # where a line can be rewritten, and nowhere else
        self.bar = tqdm(total=count, bar_format=form, disable=None, leave=False)
        self.over, self.told, self.watch = Event(), False, Thread(target=self._watch, daemon=True)
        self.watch.start()

    def __exit__(self, *_):
        self.over.set()
        self.watch.join()
        self.bar.close()

    def end(self, name: str, seconds: float, how: str = "") -> None:
        """A notebook ended: a line says how, and after how long."""
        tqdm.write(f"{name:<20} {seconds:4.0f} s{how}")
        self.ended += 1
        self.bar.update()

    def left(self) -> float | None:
        """Seconds still to go, at the rate so far; None while there is none."""
        notes = [json.loads(line) for line in self.log.read_text().split("\n")[:-1] if '"train_ensemble"' in line]
        done = work(Config(**note["config"]) for note in notes) + BESIDE * self.ended
        if not (self.plan.exists() and done):
            return None
        whole = json.loads(self.plan.read_text()) + BESIDE * self.count
        return max(whole / done - 1, 0) * (time.monotonic() - self.begun)

    def _watch(self) -> None:
        while not self.over.wait(0.5):
            if (left := self.left()) is not None:
                if not self.told:
                    tqdm.write(f"  this run takes about {_long(left + time.monotonic() - self.begun)}")
                self.told = True
                self.bar.set_postfix_str(f"about {_long(left)} left")


def _long(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds > 90 else f"{max(5 * round(seconds / 5), 5)} s"
