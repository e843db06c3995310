"""Multi-scale structural similarity of Wang, Simoncelli and Bovik (Asilomar 2003, doi.org/10.1109/ACSSC.2003.1292216).

Contrast and structure are compared at five scales, luminance at the coarsest, by means over windows that lie within the
image; between two scales, blocks of 2x2 pixels are averaged (a last odd row or column is left out). The constants and
the Gaussian window, 11 pixels of sigma 1.5, are those of SSIM. Of colours it is the mean over channels of RGB.
"""

import numpy as np
from scipy.ndimage import correlate1d

from refield.scores.metrics import SSIM_WINDOW

WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])  # of the scales, the finest first; they add up to 1
SMALLEST = SSIM_WINDOW * 2 ** (len(WEIGHTS) - 1)  # pixels of a side whose coarsest scale holds a whole window
SIGMA = 1.5  # pixels
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ms_ssim(reference: np.ndarray, estimate: np.ndarray) -> float:
    """MS-SSIM of two images, uint8 (height, width, channels), in [0, 1]; NaN where a side is under 176 pixels.

    `ValueError` unless both have one shape.
    """
    if reference.shape != estimate.shape:
        raise ValueError(f"reference is {reference.shape}, estimate {estimate.shape}; shapes must be equal")
    if min(reference.shape[:2]) < SMALLEST:
        return float("nan")
    x, y, product = reference.astype(np.float32), estimate.astype(np.float32), np.ones(reference.shape[2])
    for scale, weight in enumerate(WEIGHTS):
        if scale:
            x, y = _halved(x), _halved(y)
        similarity = _similarity(x, y, with_luminance=scale == len(WEIGHTS) - 1)
        # A negative mean has no real power; images that differ in sign of structure are as unlike as can be.
        product *= np.maximum(similarity, 0) ** weight
    return float(product.mean())


def _similarity(x: np.ndarray, y: np.ndarray, with_luminance: bool) -> np.ndarray:
    """Mean of contrast times structure, of luminance too if that is asked for, by channel (c,)."""
    mean_x, mean_y = _windowed(x), _windowed(y)
    variances = _windowed(x * x) + _windowed(y * y) - mean_x**2 - mean_y**2
    covariance = _windowed(x * y) - mean_x * mean_y
    similarity = (2 * covariance + C2) / (variances + C2)
    if with_luminance:
        similarity *= (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return similarity.mean(axis=(0, 1), dtype=np.float64)


def _windowed(image: np.ndarray) -> np.ndarray:
    """Gaussian means over the windows that lie within an image (h, w, c)."""
    reach = SSIM_WINDOW // 2
    window = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * SIGMA**2))
    for axis in (0, 1):
        image = correlate1d(image, window / window.sum(), axis=axis)
    return image[reach:-reach, reach:-reach]


def _halved(image: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels of an image (h, w, c)."""
    height, width = (side - side % 2 for side in image.shape[:2])
    even = image[:height, :width]
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
