"""A map to look at: beside its image, above the histogram that it was cut from."""

import numpy as np
from PIL import Image

from refield.segmentation.labels import palette
from refield.segmentation.segmentation import Segmentation
from refield.signals.image import luma


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
