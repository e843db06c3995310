"""How well an estimate keeps the edges of its reference: functions of two 8-bit images of one shape (h, w, c).

Both are taken alike: no picture, and no field, can be nearer to the reference than the reference itself. scikit-image
and scipy are imported where they are used, as in `metrics`.
"""

import math

import numpy as np
from jaxtyping import Bool, Float64, UInt8

from refield.signals.image import luma

SIGMA = 1.0  # pixels, of the Gaussian that Canny's edges are smoothed with
WEAK, STRONG = 0.1, 0.2  # thresholds of luma in [0, 1] per pixel, by Sobel: an edge has a strong pixel and weak ones
TOLERANCE = 1  # pixels, along rows and columns: as far as an edge may have moved
# Shares of the reference's largest gradient: up to the one a pixel is flat, from the other on it lies on an edge.
FLAT, STEEP = 0.02, 0.25


def gradient_correlation(reference: UInt8[np.ndarray, "h w c"], estimate: UInt8[np.ndarray, "h w c"]) -> float:
    """Pearson's correlation, over pixels, of the two lumas' gradient magnitudes; in [-1, 1].

    A magnitude that is the same everywhere correlates with nothing: 0, but 1 if both images have that one.
    """
    return correlation(gradient_magnitude(reference), gradient_magnitude(estimate))


def edge_f_score(reference: UInt8[np.ndarray, "h w c"], estimate: UInt8[np.ndarray, "h w c"]) -> float:
    """The harmonic mean of two shares: of the estimate's edges that the reference has, and of its that are found; 0..1.

    An edge's pixel is found if the other image has one within `TOLERANCE`. 1 where neither image has edges, 0 where one
    of them has none.
    """
    return f_score(edges(reference), edges(estimate))


def correlation(theirs: Float64[np.ndarray, "h w"], ours: Float64[np.ndarray, "h w"]) -> float:
    """Pearson's correlation; 1 of equal arrays, even of one value, and 0 where otherwise one has only one value."""
    if np.array_equal(theirs, ours):
        return 1.0
    theirs, ours = theirs - theirs.mean(), ours - ours.mean()
    norm = np.sqrt((theirs**2).sum() * (ours**2).sum())
    return float(np.clip((theirs * ours).sum() / norm, -1, 1)) if norm > 0 else 0.0


def f_score(theirs: Bool[np.ndarray, "h w"], ours: Bool[np.ndarray, "h w"]) -> float:
    """The harmonic mean of the shares of `ours` that are near one of `theirs`, and of `theirs` near one of `ours`."""
    from scipy.ndimage import binary_dilation

    if not (theirs.any() and ours.any()):
        return float(theirs.any() == ours.any())
    near = np.ones((2 * TOLERANCE + 1,) * 2)
    precision = (ours & binary_dilation(theirs, near)).sum() / ours.sum()
    recall = (theirs & binary_dilation(ours, near)).sum() / theirs.sum()
    return float(2 * precision * recall / (precision + recall)) if precision + recall > 0 else 0.0


def edge_error(reference: UInt8[np.ndarray, "h w c"], estimate: UInt8[np.ndarray, "h w c"]) -> float:
    """The mean absolute error, over channels and the reference's pixels on edges, in levels of 0..255; lower is better.

    A pixel lies on an edge if its `steepness` is `STEEP` of the largest or more; NaN if there is none, as in a picture
    of one colour.
    """
    steep = steepness(reference)
    return _error_where((steep > 0) & (steep >= STEEP * steep.max()), reference, estimate)


def flat_error(reference: UInt8[np.ndarray, "h w c"], estimate: UInt8[np.ndarray, "h w c"]) -> float:
    """The same over the reference's flat pixels, of which the `steepness` is `FLAT` of the largest or less."""
    steep = steepness(reference)
    return _error_where(steep <= FLAT * steep.max(), reference, estimate)


def steepness(pixels: UInt8[np.ndarray, "h w c"]) -> Float64[np.ndarray, "h w"]:
    """The largest of the channels' gradient magnitudes: two colours of one luma have an edge between them, too."""
    return np.max([gradient_magnitude(pixels[..., k : k + 1]) for k in range(pixels.shape[2])], axis=0)


def gradient_magnitude(pixels: UInt8[np.ndarray, "h w c"]) -> Float64[np.ndarray, "h w"]:
    """The length of the luma's gradient by Sobel's operator, in levels of 0..255 per pixel; mirrored at the borders."""
    from scipy.ndimage import sobel

    grey = luma(pixels).astype(np.float64)
    return np.hypot(sobel(grey, axis=0), sobel(grey, axis=1)) / 8


def edges(pixels: UInt8[np.ndarray, "h w c"]) -> Bool[np.ndarray, "h w"]:
    """The luma's edges by Canny 1986 (https://doi.org/10.1109/TPAMI.1986.4767851); none at the border itself."""
    from skimage.feature import canny

    return np.asarray(canny(luma(pixels) / 255, SIGMA, WEAK, STRONG), dtype=bool)


def _error_where(
    where: Bool[np.ndarray, "h w"], reference: UInt8[np.ndarray, "h w c"], estimate: UInt8[np.ndarray, "h w c"]
) -> float:
    error = np.abs(reference[where].astype(np.float64) - estimate[where])
    return float(error.mean()) if error.size else math.nan
