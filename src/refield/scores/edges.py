"""How well an estimate keeps the edges of its reference: functions of two 8-bit images of one shape (h, w, c).

Both are taken alike: no picture, and no field, can be nearer to the reference than the reference itself. scikit-image
and scipy are imported where they are used, as in `metrics`.
"""

import numpy as np
from jaxtyping import Bool, Float64, UInt8

from refield.signals.image import luma

SIGMA = 1.0  # pixels, of the Gaussian that Canny's edges are smoothed with
WEAK, STRONG = 0.1, 0.2  # thresholds of luma in [0, 1] per pixel, by Sobel: an edge has a strong pixel and weak ones
TOLERANCE = 1  # pixels, along rows and columns: as far as an edge may have moved


def gradient_correlation(reference: UInt8[np.ndarray, "h w c"], estimate: UInt8[np.ndarray, "h w c"]) -> float:
    """Pearson's correlation, over pixels, of the two lumas' gradient magnitudes; in [-1, 1].

    A magnitude that is the same everywhere correlates with nothing: 0, but 1 if both images have that one.
    """
    theirs, ours = gradient_magnitude(reference), gradient_magnitude(estimate)
    if np.array_equal(theirs, ours):
        return 1.0
    theirs, ours = theirs - theirs.mean(), ours - ours.mean()
    norm = np.sqrt((theirs**2).sum() * (ours**2).sum())
    return float(np.clip((theirs * ours).sum() / norm, -1, 1)) if norm > 0 else 0.0


def edge_f_score(reference: UInt8[np.ndarray, "h w c"], estimate: UInt8[np.ndarray, "h w c"]) -> float:
    """The harmonic mean of two shares: of the estimate's edges that the reference has, and of its that are found; 0..1.

    An edge's pixel is found if the other image has one within `TOLERANCE`. 1 where neither image has edges, 0 where one
    of them has none.
    """
    from scipy.ndimage import binary_dilation

    theirs, ours = edges(reference), edges(estimate)
    if not (theirs.any() and ours.any()):
        return float(theirs.any() == ours.any())
    near = np.ones((2 * TOLERANCE + 1,) * 2)
    precision = (ours & binary_dilation(theirs, near)).sum() / ours.sum()
    recall = (theirs & binary_dilation(ours, near)).sum() / theirs.sum()
    return float(2 * precision * recall / (precision + recall)) if precision + recall > 0 else 0.0


def gradient_magnitude(pixels: UInt8[np.ndarray, "h w c"]) -> Float64[np.ndarray, "h w"]:
    """The length of the luma's gradient by Sobel's operator, in levels of 0..255 per pixel; mirrored at the borders."""
    from scipy.ndimage import sobel

    grey = luma(pixels).astype(np.float64)
    return np.hypot(sobel(grey, axis=0), sobel(grey, axis=1)) / 8


def edges(pixels: UInt8[np.ndarray, "h w c"]) -> Bool[np.ndarray, "h w"]:
    """The luma's edges by Canny 1986 (https://doi.org/10.1109/TPAMI.1986.4767851); none at the border itself."""
    from skimage.feature import canny

    return np.asarray(canny(luma(pixels) / 255, SIGMA, WEAK, STRONG), dtype=bool)
