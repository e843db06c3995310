"""Pictures and fitted fields with their gradients and Laplacians, in one unit.

Derivatives are of luma, by pixels, in levels of 0..255. Luma is linear in the channels: that of derivatives is the
derivative of that of the values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, UInt8

from refield.scores import metrics
from refield.scores.derivatives import psnr_gradient, psnr_laplacian
from refield.scores.fitted import Fitted
from refield.scores.slopes import LEVELS, LUMA
from refield.signals import Image
from refield.signals.differences import image_gradient, image_laplacian, pixels_per_unit
from refield.tasks.gradients import Gradients
from refield.tasks.laplacian import Laplacian
from refield.tasks.task import Task

PUBLISHED_GRADIENT, PUBLISHED_LAPLACIAN = 80.0, 1e4  # times the derivatives by pixels: what such tasks' fields learn


@dataclass(frozen=True)
class Derived:
    """A picture with its derivatives by pixels, in levels."""

    label: str
    pixels: UInt8[np.ndarray, "h w c"]
    gradient: Float[np.ndarray, "h w 2"]
    laplacian: Float[np.ndarray, "h w"]
    quality: Sequence[float] | None = None  # PSNR in dB of pixels, gradient and Laplacian; of the original none


def of_image(label: str, image: Image) -> Derived:
    """An image with the derivatives that scores compare with."""
    values = image.values().reshape(image.pixels.shape)
    slopes = image_gradient(values, "sobel", "pixels").swapaxes(2, 3)
    return Derived(label, image.pixels, LEVELS * _luma(slopes), _by_pixels(image, image_laplacian(values)))


def of_fit(label: str, image: Image, pixels: UInt8[np.ndarray, "h w c"], fitted: Fitted) -> Derived:
    """A field that was fitted to an image, whose estimate has these pixels."""
    slopes = fitted.gradient.swapaxes(1, 2).reshape(*image.shape, 2, -1) / pixels_per_unit(*image.shape)[:, None]
    bends = fitted.laplacian.reshape(*image.shape, -1)
    quality = [metrics.psnr_8bit(image.pixels, pixels), psnr_gradient(image, fitted), psnr_laplacian(image, fitted)]
    return Derived(label, pixels, LEVELS * _luma(slopes), _by_pixels(image, bends), quality)


def to_scale(fitted: Fitted, image: Image, task: Task) -> Fitted:
    """The field with the derivatives of intensities, where its target is published in another unit.

    Of an image that is no square such a unit is not the same on both axes; then it is their geometric mean.
    """
    pixels = float(np.prod(pixels_per_unit(*image.shape))) ** 0.5
    match task:
        case Gradients(scale="published"):
            return replace(fitted, span=fitted.span * pixels / PUBLISHED_GRADIENT)
        case Laplacian(scale="published"):
            return replace(fitted, span=fitted.span * pixels**2 / PUBLISHED_LAPLACIAN)
    return fitted


def psnr_of_nothing(image: Image, fitted: Fitted) -> tuple[float, float]:
    """The PSNR in dB that a constant has as a gradient and as a Laplacian: what a field's must be above."""
    constant = replace(fitted, span=0.0)
    return psnr_gradient(image, constant), psnr_laplacian(image, constant)


def _by_pixels(image: Image, laplacian: Float[np.ndarray, "h w c"]) -> Float[np.ndarray, "h w"]:
    """A Laplacian by coordinates in levels, by pixels; of an image that is no square by those along its longer side."""
    return LEVELS * _luma(laplacian) / np.square(pixels_per_unit(*image.shape)).max()


def _luma(values: Float[np.ndarray, "*place c"]) -> Float[np.ndarray, "*place"]:
    return values @ LUMA if values.shape[-1] == 3 else values[..., 0]
