"""Regions without meaning: each pixel's is drawn at random. A control, for what experts alone are worth."""

import numpy as np
from jaxtyping import UInt8

from refield.segmentation.segmentation import Segmentation
from refield.strict import Strict


class RandomMap(Strict):
    """The segmenter: the same noise for every image of a size."""

    def __call__(self, image: UInt8[np.ndarray, "h w c"], regions: int) -> Segmentation:
        labels = np.random.default_rng(0).integers(0, regions, image.shape[:2], dtype=np.uint8)
        return Segmentation(labels)
