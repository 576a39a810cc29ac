"""What each section trains, so that a run can say what it will cost before it is over.

python -m lib.publish.plan GIVEN FILE    writes how much there is to train, with parameters by section, as JSON
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from lib import store
from lib.config import Config, Measurement
from lib.experiments import (
    activation,
    bias,
    codes,
    importance,
    length,
    optimum,
    power,
    predicted,
    reading,
    scale,
    sparsity,
    sweep,
    width,
)
from lib.experiments.parameters import Study, kinds
from lib.publish.progress import work

SMALL = Config(features=3, neurons=2, p=0.05, learning_rate=0.01, steps=4000, seeds=8)  # the smallest superposition


def missing(section: str, given: tuple[Config, Measurement, Study]) -> list[Config]:
    """The ensembles that a section would have to train now: neither in the store nor in a committed table."""
    asked = [] if section == "90" else dict.fromkeys(trained(section, *given))
    return [config for config in asked if store.missing([config])]


def trained(section: str, config: Config, measured: Measurement, study: Study) -> list[Config]:
    """What a section trains, in its order; of a table's points those that are not taken from the committed one."""
    few, full = replace(config, seeds=study.rival_seeds), sweep.threefold(config, study.rival_seeds)
    kinds = [*activation.points(full, study.activations).values()]
    linear, identity = replace(few, activation="linear"), replace(few, target="identity")

    table = lambda name, points, options=measured: sweep.to_train(name, points, study.every, options)
    every = lambda points: sum(points.values(), [])
    sections = {
        "00": lambda: [
            *(config, replace(config, target="relu"), identity, replace(identity, low=0.0)),
            *(SMALL, replace(SMALL, features=7, neurons=3)),
        ],
        "01": lambda: [config, linear],
        "06": lambda: [config, linear],
        "08": lambda: [config, linear, replace(linear, target="identity")],
        "09": lambda: [
            *(config, full, replace(full, activation="linear", target="identity")),
            *table("09_networks", predicted.every(full)),
        ],
        "10": lambda: [
            *length.near(config, study),
            *sweep.to_take("10_networks", length.far(config, study), study.every),
            *table("10_drift", every(length.drift_points(config, study))),
            full,
        ],
        "11": lambda: [*table("11_loss", every(power.points(full, config, study.powers))), replace(full, exponent=2.0)],
        "12": lambda: [
            *table("12_sparsity", sparsity.points(full, study.rates)),
            *table("12_plane", sparsity.plane(full, study.grid)[2], sweep.fewer(measured)),
            *sparsity.drawn(full, study.rates).values(),
            *table("12_bias", bias.points(full, study.rates)),
        ],
        "13": lambda: [
            *table("13_importance", every(importance.points(full, study.weights))),
            *importance.drawn(full, study.weights).values(),
        ],
        "14": lambda: table("14_bottleneck", width.points(full, study.widths), sweep.fewer(measured)),
        "15": lambda: [*kinds, *table("15_activation", kinds + [*map(sweep.longer, kinds)], sweep.fewer(measured))],
        "16": lambda: [
            *(*table("16_limit", optimum.limits_trained(full)), *table("16_networks", optimum.networks(full))),
            *optimum.begun(full),
        ],
        "17": lambda: [
            *table("17_complete", codes.complete_points(full)),
            *table("17_scale", scale.points(full, study.scales), sweep.fewer(measured)),
        ],
        "18": lambda: [
            *(config, linear),
            *sweep.to_take("10_networks", length.far(config, study)[:1], study.every),
            *table("18_reading", reading.points(config, study)),
            *table("18_grid", reading.tuning(config, study)),
        ],
    }  # fmt: skip (one line a section)
    return sections.get(section, lambda: [config])()


if __name__ == "__main__":
    given, draft = json.loads(sys.argv[1]), Path(f"{sys.argv[2]}.part")
    todo = dict.fromkeys(config for name in given for config in missing(name[:2], kinds(given[name])))
    draft.write_text(json.dumps(work(todo)))
    draft.replace(sys.argv[2])
