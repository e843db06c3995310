"""How fits came to their PSNR, with each value of what a study varies: lines over the share of their iterations."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from refield.errors import UserError
from refield.papers import Paper
from refield.reports.combinations import keys_of
from refield.reports.heatmap import FOLDER, axis
from refield.reports.plotting import COLORS, COLUMN, DASHES, MARKERS, PAGE, style
from refield.reports.variation import images_of
from refield.study import COURSE, brief, short

RAW = "psnr_raw"  # at the end, before rounding as those on the way
TALL, HIGHEST = 1.9, 80.0  # inches: a panel; dB: what lies above is exact for any eye
ACROSS = 4  # panels


def name_of(study: str) -> str:
    """The chart's, as a study may have others."""
    return f"{study}_progress"


def progress(scores: pd.DataFrame, study: str) -> Iterator[str]:
    """Markdown: the chart, which `chart` draws."""
    (*panels, last), asked = _keys(scores, study), images_of(scores)
    each = f", of each {short(panels[0])}" if panels else ""
    yield f"PSNR before rounding to 8 bit{each} with each {short(last)}, averaged over {asked}."
    yield f"![PSNR over iterations by {short(last)}]({FOLDER}/{name_of(study)}.svg)"


def chart(scores: pd.DataFrame, study: str, paper: Paper) -> Figure:
    """A panel for each method and each value of the first of two keys; a line for each value of the last."""
    *outer, last = _keys(scores, study)
    panels = list(scores.groupby(["method", *outer], sort=False))
    values = list(scores[last].unique())
    found = ((list(scores[key].unique()), key) for key in outer)
    outside = [(at.title, dict(zip(of, at.ticks, strict=True))) for of, key in found for at in [axis(key, of)]]
    shares = [100 * part for part in (*COURSE.values(), 1.0)]
    across = min(len(panels), ACROSS)
    lines = -(-len(panels) // across)
    several = scores["method"].nunique() > 1
    with style():
        wide = max(COLUMN, PAGE * across / ACROSS)
        figure = Figure(figsize=(wide, TALL * lines + 0.45 * (across > 1)), layout="constrained")
        panes = figure.subplots(lines, across, sharex=True, sharey=True, squeeze=False)
        for place, (((method, *held), rows), axes) in enumerate(zip(panels, panes.flat, strict=False)):
            means = rows.groupby(last, sort=False)[[*COURSE, RAW]].mean()
            for i, value in enumerate(values):
                if value in means.index:
                    look = {"color": COLORS[i % 8], "marker": MARKERS[i % 8], "ls": DASHES[i % 8]}
                    psnr = np.minimum(means.loc[value].to_numpy(dtype=float), HIGHEST)
                    axes.plot(shares, psnr, ms=3, label=brief(value), **look)
            words = [paper.label(str(method))] if several else []
            words += [f"{named[value]} {title}" for (title, named), value in zip(outside, held, strict=True)]
            axes.set_title(", ".join(words), fontsize=7)
            axes.set_xscale("log")
            axes.set_xticks(shares, [f"{share:g}" for share in shares])
            axes.minorticks_off()
            if place % across == 0:
                axes.set_ylabel("PSNR (dB)")
        for axes in panes.flat[len(panels) :]:
            axes.set_axis_off()
        figure.supxlabel("share of the iterations (%)", fontsize=8)
        place_of = {"loc": "outside upper center", "ncols": 4} if across > 1 else {"loc": "outside right upper"}
        figure.legend(*panes.flat[0].get_legend_handles_labels(), **place_of)
    return figure


def _keys(scores: pd.DataFrame, study: str) -> list[str]:
    keys = keys_of(scores)
    if not 1 <= len(keys) <= 2 or not {*COURSE, RAW} <= {*scores}:
        raise UserError(
            f"the study {study} has no chart of progress: it varies {len(keys)} keys, or lacks PSNR on the way"
        )
    return keys
