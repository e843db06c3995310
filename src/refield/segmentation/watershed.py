"""Watershed, joined: the basins of the image's gradient, flooded from all of its minima.

S. Beucher and C. Lantuejoul, Int. Workshop on Image Processing, Rennes, 1979; L. Vincent and P. Soille, IEEE Trans.
PAMI 13(6), 1991; S. Beucher and F. Meyer, in Mathematical Morphology in Image Processing, 1993, whose flooding in order
of height, with queues, is scikit-image's. That neighbouring basins become K regions is ours.
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from refield.segmentation.joining import join
from refield.segmentation.segmentation import Segmentation
from refield.strict import Strict


class Watershed(Strict):
    """The segmenter; it floods without lines, so that each pixel belongs to a basin."""

    sigma: Annotated[float, Field(ge=0, le=100)] = 1.0  # pixels, of the Gaussian that smooths the image first

    def __call__(self, image: np.ndarray, regions: int) -> Segmentation:
        return join(self.pieces(image), image, regions)

    def pieces(self, image: np.ndarray) -> np.ndarray:
        """The basins, integers (h, w)."""
        from skimage.segmentation import watershed

        return watershed(gradient(image, self.sigma))


def gradient(image: np.ndarray, sigma: float) -> np.ndarray:
    """How fast colour changes `(h, w)` float64: the length of Sobel's gradients of all channels (h, w, c) together."""
    from scipy import ndimage

    channels = [ndimage.gaussian_filter(channel.astype(np.float64), sigma) for channel in np.moveaxis(image, 2, 0)]
    return np.sqrt(sum(ndimage.sobel(channel, axis) ** 2 for channel in channels for axis in (0, 1)))
