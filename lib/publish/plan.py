"""What each section trains, so that a run can say what it will cost before it is over.

python -m lib.publish.plan    how much there is to train, from and as JSON
"""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Thread

from lib import store
from lib.config import Config, Measurement
from lib.experiments import activation, importance, length, power, predicted, sparsity, sweep, width
from lib.experiments.parameters import Study, kinds
from lib.publish.progress import work

Given = tuple[Config, Measurement, Study]


def missing(section: str, given: Given) -> list[Config]:
    """The ensembles that a section would have to train now: neither in the store nor in a committed table."""
    return [config for config in dict.fromkeys(TRAINED.get(section, _none)(*given)) if not store.has(config)]


def works(sections: dict[str, dict]) -> dict[str, float]:
    """How much each section has to train that no earlier one trains (`progress.work`), by name, from its parameters."""
    seen, total, found = {}, 0.0, {}
    for name, values in sections.items():
        seen |= dict.fromkeys(missing(name[:2], kinds(values)))
        before, total = total, work(seen)
        found[name] = total - before
    return found


def ahead(section: str, values: dict) -> None:
    """Begins to train what a section will ask the store for, in a thread of its own: while another notebook still runs.

    Args:
        values: the section's parameters, settled. Without a task of its own there is nothing to foresee.
    """

    configs = missing(section, kinds(values)) if values.keys() >= {"features", "steps"} else []

    def train() -> None:
        with suppress(FloatingPointError, store.StoreError):  # the notebook will say so
            store.sweep(configs)

    Thread(target=train, daemon=True).start()


def _none(config: Config, measured: Measurement, study: Study) -> list[Config]:
    return []


def _one(config: Config, measured: Measurement, study: Study) -> list[Config]:
    return [config]


def _linear(config: Config, measured: Measurement, study: Study) -> list[Config]:
    return [config, replace(config, activation="linear", seeds=study.rival_seeds)]


def _setup(config: Config, measured: Measurement, study: Study) -> list[Config]:
    rival = replace(config, target="identity", seeds=study.rival_seeds)
    return [config, replace(config, target="relu"), rival, replace(rival, low=0.0)]


def _nulls(config: Config, measured: Measurement, study: Study) -> list[Config]:
    linear = replace(config, activation="linear", seeds=study.rival_seeds)
    return [config, linear, replace(linear, target="identity")]


def _theory(config: Config, measured: Measurement, study: Study) -> list[Config]:
    full = sweep.at_full_rate(config, study.rival_seeds)
    return [
        config,
        full,
        replace(full, activation="linear", target="identity"),
        *predicted.points(full).values(),
        *predicted.widths(full),
    ]


def _convergence(config: Config, measured: Measurement, study: Study) -> list[Config]:
    return length.trainings(config, study)


def _loss(config: Config, measured: Measurement, study: Study) -> list[Config]:
    points = sum(power.points(sweep.at_full_rate(config, study.rival_seeds), config, study.powers).values(), [])
    tie = replace(sweep.at_full_rate(config, study.rival_seeds), exponent=2.0)
    return [*sweep.to_train("11_loss", points, study.every, measured), tie]


def _sparsity(config: Config, measured: Measurement, study: Study) -> list[Config]:
    base = sweep.at_full_rate(config, study.rival_seeds)
    line = sweep.to_train("12_sparsity", sparsity.points(base, study.rates), study.every, measured)
    plane = sweep.to_train("12_plane", sparsity.plane(base, study.grid)[2], study.every, sweep.fewer(measured))
    return [*line, *plane, *sparsity.drawn(base, study.rates).values()]


def _importance(config: Config, measured: Measurement, study: Study) -> list[Config]:
    base = sweep.at_full_rate(config, study.rival_seeds)
    points = sum(importance.points(base, study.weights).values(), [])
    return [
        *sweep.to_train("13_importance", points, study.every, measured),
        *importance.drawn(base, study.weights).values(),
    ]


def _bottleneck(config: Config, measured: Measurement, study: Study) -> list[Config]:
    points = width.points(sweep.at_full_rate(config, study.rival_seeds), study.widths)
    return sweep.to_train("14_bottleneck", points, study.every, sweep.fewer(measured))


def _activation(config: Config, measured: Measurement, study: Study) -> list[Config]:
    kinds = [*activation.points(sweep.at_full_rate(config, study.rival_seeds), study.activations).values()]
    return [
        *kinds,
        *sweep.to_train(
            "15_activation", kinds + [sweep.longer(kind) for kind in kinds], study.every, sweep.fewer(measured)
        ),
    ]


TRAINED: dict[str, Callable[[Config, Measurement, Study], list[Config]]] = {
    "00": _setup, "01": _linear, "02": _one, "03": _one, "04": _one, "05": _one, "06": _linear, "07": _one,
    "08": _nulls, "09": _theory, "10": _convergence,
    "11": _loss, "12": _sparsity, "13": _importance, "14": _bottleneck, "15": _activation,
}  # fmt: skip
if __name__ == "__main__":
    json.dump(works(json.load(sys.stdin)), sys.stdout)
