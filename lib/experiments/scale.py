"""All of it larger, and one law for all sweeps: what section 17 trains at scale, and reads from other tables."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from lib import measure, paths
from lib.config import RAREST, Config
from lib.experiments import codes, parameters, sweep
from lib.theory import scaling

MOST = 10_000  # features
CALM = 0.12  # positive inputs per neuron, up to which the law is meant
SETTINGS = "features", "neurons", "p", "exponent", "low", "target", "activation", "start", "steps"
POINT = ["sweep", "features", "neurons", "p", "exponent", "low", "steps"]
SWEEPS = {  # tables of trained networks, and what was turned
    "09_networks": "09, p and width",
    "11_loss": "11, power",
    "12_plane": "12, p and power",
    "12_sparsity": "12, p",
    "14_bottleneck": "14, width and size",
}


def points(base: Config, scales: Sequence[int]) -> list[Config]:
    """Networks so many times as large, as many features on at a time; below ten times also three times as long.

    Eight networks a point, two from 30 times the size on. The smallest comes first: it is what a run trains again.
    """

    def at(scale: int) -> Config:
        few, p = (8 if scale < 30 else 2), max(base.p / scale, RAREST)
        sizes = {"features": scale * base.features, "neurons": scale * base.neurons}
        return replace(base, **sizes, p=p, seeds=min(few, base.seeds))

    usual = [at(scale) for scale in sorted({1, *scales}) if scale * base.features <= MOST]
    small = [point for point in usual if point.features < 10 * base.features]
    return [*usual, *(sweep.longer(point, 3) for point in small)]


def committed(name: str) -> pd.DataFrame:
    """A sweep of a section before, from its table in `data/`, a row a network.

    Only ReLU networks with the target ReLU(x), from a small start and at the rate of most; the loss is over silence.

    Returns: besides the table's columns `sweep`, what was turned, and those parameters that it does not have.
    """
    own = parameters.ran_with(paths.ROOT).get(name[:2], {})
    rows = paths.table(paths.ROOT / "data" / f"{name}.csv").assign(sweep=SWEEPS[name])
    quick = 10 * own.get("learning_rate", Config.learning_rate)
    missing = {field: own.get(field, getattr(Config, field)) for field in SETTINGS if field not in rows}
    rows = rows.assign(**missing)
    rate = rows["learning_rate"] if "learning_rate" in rows else pd.Series(quick, rows.index)
    rows = rows[np.isclose(rate, quick) & (rows.target == "relu") & (rows.activation == "relu")]
    naive = 1 if "monosemantic" in rows else 1 - rows.neurons / rows.features
    return rows.assign(loss=rows.loss * naive)[rows.start == "small"]


def halfway(rows: pd.DataFrame, number: int) -> pd.Series:
    """The p at which mean networks pass from `number` neurons a feature to one less, by power; NaN for nowhere."""
    mean = rows[rows.exponent > 2].groupby(["exponent", "p"]).carriers.mean().unstack()
    return pd.Series(measure.crossings(list(mean), mean.to_numpy(), number - 0.5), mean.index)


def averaged(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over the networks of each point: columns of `POINT`, slope, loss, served, carriers."""
    means = rows.groupby(POINT)[["slope_mean", "loss", "served", "carriers"]].mean().reset_index()
    return means.rename(columns={"slope_mean": "slope"})


def beside_law(points: pd.DataFrame) -> pd.DataFrame:
    """Points from `averaged`, where most features are served, beside the law.

    Returns: besides, the law's `slope_law` and `loss_law`, and `crowding`, positive inputs per neuron.
    """
    kept = points[(points.served > 0.95) & (points.exponent > 2) & (points.neurons < points.features)]
    asked = kept[["features", "neurons", "p", "exponent", "low"]].to_dict("records")
    told = [(config, scaling.predict(config)) for config in (Config(**row) for row in asked)]
    law = [(found.slope, found.loss / codes.silence(config)) for config, found in told]
    slope, loss = np.array(law).reshape(-1, 2).T
    crowding = kept.p / (1 - kept.low) * kept.features / kept.neurons
    return kept.assign(slope_law=slope, loss_law=loss, crowding=crowding)
