"""Equal bin: regions of equally many pixels, the paper's control in Table 3."""

import numpy as np


def equal_bin(luma: np.ndarray, regions: int) -> np.ndarray:
    """Thresholds `(regions - 1,)` float64 of a luminance image `(h, w)` uint8: its quantiles, ascending.

    They coincide where one grey level holds more than a region's share of the pixels.
    """
    return np.quantile(luma, np.arange(1, regions) / regions)
