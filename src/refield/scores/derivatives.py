"""How close a field's derivatives are to an image's: PSNR of the gradient and of the Laplacian.

An image has derivatives only by an operator: here Sobel's, and the Laplacian of five pixels. What they make of
intensities in [-1, 1] has a fixed range, which takes the place of an image's own: derivatives are clamped to it, and
its width is the peak. That is how a published comparison of them does it (https://github.com/koudounasalkis/SIREN at
75e637e, src/mylibs/psnr.py): in pixels its range of the Laplacian is +-8, the operator's, and that of Sobel's sums
+-16, twice the operator's, so that its PSNR of a gradient would be 6 dB above this one. SIREN's own code has a PSNR of
values only (https://github.com/vsitzmann/siren at 4df34ba, utils.py, write_psnr).
"""

import numpy as np

from refield.scores.fitted import FieldMeasure, Fitted
from refield.signals.differences import image_gradient, image_laplacian, pixels_per_unit
from refield.signals.image import as_image
from refield.signals.signal import Signal


def psnr_gradient(signal: Signal, fitted: Fitted) -> float:
    """PSNR in dB over points, channels and axes, each axis in pixels: the range of Sobel's eighth is [-1, 1]."""
    height, width = as_image(signal).shape
    truth = image_gradient(signal.values().reshape(height, width, -1), "sobel").reshape(fitted.gradient.shape)
    return _psnr(truth, fitted.gradient, pixels_per_unit(height, width))


def psnr_laplacian(signal: Signal, fitted: Fitted) -> float:
    """PSNR in dB over points and channels; the range is +-4 on each axis, in pixels."""
    height, width = as_image(signal).shape
    truth = image_laplacian(signal.values().reshape(height, width, -1)).reshape(fitted.laplacian.shape)
    return _psnr(truth, fitted.laplacian, 4 * np.square(pixels_per_unit(height, width)).sum())


def _psnr(truth: np.ndarray, found: np.ndarray, most: np.ndarray | float) -> float:
    """10 log10(peak^2 / mean squared error) of numbers whose range is [-most, most]; infinite for equal ones."""
    error = np.mean((truth / most - np.clip(found / most, -1, 1)) ** 2)
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(4 / error))


PSNR_GRADIENT = FieldMeasure("psnr_gradient", "PSNR of the gradient", 2, unit="dB", of=psnr_gradient)
PSNR_LAPLACIAN = FieldMeasure("psnr_laplacian", "PSNR of the Laplacian", 2, unit="dB", of=psnr_laplacian)
