"""Segmenters, one to a file: each maps a luminance image to the thresholds that cut it into regions."""

from collections.abc import Callable

import numpy as np

from refield.segmentation.equal_bin import equal_bin
from refield.segmentation.multi_otsu import multi_otsu

SEGMENTERS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "multi_otsu": multi_otsu,
    "equal_bin": equal_bin,
}
