"""A volume by all methods: the solid that each takes for occupied, and below it where that is wrong."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from refield.reports import solids
from refield.reports.figures import panel
from refield.reports.plotting import PAGE, style
from refield.signals.volume import Volume

COLUMNS = 8  # at most
HEIGHT = 480  # pixels of a solid's picture
GAP, LINE, LETTER = 0.04, 0.13, 0.053  # inches: between panels, a line of text, a letter of it


@dataclass(frozen=True)
class Solid:
    """A method's estimate, its name, and its quality in words."""

    label: str
    volume: Volume
    quality: str


def solid_figure(truth: Volume, methods: Sequence[Solid]) -> Figure:
    """The truth, then each method; two rows of pictures for each row of methods, the lower one of errors."""
    first = Solid("Truth", truth, "")
    cells = [
        (each, solids.picture(each.volume, HEIGHT, one), solids.error_picture(truth, each.volume, HEIGHT, one))
        for one in [solids.SIDES[:1]]
        for each in [first, *methods]
    ]
    columns = min(COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    columns = -(-len(cells) // rows)  # as even as may be
    tall, wide = cells[0][1].shape[:2]
    cell = min((PAGE - GAP * (columns + 1)) / columns, 1.4)
    height = cell * tall / wide
    names = ["\n".join(textwrap.wrap(solid.label, int(cell / LETTER))) for solid, *_ in cells]
    text = LINE * (max(name.count("\n") for name in names) + 2.5)
    row = 2 * height + GAP + text
    with style():
        figure = Figure(figsize=(columns * (cell + GAP) + GAP, rows * row + GAP))
        for number, (solid, picture, errors) in enumerate(cells):
            left, low = GAP + number % columns * (cell + GAP), (rows - 1 - number // columns) * row + text
            axes = panel(figure, picture, left, low + height + GAP, cell, height)
            if not solid.volume.count:
                axes.text(0.5, 0.5, "empty", transform=axes.transAxes, ha="center", va="center")
            panel(figure, errors, left, low, cell, height, f"{names[number]}\n{solid.quality}")
    return figure


def caption(lead: str, shape: Sequence[int], quality: str) -> str:
    """What is shown."""
    size = " x ".join(map(str, shape))
    return (
        f"{lead}, {size} voxels, with {quality} over all voxels. Above: the surface of what each field takes for "
        f"occupied; below: where that is wrong: {solids.WORDS}."
    )
