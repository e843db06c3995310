"""Equal bin: regions of equally many pixels, the control in Oh and Bae's Table 3."""

import numpy as np
from jaxtyping import UInt8

from refield.segmentation.segmentation import Segmentation
from refield.segmentation.thresholds import by_thresholds
from refield.signals.image import luma
from refield.strict import Strict


class EqualBin(Strict):
    """The segmenter; it has no keys of its own."""

    def __call__(self, image: UInt8[np.ndarray, "h w c"], regions: int) -> Segmentation:
        grey = luma(image)
        return by_thresholds(grey, equal_bin(grey, regions))


def equal_bin(luma: np.ndarray, regions: int) -> np.ndarray:
    """Thresholds `(regions - 1,)` float64 of a luminance image `(h, w)` uint8: its quantiles, ascending.

    They coincide where one grey level holds more than a region's share of the pixels.
    """
    return np.quantile(luma, np.arange(1, regions) / regions)
