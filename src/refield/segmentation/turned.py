"""The image's Multi-Otsu map by half a turn: natural shapes of the same sizes, that know nothing of their pixels.

A control, for what the map's shape is worth without the luminance that it leaks.
"""

import numpy as np

from refield.segmentation.maps import Segmentation, by_luminance
from refield.segmentation.multi_otsu import multi_otsu


def turned(luma: np.ndarray, regions: int) -> Segmentation:
    """Regions of a luminance image (h, w) uint8, each pixel in that of its opposite."""
    return Segmentation(by_luminance(multi_otsu)(luma, regions).labels[::-1, ::-1].copy(), None)
