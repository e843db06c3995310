"""Images of other numbers of pixels, by Pillow's filters."""

from typing import Literal

import numpy as np
from jaxtyping import Float, Float32
from PIL import Image as Pillow

Filter = Literal["bilinear", "bicubic", "lanczos"]
Aligned = Literal["centres", "ends"]


def resized(
    values: Float[np.ndarray, "h w c"], shape: tuple[int, int], by: Filter, aligned: Aligned = "centres"
) -> Float32[np.ndarray, "H W c"]:
    """An image of `shape` (height, width), in single precision: neither clamped nor rounded.

    A filter is as wide as the larger of both kinds of pixels, so that reductions are antialiased. centres: a pixel is
    the square around its centre, and both images cover the same area. ends: the centres of their first and last pixels
    coincide, as on grids that both reach -1 and 1; then an image may only grow.
    """
    box = (0.0, 0.0, float(values.shape[1]), float(values.shape[0])) if aligned == "centres" else _box(values, shape)
    height, width = shape
    planes = [Pillow.fromarray(np.ascontiguousarray(values[..., k], np.float32)) for k in range(values.shape[2])]
    resample = Pillow.Resampling[by.upper()]
    return np.stack([np.asarray(plane.resize((width, height), resample, box)) for plane in planes], axis=-1)


def _box(values: np.ndarray, shape: tuple[int, int]) -> tuple[float, float, float, float]:
    """The part of an image, in its pixels, that new pixels cover whose first and last centres are on its own: left,
    top, right and bottom. A side of one pixel has no ends, and is covered as a whole."""
    edges = []
    for old, new in zip(values.shape, shape, strict=False):
        apart = (old - 1) / (new - 1) if old > 1 else 1 / new  # two new pixels, in old ones
        margin = (1 - apart) / 2 if old > 1 else 0.0
        edges.append((margin, old - margin))
    (top, bottom), (left, right) = edges
    return left, top, right, bottom
