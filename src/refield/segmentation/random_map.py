"""Regions without meaning: each pixel's is drawn at random. A control, for what experts alone are worth."""

import numpy as np

from refield.segmentation.maps import Segmentation


def random_map(luma: np.ndarray, regions: int) -> Segmentation:
    """The same noise for every image of a size; of `luma` (h, w) only the shape counts."""
    labels = np.random.default_rng(0).integers(0, regions, luma.shape, dtype=np.uint8)
    return Segmentation(labels, None)
