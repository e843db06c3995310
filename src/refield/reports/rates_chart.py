"""PSNR over bits per pixel: fields on the left, other codecs on the right, each line named beside where it ends."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MultipleLocator, NullLocator, StrMethodFormatter

from refield.reports.plotting import PAGE, style
from refield.reports.rates_panel import Panel
from refield.scores.rates import Curve

LEAST, MOST = 0.035, 2.3  # bits per pixel that are shown, on a logarithmic axis
TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2)
FLOOR, CEILING = 21.5, 43.0  # dB that are shown
NAMES = 2.7  # bits per pixel: where names begin, right of the plot
EARLY, EARLY_NAMES = 1.1, 0.3  # bits per pixel: codecs that end before are named in the empty corner above them
APART = 0.95  # dB between two names
REFERENCE = "#A0A0A0"
# Okabe and Ito's colours without their yellow, which is lost on paper, and two darker ones.
HUES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7A4FA0", "#8A6D3B")
OTHER_HUES = tuple(hue for hue in HUES if hue != "#000000")
FIELD_HUES = ("#000000", *OTHER_HUES)  # what is ours stands out
MEASURED_FIELD, MEASURED_CODEC = {"lw": 2.0}, {"lw": 1.0}
LEADER = {"arrowstyle": "-", "lw": 0.35, "shrinkA": 1, "shrinkB": 1}
PUBLISHED = {"lw": 0.9, "ls": (0, (4, 1.5))}


@dataclass(frozen=True)
class Line:
    label: str
    curve: Curve
    look: dict[str, Any]


def chart(panel: Panel, references: Sequence[str]) -> Figure:
    """Measured lines are solid, fields' thick; published ones are dashed. `references`, codecs, are in both plots."""
    with style():
        figure = Figure(figsize=(PAGE, 3.9), layout="constrained")
        plots = figure.subplots(1, 2, sharey=True)
        fields, others = (
            [line for line in lines if line.curve.bpp[0] < MOST]  # within the plot at all
            for lines in (_fields(panel, references), _others(panel))
        )
        early = [line for line in others if line.curve.bpp[-1] < EARLY]
        _draw(plots[0], "Fields, one for each image", fields)
        _name(plots[0], fields, NAMES, "left")
        _draw(plots[1], "Standard codecs and trained autoencoders", others)
        _name(plots[1], [line for line in others if line not in early], NAMES, "left")
        _name(plots[1], early, EARLY_NAMES, "right")
        many = f"mean over {len(panel.images)} photographs" if len(panel.images) > 1 else "one photograph"
        plots[0].set_ylabel(f"PSNR (dB), {many}")
        figure.supxlabel("Bits per pixel", fontsize=8)
    return figure


def _fields(panel: Panel, references: Sequence[str]) -> list[Line]:
    hues, others = cycle(FIELD_HUES), cycle(OTHER_HUES)
    found = [
        Line(each.label, each.curve, {**MEASURED_FIELD, "color": next(hues)})
        for each in panel.series
        if each.kind == "field"
    ]
    found += [
        Line(each.label, each.curve, {**PUBLISHED, "color": next(others)})
        for each in panel.published
        if each.kind == "field"
    ]
    found += [
        Line(each.label, each.curve, {**MEASURED_CODEC, "color": REFERENCE})
        for each in panel.series
        if each.key in references
    ]
    return found


def _others(panel: Panel) -> list[Line]:
    hues = cycle(HUES)
    measured = [each for each in panel.series if each.kind == "codec"]
    found = [Line(each.label, each.curve, {**MEASURED_CODEC, "color": next(hues)}) for each in measured]
    # A codec that was measured here need not be there a second time.
    known = {each.label for each in measured}
    others = [each for each in panel.published if each.kind != "field" and each.label not in known]
    return [*found, *(Line(each.label, each.curve, {**PUBLISHED, "color": next(hues)}) for each in others)]


def _draw(axes: Axes, title: str, lines: Sequence[Line]) -> None:
    axes.set_title(title, fontsize=8, loc="left")
    axes.set_xscale("log")
    axes.set(xlim=(LEAST, MOST), ylim=(FLOOR, CEILING))
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(MultipleLocator(5))
    for line in lines:
        axes.plot(line.curve.bpp, line.curve.quality, marker=".", ms=2.5, mew=0, **line.look)


def _name(axes: Axes, lines: Sequence[Line], bpp: float, side: str) -> None:
    """Write the lines' names above each other at a rate, and join each with the end of its line."""
    for line, end, height in _placed(lines):
        axes.annotate(
            line.label,
            xy=end,
            xytext=(bpp, height),
            color=line.look["color"],
            fontsize=6,
            ha=side,
            va="center",
            annotation_clip=False,
            arrowprops={**LEADER, "color": line.look["color"], "relpos": (0 if side == "left" else 1, 0.5)},
        )


def _placed(lines: Sequence[Line]) -> Iterator[tuple[Line, tuple[float, float], float]]:
    """Each line, its last point that is seen, and the height of its name: in the order of ends, none over another."""
    if not lines:
        return
    ends = [_end(line.curve) for line in lines]
    order = sorted(range(len(lines)), key=lambda i: ends[i][1])
    heights = np.array([ends[i][1] for i in order])
    # Names that are too near push each other apart, each step half of what they lack.
    for _ in range(500):
        lack = np.maximum(APART - np.diff(heights), 0) / 2
        heights[:-1] -= lack
        heights[1:] += lack
        heights += max(FLOOR - heights[0], 0) - max(heights[-1] - CEILING, 0)
    for i, height in zip(order, heights, strict=True):
        yield lines[i], ends[i], float(height)


def _end(curve: Curve) -> tuple[float, float]:
    """The last point of a curve within the plot, or the nearest to it on the plot's edge."""
    psnr = curve.quality[-1] if curve.bpp[-1] <= MOST else curve.at(MOST)
    return float(min(curve.bpp[-1], MOST)), float(np.clip(psnr, FLOOR, CEILING))
