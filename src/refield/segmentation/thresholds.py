"""Regions of luminance between thresholds."""

import numpy as np

from refield.errors import UserError
from refield.segmentation.segmentation import Segmentation


def by_thresholds(luma: np.ndarray, thresholds: np.ndarray) -> Segmentation:
    """Cut luminance (h, w) uint8 at thresholds (K - 1,), ascending; `UserError` if a region stays empty.

    A pixel on a threshold belongs to the region above, as in scikit-image's own example of Multi-Otsu.
    """
    labels, regions = np.digitize(luma, thresholds).astype(np.uint8), len(thresholds) + 1
    if (filled := len(np.unique(labels))) < regions:
        levels = len(np.unique(luma))
        raise UserError(
            f"its {levels} grey levels fall into {filled} of the {regions} regions; "
            "lower its map's regions, or leave the image out of images.names"
        )
    return Segmentation(labels, thresholds)
