"""Maps of an image's regions: made, counted and looked at."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from refield.errors import UserError
from refield.images import luma
from refield.labels import palette


@dataclass(frozen=True)
class Segmentation:
    """No region is empty. Of luminance, region k holds the pixels with `thresholds[k - 1] <= luma < thresholds[k]`."""

    labels: np.ndarray  # (h, w) uint8, 0..K-1; of luminance, from dark to bright
    thresholds: np.ndarray | None  # (K - 1,) float64, luminance in 0..255, ascending; None if luminance does not decide


Segmenter = Callable[[np.ndarray, int], Segmentation]  # from luminance (h, w) uint8 and the number of regions


def by_luminance(threshold: Callable[[np.ndarray, int], np.ndarray]) -> Segmenter:
    """The segmenter that cuts luminance at these thresholds.

    A pixel on a threshold belongs to the region above, as in scikit-image's own example of Multi-Otsu.
    """

    def segmenter(grey: np.ndarray, regions: int) -> Segmentation:
        thresholds = threshold(grey, regions)
        return Segmentation(np.digitize(grey, thresholds).astype(np.uint8), thresholds)

    return segmenter


def segment(image: np.ndarray, segmenter: Segmenter, regions: int) -> Segmentation:
    """Cut a uint8 image `(h, w, c)` into regions; `UserError` if fewer than `regions` come out."""
    grey = luma(image)
    segmentation = segmenter(grey, regions)
    if (filled := len(np.unique(segmentation.labels))) < regions:
        levels = len(np.unique(grey))
        raise UserError(
            f"its {levels} grey levels fall into {filled} of the {regions} regions; "
            "lower seg.regions, or leave the image out of images.names"
        )
    return segmentation


def regions_table(segmentation: Segmentation) -> list[dict[str, float | None]]:
    """One row per region: luminance `from` (included) and `to` (excluded), `pixels`, their `fraction` of the image."""
    pixels = np.bincount(segmentation.labels.ravel())
    edges: list[float | None] = [None] * (len(pixels) + 1)
    if segmentation.thresholds is not None:
        edges = [0.0, *segmentation.thresholds.tolist(), 256.0]
    return [
        {
            "region": k,
            "from": edges[k],
            "to": edges[k + 1],
            "pixels": count,
            "fraction": count / segmentation.labels.size,
        }
        for k, count in enumerate(pixels.tolist())
    ]


def preview(image: np.ndarray, segmentation: Segmentation, width: int = 1024, height: int = 96) -> np.ndarray:
    """Image and map side by side, at most `width` pixels across, above the luminance histogram; `(h, w, 3)` uint8.

    The histogram, `height` pixels high, wears the regions' colours where luminance decides them.
    """
    colors = palette(int(segmentation.labels.max()) + 1)
    sides = np.concatenate([np.broadcast_to(image, (*image.shape[:2], 3)), colors[segmentation.labels]], axis=1)
    picture = Image.fromarray(sides)
    picture.thumbnail((width, picture.height))

    bars = np.bincount(luma(image).ravel(), minlength=256)
    # Cut at the third: black and white may be saturated, and would flatten everything between.
    filled = np.arange(height, 0, -1)[:, None] <= height * bars / max(1, np.sort(bars)[-3])
    bar_colors = np.full((256, 3), 128, dtype=np.uint8)
    if segmentation.thresholds is not None:
        bar_colors = colors[np.digitize(np.arange(256), segmentation.thresholds)]
    histogram = np.where(filled[..., None], bar_colors, np.uint8(255))
    below = Image.fromarray(histogram).resize((picture.width, height), Image.Resampling.BILINEAR)
    return np.concatenate([np.asarray(picture), np.asarray(below)])
