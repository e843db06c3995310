"""The image's Multi-Otsu map by half a turn: natural shapes of the same sizes, that know nothing of their pixels.

A control, for what the map's shape is worth without the luminance that it leaks.
"""

import numpy as np
from jaxtyping import UInt8

from refield.segmentation.multi_otsu import MultiOtsu
from refield.segmentation.segmentation import Segmentation
from refield.strict import Strict


class Turned(Strict):
    """The segmenter: each pixel gets the region of its opposite."""

    def __call__(self, image: UInt8[np.ndarray, "h w c"], regions: int) -> Segmentation:
        return Segmentation(MultiOtsu()(image, regions).labels[::-1, ::-1].copy())
