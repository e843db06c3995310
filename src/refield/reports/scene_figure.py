"""A scene by all methods: what each field shows from places that were held out, and how far away it takes that for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from refield.reports.figures import panel
from refield.reports.plotting import PAGE, style
from refield.reports.scenes import greys, shown
from refield.signals.views import Views
from refield.units.rendered import Rendered

COLUMNS = 6  # at most
VIEWS = 2  # of each method, and the depth of the first
GAP, TEXT = 0.04, 0.34  # inches: between panels, for two lines of text below


@dataclass(frozen=True)
class Scene:
    """A method's estimate, the depth of what it shows, its name, and its quality in words."""

    label: str
    estimate: Views
    depth: Rendered  # from the first place that is shown
    quality: str


def scene_figure(truth: Views, methods: Sequence[Scene]) -> Figure:
    """The truth, then each method: below each other two views, and the depth of the first, which no picture tells."""
    kept = truth.held_out.pixels[shown(truth)][:VIEWS, ..., :3]
    cells: list[tuple[str, list[np.ndarray]]] = [("Truth", list(kept))]
    for each in methods:
        views = each.estimate.pixels[shown(truth)][:VIEWS, ..., :3]
        cells.append((f"{each.label}\n{each.quality}", [*views, greys(each.depth)]))
    rows = -(-len(cells) // COLUMNS)
    columns = -(-len(cells) // rows)  # as even as may be
    high, wide = kept.shape[1:3]
    cell = min((PAGE - GAP * (columns + 1)) / columns, 1.4)
    height, panels = cell * high / wide, len(kept) + 1
    row = panels * (height + GAP) + TEXT
    with style():
        figure = Figure(figsize=(columns * (cell + GAP) + GAP, rows * row + GAP))
        for number, (text, pictures) in enumerate(cells):
            left, low = GAP + number % columns * (cell + GAP), (rows - 1 - number // columns) * row + TEXT
            for place, picture in enumerate(pictures):
                below = text if place == len(pictures) - 1 else ""
                panel(figure, picture, left, low + (panels - 1 - place) * (height + GAP), cell, height, below)
    return figure


def caption(lead: str, truth: Views, quality: str) -> str:
    """What is shown."""
    count, height, width = truth.shape
    return (
        f"{lead}: of {count} held-out views of {width} x {height} pixels {min(VIEWS, count)}, and below them the depth "
        "that each field gives the first, from black, which is nearest, to light grey; white is less than half opaque. "
        f"{quality} is the mean over all held-out views."
    )
