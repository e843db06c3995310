"""An image and the fields that were fitted to it: what a network sees in each picture, beside the true mask; errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refield.reports.figures import EDGE, GAP, axes_at, error, panel
from refield.reports.plotting import PAGE, style

TEXT = 0.46  # inches, for three lines below a picture
TRUE, SEEN = "#FFD400", "#56B4E9"
SCALE = 0.3  # inches, for the errors' scale


@dataclass(frozen=True)
class Seen:
    """A picture, what a network sees in it, and what there is to say of both, a line each."""

    label: str
    pixels: UInt8[np.ndarray, "h w c"]
    mask: Bool[np.ndarray, "h w"]
    quality: Sequence[str]


def structure_figure(original: Seen, truth: Bool[np.ndarray, "h w"], methods: Sequence[Seen]) -> Figure:
    """The original and the methods' pictures with both outlines; below, absolute errors, all on one scale."""
    errors = [error(original.pixels, method.pixels) for method in methods]
    largest = max(1, *(int(values.max()) for values in errors))
    columns, aspect = len(methods) + 1, original.pixels.shape[0] / original.pixels.shape[1]
    wide = (PAGE - 2 * EDGE - GAP * (columns - 1)) / columns
    tall = wide * aspect
    with style():
        figure = Figure(figsize=(PAGE, 2 * tall + TEXT + GAP + 2 * EDGE))
        lower, upper = EDGE, EDGE + tall + GAP + TEXT
        for number, shown in enumerate((original, *methods)):
            left = EDGE + number * (wide + GAP)
            axes = panel(figure, shown.pixels, left, upper, wide, tall, "\n".join([shown.label, *shown.quality]))
            _outline(axes, truth, TRUE, 2.0)  # wider, so that it is seen where both are the same
            _outline(axes, shown.mask, SEEN, 0.8)
            if shown is not original:
                values = errors[number - 1] * 255 // largest
                panel(figure, values.astype(np.uint8), left, lower, wide, tall)
        _keys(figure, EDGE, lower, wide, tall, largest)
    return figure


def caption(lead: str, labels: Sequence[str]) -> str:
    """What is shown, and how it is to be read."""
    return (
        f"{lead}. Above: original, {', '.join(labels)}, as decoded from the weights that are scored. Yellow is the "
        "outline of the true mask, blue that of what the U-Net sees in the picture; Dice is how far they agree. Below: "
        "absolute error, all on one scale."
    )


def _outline(axes: Axes, mask: Bool[np.ndarray, "h w"], color: str, width: float) -> None:
    """A mask's edge; an empty one has none."""
    if mask.any() and not mask.all():
        axes.contour(mask.astype(float), levels=[0.5], colors=color, linewidths=width)


def _keys(figure: Figure, left: float, low: float, wide: float, tall: float, largest: int) -> None:
    """What the outlines are and the errors' scale, in the free place under the original."""
    axes = axes_at(figure, left, low, wide, tall)
    axes.set_axis_off()
    for place, (color, text) in enumerate(((TRUE, "true mask"), (SEEN, "seen by the U-Net"))):
        axes.plot([0.12, 0.24], [0.8 - 0.14 * place] * 2, color=color, lw=1.5)
        axes.text(0.3, 0.8 - 0.14 * place, text, va="center")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    bar = axes_at(figure, left + 0.15 * wide, low + SCALE, 0.7 * wide, 0.08)
    bar.imshow(np.linspace(0, 1, 256)[None], cmap="gray", aspect="auto")
    bar.grid(False)
    bar.spines[:].set_visible(True)
    bar.set_yticks([])
    bar.set_xticks([0, 255], ["0", str(largest)])
    bar.tick_params(length=2, width=0.5, pad=1)
    bar.set_title("absolute error", fontsize=7, pad=3)
