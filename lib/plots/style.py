"""One look for every figure, and one way to show and save it."""

from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from IPython.display import Image as Picture
from IPython.display import Markdown, display
from matplotlib.colors import CenteredNorm, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from PIL import Image

from lib import paths

PALETTE = sns.color_palette("colorblind")
OURS, NAIVE, POST, OTHER, DIM = PALETTE[0], PALETTE[1], PALETTE[3], PALETTE[2], "0.6"
DIVERGING = "RdBu_r"  # for signed quantities, white at zero
CENTRAL = (2.5, 97.5)  # percentiles of the central 95 % of single networks

sns.set_theme(
    context="paper",
    style="ticks",
    palette=PALETTE,
    font_scale=1.1,
    rc={
        "figure.constrained_layout.use": True,
        "figure.dpi": 100,
        "savefig.dpi": 180,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "legend.frameon": False,
        "svg.hashsalt": "superposition",
    },
)


def axes(columns: int = 1, width: float = 7.2, height: float = 3.2, **options):
    """A figure with one row of axes."""
    return plt.subplots(1, columns, figsize=(width, height), **options)


def save(figure: Figure, path: Path) -> None:
    """Writes a figure as PNG with a palette, without anything that differs from one run to the next."""
    for ax in figure.axes:
        _mend(ax)
    drawn = BytesIO()
    figure.savefig(drawn, format="png")
    plt.close(figure)
    colours = {"method": Image.Quantize.MAXCOVERAGE, "dither": Image.Dither.NONE}
    Image.open(drawn).convert("RGB").quantize(256, **colours).save(path, optimize=True)


def _mend(ax) -> None:
    """An axis without a number says so; a logarithmic one with none above zero becomes linear; one point is a mark."""
    if not ax.axison or ax.get_label() == "<colorbar>":
        return
    for line in ax.lines:
        if len(line.get_xdata()) == 1 and line.get_marker() == "None":
            line.set_marker(".")
    for i, which in enumerate("xy"):
        shared = getattr(ax, f"get_shared_{which}_axes")().get_siblings(ax)
        least = [other.dataLim.minpos[i] for other in shared]  # the least value above zero along this axis
        if getattr(ax, f"get_{which}scale")() == "log" and not np.isfinite(least).any():
            ax.set(**{f"{which}scale": "linear"})
    if (
        (ax.lines or ax.collections or ax.patches or ax.images)
        and not np.isfinite(ax.dataLim.get_points()).all()
        and not ax.images
    ):
        nothing(ax)


def nothing(ax, why: str = "nothing to show\nwith these\nparameters") -> None:
    """Says in the middle of an empty panel why it is empty."""
    ax.text(0.5, 0.5, why, transform=ax.transAxes, ha="center", va="center", color="0.4", fontsize="small")


def show(figure: Figure, name: str, caption: str) -> None:
    """Saves a figure as `figures/NAME.png` and displays that file with its caption below."""
    path = paths.output("figures", f"{name}.png")
    save(figure, path)
    display(Picture(path, width=720, alt=caption), Markdown(f"**Figure {name}.** {caption}"))


def spread(ax, values, what: str, published: float | None = None, *, unit: str = "networks") -> None:
    """Histogram of one number per network, each also a tick if they are few, beside the published value."""
    counts = np.issubdtype(values.dtype, np.integer)
    sns.histplot(x=values, ax=ax, color=OURS, discrete=counts, label=f"{len(values)} {unit}")
    if len(values) <= 200:
        sns.rugplot(x=values, ax=ax, color="black", height=0.05, lw=0.5)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.set(xlabel=what, ylabel=unit, ylim=(0, 1.4 * ax.get_ylim()[1]))
    if not np.isfinite(values).any():
        nothing(ax)
    if published is not None:
        published_line(ax, published)
    ax.legend(loc="upper right", fontsize="small")


def published_line(ax, value: float, *, vertical: bool = True, label: str = "post") -> None:
    """A dashed line at a published value."""
    (ax.axvline if vertical else ax.axhline)(value, color=POST, ls="--", lw=1.2, label=label)


def band(ax, x, networks, color, label: str) -> None:
    """Mean over networks of a curve (seeds, points), and the central 95 % of single networks."""
    low, high = np.percentile(networks, CENTRAL, axis=0)
    ax.fill_between(x, low, high, color=color, alpha=0.25, lw=0)
    ax.plot(x, np.mean(networks, axis=0), color=color, label=label)


def curve(ax, table, knob: str, name: str, color, label: str | None, style: str = "-") -> None:
    """Mean over networks of a column against a knob, and the central 95 % of networks; `table` has a row for each."""
    groups = table.groupby(knob)[name]
    low, high = (groups.quantile(end / 100) for end in CENTRAL)
    ax.fill_between(low.index, low, high, color=color, alpha=0.25, lw=0)
    ax.plot(low.index, groups.mean(), style, color=color, label=label)


def points(ax, table, knob: str, name: str, color, label: str, style: str = "o") -> None:
    """The same at a few values of a knob, as marks with bars."""
    groups = table.groupby(knob)[name]
    mean, ends = groups.mean(), [abs(groups.quantile(end / 100) - groups.mean()) for end in CENTRAL]
    ax.errorbar(mean.index, mean, ends, fmt=style, ms=5, lw=1.2, color=color, capsize=2, label=label)


def logarithmic(ax, ticks, which: str = "x") -> None:
    """A logarithmic axis with these ticks, in plain numbers."""
    ax.set(**{f"{which}scale": "log"})
    axis = getattr(ax, f"{which}axis")
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_minor_formatter(NullFormatter())


def heatmap(ax, square, label: str, bar: str, linear: float | None = None) -> None:
    """A signed matrix in colour, white at zero, with a colour bar that names its unit.

    The scale is linear; beyond `linear`, if given, it is logarithmic, so that small entries show too.
    """
    limit = np.abs(square).max()
    norm = CenteredNorm(halfrange=limit) if linear is None else SymLogNorm(linear, vmin=-limit, vmax=limit)
    image = ax.imshow(square, cmap=DIVERGING, norm=norm, interpolation="nearest", aspect="auto")
    ax.set_title(label)
    ax.figure.colorbar(image, ax=ax, label=bar, shrink=0.85)
