"""One image by a table's methods, a crop of it, and the errors there.

Both are chosen by rule. The image is the one whose gain in PSNR, of the table's `compare` pair, is the median over
images (the lower of two). The crop is the window, a quarter of each side, where the methods' mean absolute errors
differ most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from refield.reports.plotting import PAGE, style

GAP, LINE, EDGE = 0.05, 0.13, 0.03  # inches: between panels, of a line of text below, around all
TEXT = 0.06  # inches below its last line
LETTER = 0.048  # inches, that a letter is wide as a rule
MARK = "#FFD400"
NARROW = 0.5  # inches: a scale that is not as wide as "absolute error"


@dataclass(frozen=True)
class Shown:
    """A method's reconstruction of the image, its name, and the quality of the whole image in words."""

    label: str
    pixels: np.ndarray
    quality: str


@dataclass(frozen=True)
class Window:
    """A crop: rows top to top + height, columns left to left + width."""

    top: int
    left: int
    height: int
    width: int

    def of(self, image: np.ndarray) -> np.ndarray:
        return image[self.top : self.top + self.height, self.left : self.left + self.width]


def choose_image(values: pd.DataFrame, better: str, worse: str) -> str:
    """The image of `Scores.by_image` with the median gain; of ties the first by name. Two exact fits gain nothing."""
    values = values.dropna()
    gain = (values[better] - values[worse]).fillna(0.0).sort_index()
    return str(gain.sort_values(kind="stable").index[(len(gain) - 1) // 2])


def choose_crop(original: np.ndarray, estimates: Sequence[np.ndarray]) -> Window:
    """The window where the highest mean error exceeds the lowest by most, of one estimate where it is highest; of ties
    the first, row by row."""
    height, width = (max(1, round(side / 4)) for side in original.shape[:2])
    sums = np.stack([_window_sums(error(original, estimate).sum(axis=2), height, width) for estimate in estimates])
    spread = np.ptp(sums, axis=0) if len(sums) > 1 else sums[0]
    top, left = np.unravel_index(np.argmax(spread), spread.shape)
    return Window(int(top), int(left), height, width)


def error(original: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Absolute difference `(h, w, c)`, 0..255, as int64."""
    return np.abs(original.astype(np.int64) - estimate.astype(np.int64))


def comparison(
    original: np.ndarray,
    methods: Sequence[Shown],
    crop: Window,
    reference: np.ndarray | None = None,
    given: np.ndarray | None = None,
) -> Figure:
    """The original with the crop marked; then the crop of the original and of each method, above their errors.

    Errors are colours: per channel, black is none, full intensity the largest in the crop by any method. `reference` is
    what stands for the original beside the methods' pixels, if these are not pictures like it; the crop of what fields
    were `given` stands below the original's.
    """
    reference = original if reference is None else reference
    errors = [error(crop.of(reference), crop.of(method.pixels)) for method in methods]
    largest = max(1, *(int(values.max()) for values in errors))
    columns = len(methods) + 1
    aspect = original.shape[0] / original.shape[1]
    # Two crops and the gap between are as high as the original beside them, which makes it 2 cells and a bit wide.
    cell = (PAGE - 2 * EDGE - GAP * (columns + 1 / aspect)) / (columns + 2)
    row = cell * aspect
    whole = 2 * cell + GAP / aspect
    names = [wrap(method.label, max(1, int(cell / LETTER))) for method in methods]
    text = LINE * (1 + max(map(len, names))) + TEXT
    with style():
        figure = Figure(figsize=(PAGE, 2 * row + GAP + text + 2 * EDGE))
        lower, upper = EDGE + text, EDGE + text + row + GAP
        lefts = [EDGE + whole + GAP + i * (cell + GAP) for i in range(columns)]

        axes = panel(figure, original, EDGE, lower, whole, 2 * row + GAP, "Original")
        corner = (crop.left - 0.5, crop.top - 0.5)
        for color, line in (("black", 2.0), (MARK, 1.0)):
            axes.add_patch(Rectangle(corner, crop.width, crop.height, fill=False, ec=color, lw=line))
        panel(figure, crop.of(reference), lefts[0], upper, cell, row)
        if given is None:
            _scale(figure, lefts[0] + 0.15 * cell, lower + 0.45 * row, 0.7 * cell, largest)
        else:
            panel(figure, crop.of(given), lefts[0], lower, cell, row, f"Given\nerrors to {largest}")
        for left, name, method, values in zip(lefts[1:], names, methods, errors, strict=True):
            panel(figure, crop.of(method.pixels), left, upper, cell, row)
            words = "\n".join([*name, method.quality])
            panel(figure, (values * 255 // largest).astype(np.uint8), left, lower, cell, row, words)
    return figure


def _window_sums(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Sums over all windows `(h - height + 1, w - width + 1)`; in integers, so that equal windows are equal."""
    table = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    return table[height:, width:] - table[:-height, width:] - table[height:, :-width] + table[:-height, :-width]


def axes_at(figure: Figure, left: float, low: float, wide: float, tall: float) -> Axes:
    """Axes at a place in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes((left / width, low / height, wide / width, tall / height))


def panel(figure: Figure, image: np.ndarray, left: float, low: float, wide: float, tall: float, text: str = "") -> Axes:
    axes = axes_at(figure, left, low, wide, tall)
    axes.set_axis_off()
    # Crops show their pixels; an original larger than its place is averaged down.
    how = "auto" if image.shape[1] > wide * 300 else "nearest"
    axes.imshow(np.broadcast_to(image, (*image.shape[:2], 3)), aspect="auto", interpolation=how)
    for i, line in enumerate(text.splitlines(), start=1):
        axes.text(0.5, -LINE * i / tall, line, transform=axes.transAxes, ha="center", va="baseline")
    return axes


def _scale(figure: Figure, left: float, low: float, wide: float, largest: int) -> None:
    """The errors' scale, for the free place under the original's crop."""
    bar = axes_at(figure, left, low, wide, 0.08)
    bar.imshow(np.linspace(0, 1, 256)[None], cmap="gray", aspect="auto")
    bar.grid(False)
    bar.spines[:].set_visible(True)
    bar.set_yticks([])
    bar.set_xticks([0, 255], ["0", str(largest)])
    bar.tick_params(length=2, width=0.5, pad=1)
    bar.set_title("absolute error" if wide > NARROW else "error", fontsize=7, pad=3)
