"""Charts from the CSVs in git: PSNR over iterations, quality per image, over bits and over seconds, two methods.

Quality is the measure that ranks methods. An infinite one, of an exact fit, has no place in a chart and is left out.
"""

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from refield.reports.plotting import COLUMN, PAGE, Look, style
from refield.reports.results import spelt, unit
from refield.scores.measure import PSNR, Measure

Looks = Mapping[str, Look]  # by method
Labels = Mapping[str, str]
LEGEND = 1.7  # inches: its width, beside a chart
LETTER = 0.06  # inches, that a letter of an axis' title is wide as a rule
LONG, SIDE, LOW = 2.4, 2.1, 1.8  # inches: an axis as a rule, of a square, and with a legend above and names below


def over_iterations(curves: pd.DataFrame, looks: Looks, labels: Labels) -> Figure:
    """Columns method, iteration, psnr (mean over images); the legend in the order of the last values."""
    last = curves.groupby("method")["psnr"].last().sort_values(ascending=False, kind="stable")
    settled = curves[curves["iteration"] >= curves["iteration"].max() / 20]["psnr"]
    with style():
        figure = Figure(figsize=(COLUMN, 3.0), layout="constrained")
        axes = figure.add_subplot()
        for method in map(str, last.index):
            curve, look = curves[curves["method"] == method], looks[method]
            axes.plot(curve["iteration"], curve["psnr"], color=look.color, ls=look.dashes, label=labels[method])
        axes.set(xlabel="Iteration", ylabel=f"{_axis(PSNR)}, mean over images")
        axes.margins(x=0.01)
        # The first steps rise from nothing; without them the methods come apart.
        axes.set_ylim(bottom=settled.min())
        figure.legend(loc="outside upper center", ncols=2, handlelength=2.4, columnspacing=1.0)
    return figure


def per_image(values: pd.DataFrame, looks: Looks, labels: Labels, ranking: Measure) -> Figure:
    """`Scores.by_image` as dots, its images sorted by the first method; an image's dots stand side by side."""
    values = values.sort_values([values.columns[0]], kind="stable")
    wide = len(values) > 8
    places = np.arange(len(values))
    shifts = np.linspace(-0.35, 0.35, values.shape[1]) if values.shape[1] > 1 else [0.0]
    with style():
        figure = Figure(figsize=(PAGE, 2.7) if wide else (COLUMN, 3.1), layout="constrained")
        axes = figure.add_subplot()
        for method, shift in zip(map(str, values.columns), shifts, strict=True):
            axes.plot(places + shift, values[method], ls="", label=labels[method], **_mark(looks[method]))
        axes.set_xticks(places, map(str, values.index), rotation=45, ha="right", rotation_mode="anchor")
        axes.set_xticks(places[1:] - 0.5, minor=True)
        axes.tick_params(axis="x", which="both", length=0)
        axes.grid(axis="x", visible=False)
        axes.grid(axis="x", which="minor")
        axes.set_xlim(-0.5, len(values) - 0.5)
        axes.set_ylabel(_lines(_axis(ranking), LOW))
        figure.legend(loc="outside upper center", ncols=4 if wide else 2, handletextpad=0.2, columnspacing=1.0)
    return figure


def against(values: pd.DataFrame, x: str, y: str, looks: Looks, labels: Labels, ranking: Measure) -> Figure:
    """One dot per image; on one side of the diagonal `y` is the better, and the title counts these."""
    sign = 1 if ranking.higher_is_better else -1
    both = values[[x, y]].replace(np.inf, np.nan).dropna()
    wins = int((sign * values[y] > sign * values[x]).sum())
    with style():
        figure = Figure(figsize=(2.9, 2.9), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(both[x], both[y], ls="", **_mark(looks[y]))
        if len(both):
            low, high = both.to_numpy().min(), both.to_numpy().max()
            pad = 0.06 * (high - low) + 0.05
            axes.plot([low - pad, high + pad], [low - pad, high + pad], color="#777777", lw=0.8, zorder=1)
            axes.set(xlim=(low - pad, high + pad), ylim=(low - pad, high + pad))
        axes.set_aspect("equal")
        across, up = (_lines(f"{labels[method]}, {_axis(ranking)}", SIDE) for method in (x, y))
        axes.set(xlabel=across, ylabel=up)
        axes.set_title(f"{labels[y]} is better on {wins} of {len(values)} images", fontsize=7)
    return figure


def over_bits(summary: pd.DataFrame, bits: Measure, looks: Looks, labels: Labels, ranking: Measure) -> Figure:
    """What quality costs in bits: rows of `Scores.summary`, and its `bits`."""
    cost = f"{spelt(bits).capitalize()}, weights and map"
    return _over(summary["average"], summary[bits.name], cost, looks, labels, ranking)


def over_seconds(
    average: pd.Series, seconds: pd.Series, curves: pd.DataFrame, looks: Looks, labels: Labels, ranking: Measure
) -> Figure:
    """What quality costs in time, by method: a curve (columns method, iteration, psnr) that ends in a fit's seconds."""
    figure = _over(average, seconds, "Seconds, median fit", looks, labels, ranking)
    axes = figure.axes[0]
    with style():
        for method, last in seconds.items():
            curve, look = curves[curves["method"] == method], looks[str(method)]
            times = curve["iteration"] / curve["iteration"].max() * last
            axes.plot(times, curve["psnr"], color=look.color, ls=look.dashes, zorder=1.5)
        if len(curves):  # their first steps rise from nothing
            axes.set_ylim(bottom=average[seconds.index].replace(np.inf, np.nan).min() - 5)
    return figure


def beside_published(
    average: pd.Series,
    costs: pd.Series,
    cost: str,
    published: pd.DataFrame,
    note: str,
    looks: Looks,
    labels: Labels,
    ranking: Measure,
) -> Figure:
    """What quality costs by method, on a logarithmic axis; hollow, what others have published (columns label, average
    and cost, by method), of which a `note` says what it is."""
    figure = _over(average, costs, cost, looks, labels, ranking)
    axes = figure.axes[0]
    with style():
        for method, row in published.iterrows():
            mark = _mark(looks[str(method)]) | {"ms": 5, "mfc": "none", "mec": looks[str(method)].color, "mew": 0.9}
            axes.plot(row["cost"], row["average"], ls="", label=f"{row['label']}, published", **mark)
        figure.legends[0].remove()
        figure.legend(loc="outside right upper", handletextpad=0.2)
        axes.set_xscale("log")
        axes.autoscale(axis="x")
        axes.margins(x=0.12)
        axes.set_title(note, fontsize=7)
    return figure


def _over(values: pd.Series, costs: pd.Series, cost: str, looks: Looks, labels: Labels, ranking: Measure) -> Figure:
    """A dot for each method of `costs`: its mean quality over what that costs."""
    with style():
        figure = Figure(figsize=(COLUMN + LEGEND, 2.9), layout="constrained")
        axes = figure.add_subplot()
        for method, spent in costs.items():
            mark = _mark(looks[str(method)]) | {"ms": 5}
            axes.plot(spent, values[str(method)], ls="", label=labels[str(method)], **mark)
        axes.set(xlabel=cost, ylabel=_lines(f"{_axis(ranking)}, mean over images", LONG))
        axes.set_xlim(0, 1.05 * costs.max())
        figure.legend(loc="outside right upper", handletextpad=0.2)
    return figure


def _axis(measure: Measure) -> str:
    return f"{measure.title} ({unit(measure).strip()})" if unit(measure) else measure.title


def _lines(title: str, inches: float) -> str:
    """A title in as many lines as the length of its axis asks for; a unit stays beside the word before it."""
    return "\n".join(wrap(title.replace(" (", "\xa0("), round(inches / LETTER))).replace("\xa0", " ")


def _mark(look: Look) -> dict[str, Any]:
    return {"color": look.color, "marker": look.marker, "ms": 3.6, "mec": "white", "mew": 0.3}
