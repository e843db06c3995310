"""How close a field's derivatives are to an image's: PSNR of the gradient and of the Laplacian.

An image has derivatives only by an operator: here Sobel's, and the Laplacian of five pixels. What they make of
intensities in [-1, 1] has a fixed range, which takes the place of an image's own: derivatives are clamped to it, and
its width is the peak. That is how a published comparison of them does it (https://github.com/koudounasalkis/SIREN at
75e637e, src/mylibs/psnr.py): in pixels its range of the Laplacian is +-8, the operator's, and that of Sobel's sums
+-16, twice the operator's, so that its PSNR of a gradient would be 6 dB above this one. SIREN's own code has a PSNR of
values only (https://github.com/vsitzmann/siren at 4df34ba, utils.py, write_psnr).
"""

import numpy as np
from jaxtyping import Float64

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
    truth, most = _laplacian(signal)
    return _psnr(truth, fitted.laplacian, most)


def laplacian_share(signal: Signal, fitted: Fitted) -> float:
    """The share of an image's Laplacian that a field has, over points and channels, in the same range.

    1 is all of it, 0 is what a constant has, or whatever has no second derivatives; below 0 the field's Laplacian is
    farther from the image's than none would be. NaN of an image that has none.
    """
    truth, most = _laplacian(signal)
    whole = _error(truth, np.zeros_like(truth), most)
    return 1 - _error(truth, fitted.laplacian, most) / whole if whole else np.nan


def _laplacian(signal: Signal) -> tuple[Float64[np.ndarray, "n c"], float]:
    """An image's own Laplacian, and the most that one can be."""
    height, width = as_image(signal).shape
    truth = image_laplacian(signal.values().reshape(height, width, -1)).reshape(height * width, -1)
    return truth, 4 * float(np.square(pixels_per_unit(height, width)).sum())


def _psnr(truth: np.ndarray, found: np.ndarray, most: np.ndarray | float) -> float:
    """10 log10(peak^2 / mean squared error) of numbers whose range is [-most, most]; infinite for equal ones."""
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(4 / np.float64(_error(truth, found, most))))


def _error(truth: np.ndarray, found: np.ndarray, most: np.ndarray | float) -> float:
    """The mean squared error of numbers whose range is [-most, most], and becomes [-1, 1]."""
    return float(np.mean((truth / most - np.clip(found / most, -1, 1)) ** 2))


PSNR_GRADIENT = FieldMeasure("psnr_gradient", "PSNR of the gradient", 2, unit="dB", of=psnr_gradient)
PSNR_LAPLACIAN = FieldMeasure("psnr_laplacian", "PSNR of the Laplacian", 2, unit="dB", of=psnr_laplacian)
LAPLACIAN_SHARE = FieldMeasure("laplacian_share", "Share of the Laplacian", 4, of=laplacian_share)
