"""What two parameters do together: each method's PSNR over both, as a table and as a chart, from a study's scores.

Of one parameter alone it is the PSNR over methods and its values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from refield.errors import UserError
from refield.papers import Paper
from refield.reports.combinations import keys_of
from refield.reports.plotting import PAGE, style
from refield.reports.results import pipe
from refield.reports.variation import images_of
from refield.scores.measure import PSNR
from refield.scores.numbers import number
from refield.study import DROP, UNSTABLE, brief, short

FOLDER = "discussion"  # of the charts, beside the page that shows them
FRAMED, DIVERGED = f"Framed: unstable, a fall of over {UNSTABLE:g} dB", "div.: a fit has diverged"
WIDE, TALL = 0.46, 0.27  # inches: a cell
LETTER, NARROW, GAP, TITLE, NOTE = 0.057, 1.0, 0.1, 0.62, 2.1  # inches: of a name; and of panels, figures and notes
METHOD = "method"  # the column
FRAME, NONE = "#D55E00", "#D9D9D9"


@dataclass(frozen=True)
class Axis:
    """A key and its values, in words."""

    title: str
    ticks: list[str]


@dataclass(frozen=True)
class Grid:
    """A panel's fits by the values of two keys, the first one's down, or by methods and the values of one."""

    down: Axis
    across: Axis
    psnr: np.ndarray  # average over images and seeds in dB; NaN without fits, or where one has diverged
    fits: np.ndarray  # how many there are
    fallen: np.ndarray  # how many of them have a PSNR that fell by more than `UNSTABLE`
    diverged: np.ndarray  # how many have none


def heatmap(scores: pd.DataFrame, study: str, paper: Paper) -> Iterator[str]:
    """Markdown: the chart, which `chart` draws, and its numbers."""
    found = grids(scores, study, paper)
    grid = next(iter(found.values()))
    down, across = grid.down.title, grid.across.title
    unstable = (
        f" A fit is unstable if its PSNR falls more than {UNSTABLE:g} dB below an earlier one: framed in the chart."
    )
    yield f"Average PSNR over {images_of(scores)}, {down} down and {across} across.{unstable if DROP in scores else ''}"
    yield f"![PSNR by {down} and {across}]({FOLDER}/{study}.svg)"
    rows = [
        (*([title] if title else []), name, *(_words(each, line, i) for i in range(len(each.across.ticks))))
        for title, each in found.items()
        for line, name in enumerate(each.down.ticks)
    ]
    heads = [*([""] if any(found) else []), f"{down}, by {across}"]
    yield pipe([*heads, *grid.across.ticks], rows, words=len(heads))


def chart(scores: pd.DataFrame, study: str, paper: Paper) -> Figure:
    """A panel for each method, or one of all, in each cell the average; all in one scale of colours."""
    found = grids(scores, study, paper)
    grid = next(iter(found.values()))
    left, wide = 0.3 + max(map(len, grid.down.ticks)) * LETTER, max(len(grid.across.ticks) * WIDE, NARROW)
    columns = max(1, min(len(found), int((PAGE - left) / (wide + GAP))))
    lines = -(-len(found) // columns)
    turned = max(map(len, grid.across.ticks)) * LETTER > 0.95 * WIDE
    known = np.concatenate([each.psnr[np.isfinite(each.psnr)] for each in found.values()])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    notes = [FRAMED] if any(each.fallen.any() for each in found.values()) else []
    notes += [DIVERGED] if any(each.diverged.any() for each in found.values()) else []
    with style():
        tall = len(grid.down.ticks) * TALL + TITLE + turned * max(map(len, grid.across.ticks)) * LETTER
        size = (max(left + columns * (wide + GAP), NOTE), lines * tall + 0.13 * len(notes))
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(lines, columns, squeeze=False)
        for i, (axes, (title, each)) in enumerate(zip(panels.flat, found.items(), strict=False)):
            _panel(axes, each, low, high)
            axes.set_title(title, fontsize=7)
            axes.tick_params(length=0, labelleft=i % columns == 0, labelbottom=i + columns >= len(found))
            axes.set_ylabel(each.down.title if i % columns == 0 else "")
            axes.set_xlabel(each.across.title if i + columns >= len(found) else "")
            if turned:
                axes.set_xticks(axes.get_xticks(), each.across.ticks, rotation=45, ha="right", rotation_mode="anchor")
        for axes in panels.flat[len(found) :]:
            axes.set_axis_off()
        if notes:
            figure.supxlabel("\n".join(notes), fontsize=6.5)
    return figure


def grids(scores: pd.DataFrame, study: str, paper: Paper) -> dict[str, Grid]:
    """Each method's, by its label, or of one key that of all, without a label; `UserError` unless the study varies one
    key or two, and has its fits' PSNR."""
    if PSNR.name not in scores:
        raise UserError(f"the study {study} has no heat map without {PSNR.name}; its scores must name it")
    keys = _keys(scores, study)
    found = scores.assign(fits=1, diverged=scores[PSNR.name].isna(), fallen=False)
    found[METHOD] = found[METHOD].map(paper.label)
    if DROP in scores:
        found["fallen"] = scores[DROP] > UNSTABLE
    orders = [list(found[key].unique()) for key in keys]
    down, across = (
        Axis(key, order) if key == METHOD else axis(key, order) for key, order in zip(keys, orders, strict=True)
    )
    grids = {}
    for title, own in [("", found)] if METHOD in keys else found.groupby(METHOD, sort=False):
        cells = own.groupby(keys, sort=False)
        counted = cells[["fits", "fallen", "diverged"]].sum()
        counted[PSNR.name] = cells[PSNR.name].mean().where(counted["diverged"] == 0)
        psnr, fits, fallen, diverged = (
            counted[column].unstack().reindex(index=orders[0], columns=orders[1]).to_numpy(dtype=float)
            for column in (PSNR.name, "fits", "fallen", "diverged")
        )
        counts = [np.nan_to_num(each).astype(int) for each in (fits, fallen, diverged)]
        grids[str(title)] = Grid(down, across, psnr, *counts)
    return grids


def axis(key: str, values: Sequence[object]) -> Axis:
    """A key's values in few words: equal ones of neighbouring layers are counted, as in "30, 3 x 1".

    Where they are lists of nothing but one name, such as the gates of networks of other depths, their lengths suffice.
    """
    runs = [[(name, len(list(same))) for name, same in groupby(brief(value).split(", "))] for value in values]
    names = {name for each in runs for name, _ in each}
    if len(names) == 1 and all(len(each) == 1 for each in runs) and max(names)[:1].isalpha():
        return Axis(f"{max(names)} {short(key)}", [str(count) for ((_, count),) in runs])
    ticks = [", ".join(name if count == 1 else f"{count} x {name}" for name, count in each) for each in runs]
    return Axis(short(key), ticks)


def _keys(scores: pd.DataFrame, study: str) -> list[str]:
    keys = keys_of(scores)
    if len(keys) not in (1, 2):
        varied = ", ".join(keys) or "nothing"
        raise UserError(f"the study {study} has no heat map: it varies {varied}, not one key or two")
    return keys if len(keys) == 2 else [METHOD, *keys]


def _words(grid: Grid, line: int, column: int) -> str:
    place = line, column
    fits, diverged, fallen = grid.fits[place], grid.diverged[place], grid.fallen[place]
    if diverged:
        return f"{diverged} of {fits} diverged"
    return number(grid.psnr[place]) + (f" ({fallen} of {fits} unstable)" if fallen else "")


def _panel(axes: Axes, grid: Grid, low: float, high: float) -> None:
    shown = np.minimum(grid.psnr, high)  # an exact fit's, which is infinite, has the colour of the best that is not
    axes.imshow(shown, cmap="Blues", vmin=low - 0.1 * (high - low), vmax=high, aspect="auto")
    best = np.nanmax(grid.psnr, initial=-np.inf)
    for (row, column), psnr in np.ndenumerate(grid.psnr):
        if grid.diverged[row, column]:
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color=NONE, lw=0))
        if grid.fallen[row, column]:
            axes.add_patch(Rectangle((column - 0.43, row - 0.4), 0.86, 0.8, fill=False, ec=FRAME, lw=1.2))
        text = "div." if grid.diverged[row, column] else number(psnr, 1) if grid.fits[row, column] else ""
        color = "white" if psnr > low + 0.55 * (high - low) else "black"
        weight = "bold" if psnr == best else "normal"
        axes.text(column, row, text, ha="center", va="center", color=color, fontweight=weight)
    axes.set_xticks(range(len(grid.across.ticks)), grid.across.ticks)
    axes.set_yticks(range(len(grid.down.ticks)), grid.down.ticks)
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
