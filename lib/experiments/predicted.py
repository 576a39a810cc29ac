"""Networks beside theory: what section 9 trains, and a row of its table."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from lib import store
from lib.config import Config
from lib.theory import mean_field, set_code
from lib.theory.bounds import naive_metrics

RATES = (0.002, 0.005, 0.01, 0.02, 0.05)  # of p, or of positive inputs as often


def points(full: Config) -> dict[tuple[str, float], Config]:
    """What section 9 trains against p, by kind and p. Without negative inputs half the p has as many positive ones."""
    kinds = {
        "linear, target x": (replace(full, activation="linear", target="identity"), RATES[::2]),
        "ReLU": (full, RATES),
        "ReLU, no negative input": (replace(full, low=0.0), RATES[::2]),
    }
    return {
        (name, p): replace(kind, p=p / (2 if kind.low == 0 else 1)) for name, (kind, at) in kinds.items() for p in at
    }


def widths(full: Config) -> list[Config]:
    """What section 9 trains against the number of neurons: half as many, as many and twice as many."""
    n = full.neurons
    return [replace(full, neurons=k) for k in sorted({max(min(2, n), n // 2), n, min(2 * n, full.features)})]


def every(full: Config) -> list[Config]:
    """All of these, each once."""
    return list(dict.fromkeys([*points(full).values(), *widths(full)]))


def row(config: Config, slopes: np.ndarray) -> dict[str, float]:
    """One row of a sweep: the theory and the mean slopes of trained networks, (seeds,), with their central 95 %."""
    low, high = np.quantile(slopes, (0.025, 0.975))
    about = {
        name: getattr(config, name) for name in ("p", "low", "features", "neurons", "learning_rate", "batch", "steps")
    }
    trained = {"mean": slopes.mean(), "sd": slopes.std(ddof=min(1, len(slopes) - 1)), "from": low, "to": high}
    theory, mean = mean_field.predict(config).slope, slopes.mean()
    return about | trained | {"seeds": len(slopes), "theory": theory, "error": theory / (mean if mean else np.nan) - 1}


def by_sets(config: Config) -> mean_field.Prediction:
    """What the best code of sets does, kept: it takes seconds."""
    found = store.fetch(_by_sets, config=config.task())
    return mean_field.Prediction(**{name: float(value) for name, value in found.items()})


def _by_sets(config: Config) -> dict[str, float]:
    return asdict(set_code.predict(config))


def beside(config: Config, networks: pd.DataFrame) -> dict[str, float]:
    """Means of trained networks and both theories beside them: loss over the naive plan's, and slope.

    Args:
        networks: rows of a table of trained networks, with `loss` over the naive plan's, and `slope_mean`.
    """
    naive = naive_metrics(config)
    trained = {"loss": networks.loss.mean(), "slope": networks.slope_mean.mean()}
    found = {"trained": trained}
    for name, predict in {"least crosstalk": mean_field.predict, "sets": by_sets}.items():
        told = predict(config)
        found[name] = {"loss": told.loss / np.float64(naive["l4"] or np.nan), "slope": told.slope}
    return {f"{what}, {name}": values[what] for what in ("loss", "slope") for name, values in found.items()}
