"""SLIC superpixels, joined: k-means in colour and position, each centre searching only its own neighbourhood.

R. Achanta, A. Shaji, K. Smith, A. Lucchi, P. Fua, S. Susstrunk, IEEE Trans. PAMI 34(11), 2012. The implementation is
scikit-image's, which stretches the image to its full range first; that neighbours become K regions is ours.
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from refield.segmentation.joining import join
from refield.segmentation.segmentation import Segmentation
from refield.strict import Strict


class Slic(Strict):
    """The segmenter."""

    superpixels: Annotated[int, Field(ge=2, le=65536)] = 400  # about how many (the paper's K)
    compactness: Annotated[float, Field(gt=0, le=1000)] = 10.0  # m, what distance weighs against colour in L*a*b*
    sigma: Annotated[float, Field(ge=0, le=100)] = 0.0  # pixels, of the Gaussian that smooths the image first

    def __call__(self, image: np.ndarray, regions: int) -> Segmentation:
        return join(self.pieces(image), image, regions)

    def pieces(self, image: np.ndarray) -> np.ndarray:
        """The superpixels, integers (h, w)."""
        from skimage.segmentation import slic

        # In colour even if grey, since compactness is meant for lightness in 0..100.
        colour = np.broadcast_to(image, (*image.shape[:2], 3))
        return slic(colour, self.superpixels, self.compactness, sigma=self.sigma, start_label=0, channel_axis=2)
