"""An image and the fields that were fitted to it, side by side with their gradients and Laplacians.

So Sitzmann et al. show them (NeurIPS 2020, https://arxiv.org/abs/2006.09661, figure 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib import colormaps
from matplotlib.figure import Figure

from refield.reports.derived import Derived
from refield.reports.figures import EDGE, GAP, axes_at, panel
from refield.reports.plotting import COLUMN, PAGE, style
from refield.scores.numbers import number

SHARE = 99  # per cent of the original's pixels whose derivatives its colours tell apart
TITLES = ("Value", "Gradient", "Laplacian")
NAME, TITLE, QUALITY, KEY = 0.2, 0.18, 0.18, 0.52  # inches: a row's name, columns' titles, a line below, the keys
WHEEL, BAR = 1.75, 1.3  # inches: the widths of the key of gradients, words and a gap included, and of Laplacians
TALLEST = 8.9  # inches that a page has for a figure and its caption
MAP = "RdBu_r"
DARK, COLOR = 55.0, 60.0  # of CIELAB: the lightness of a full colour, and its chroma


@dataclass(frozen=True)
class Scales:
    """The length of a gradient, and the Laplacian in either direction, from which on colours are full."""

    gradient: float
    laplacian: float


def scales(original: Derived) -> Scales:
    """Those that nearly all of the original's pixels lie within; two digits each, as keys print them."""
    lengths, bends = np.linalg.norm(original.gradient, axis=-1), np.abs(original.laplacian)
    return Scales(*(float(f"{max(np.percentile(each, SHARE), 1.0):.2g}") for each in (lengths, bends)))


def derivative_figure(original: Derived, fits: Sequence[Derived]) -> Figure:
    """A row for each: its pixels, its gradient and its Laplacian, in the original's colours; PSNR below."""
    full, aspect = scales(original), original.pixels.shape[0] / original.pixels.shape[1]
    around = 2 * EDGE + TITLE + GAP + (QUALITY + GAP) * len(fits) + KEY
    wide = (PAGE - 2 * EDGE - NAME - 2 * GAP) / 3
    wide = min(wide, (TALLEST - around) / (len(fits) + 1) / aspect)
    tall, grid = wide * aspect, NAME + 3 * wide + 2 * GAP
    with style():
        # Of tall pictures, or many, the grid is narrower than what the keys need.
        page = max(grid + 2 * EDGE, COLUMN)
        figure = Figure(figsize=(page, around + (len(fits) + 1) * tall))
        lefts = [(page - grid) / 2 + NAME + i * (wide + GAP) for i in range(3)]
        low = float(figure.get_figheight()) - EDGE - TITLE - tall
        for row in (original, *fits):
            shown = (row.pixels, gradient_colors(row.gradient, full), laplacian_colors(row.laplacian, full))
            words = [f"{number(value)} dB" for value in row.quality] if row.quality else [""] * 3
            for left, colors, text, title in zip(lefts, shown, words, TITLES, strict=True):
                axes = panel(figure, colors, left, low, wide, tall, text)
                if row is original:
                    axes.set_title(title, fontsize=8, pad=3)
                if left == lefts[0]:
                    name: Any = {"rotation": 90, "ha": "right", "va": "center", "fontsize": 8}
                    axes.text(-0.04, 0.5, row.label, transform=axes.transAxes, **name)
            low -= tall + (QUALITY + GAP if row.quality else GAP)
        bar = max(min(lefts[2] + (wide - BAR) / 2, page - BAR - 0.2), WHEEL + EDGE)
        _wheel(figure, min(lefts[1] + 0.05, bar - WHEEL), full.gradient)
        _bar(figure, bar, full.laplacian)
    return figure


def caption(
    lead: str, original: Derived, fits: Sequence[Derived], nothing: tuple[float, float], shifted: bool = False
) -> str:
    """What is shown, and how it is to be read; `nothing` is `psnr_of_nothing`, and `shifted` whether values are."""
    full = scales(original)
    mean = " Values are shifted to the original's mean, which no derivative tells." if shifted else ""
    return (
        f"{lead}. From above: original, {', '.join(fit.label for fit in fits)}; from left to right: value, and of luma "
        f"the gradient and the Laplacian.{mean} The original's are Sobel's and the Laplacian of five pixels, those of "
        "fields their exact derivatives at the pixels. Hue is the direction in which a picture becomes brighter; "
        f"colours are full from {full.gradient:g} levels (of 0 to 255) per pixel and a Laplacian of "
        f"\u00b1{full.laplacian:g}, within which {SHARE} % of the original's pixels lie. Below each its PSNR, over all "
        f"channels; a constant's gradient would have {number(nothing[0])} dB, its Laplacian {number(nothing[1])} dB."
    )


def gradient_colors(gradient: Float[np.ndarray, "h w 2"], full: Scales) -> UInt8[np.ndarray, "h w 3"]:
    """The direction of ascent as hue, red to the right and counter-clockwise, and its length as colour: white is none.

    On a circle of CIELAB all directions of one length are as dark, and as colourful.
    """
    from skimage.color import lab2rgb

    part = gradient / full.gradient
    part = part / np.maximum(np.linalg.norm(part, axis=-1, keepdims=True), 1.0)
    length = np.linalg.norm(part, axis=-1)
    lab = np.stack([100 - (100 - DARK) * length, COLOR * part[..., 1], -COLOR * part[..., 0]], axis=-1)
    return np.rint(255 * np.clip(lab2rgb(lab), 0, 1)).astype(np.uint8)


def laplacian_colors(laplacian: Float[np.ndarray, "h w"], full: Scales) -> UInt8[np.ndarray, "h w 3"]:
    """Blue below zero, white at it, red above."""
    places = np.clip(laplacian / full.laplacian, -1, 1) / 2 + 0.5
    return colormaps[MAP](places, bytes=True)[..., :3]


def _wheel(figure: Figure, left: float, full: float) -> None:
    """What the hues and how full they are stand for."""
    side = KEY - 0.08
    axes = axes_at(figure, left, EDGE, side, side)
    axes.set_axis_off()
    steps = np.linspace(-1.02, 1.02, 256)
    down, along = np.meshgrid(steps, steps, indexing="ij")
    colors = gradient_colors(np.stack([down, along], axis=-1), Scales(1.0, 1.0))
    inside = np.clip((1 - np.hypot(down, along)) * 128 + 1, 0, 1)
    axes.imshow(np.dstack([colors, np.rint(255 * inside).astype(np.uint8)]), aspect="auto")
    text = f"direction of ascent,\nfull from {full:g} levels\nper pixel"
    axes.text(1.1, 0.5, text, transform=axes.transAxes, ha="left", va="center", fontsize=6.5, linespacing=1.15)


def _bar(figure: Figure, left: float, full: float) -> None:
    bar = axes_at(figure, left, EDGE + 0.3, BAR, 0.08)
    bar.imshow(np.linspace(0, 1, 256)[None], cmap=MAP, aspect="auto")
    bar.grid(False)
    bar.spines[:].set_visible(True)
    bar.set_yticks([])
    bar.set_xticks([0, 127.5, 255], [f"\N{MINUS SIGN}{full:g}", "0", f"{full:g}"])
    bar.tick_params(length=2, width=0.5, pad=1)
    bar.set_xlabel("levels per pixel squared", fontsize=6.5, labelpad=1)
