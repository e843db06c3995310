"""Poisson reconstruction: the field is fitted to an image's gradient alone.

Sitzmann et al., NeurIPS 2020 (https://arxiv.org/abs/2006.09661), section 4.1. Gradients leave one constant per channel
open, as long as the field is continuous: one that jumps between regions or tiles has such a constant in each of them.
"""

from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float, Integer
from pydantic import model_validator

from refield.arrays import Tensor
from refield.errors import UserError
from refield.fields.derivatives import gradient
from refield.scores import metrics
from refield.scores.alignment import PSNR_AFFINE, PSNR_UNALIGNED, align_affine, align_mean, psnr_of_values
from refield.scores.integrals import PSNR_CEILING, PSNR_LEAST_SQUARES, integral_of_gradient, solve_gradient
from refield.scores.measure import PSNR, SSIM, Measure
from refield.signals.differences import Operator, image_gradient
from refield.signals.image import as_image
from refield.signals.signal import Signal
from refield.strict import Strict
from refield.tasks.problem import Batch, Evaluate, Problem


class Gradients(Strict):
    """Fit the gradient of an image and score the image that comes of it."""

    # sobel: the publication's, which smooths along the other axis, so that a perfect fit is a blurred image.
    # central: half the difference of the neighbours, one-sided at the borders; a sharper image.
    operator: Operator = "sobel"
    # physical: the derivative by coordinates in [-1, 1], the same at any size. published: ten times Sobel's sums of
    # pixels, as in SIREN's code and others', which is 0.63 times the derivative at 256 pixels, and 2.5 times at 64.
    scale: Literal["physical", "published"] = "physical"

    least_squares: ClassVar[bool] = False
    measures: ClassVar[tuple[Measure, ...]] = (
        *(PSNR, PSNR_AFFINE, SSIM, PSNR_UNALIGNED),
        *(PSNR_CEILING, PSNR_LEAST_SQUARES),
    )
    only_scores: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def only_sobel_has_a_published_scale(self) -> "Gradients":
        if self.scale == "published" and self.operator != "sobel":
            raise ValueError(f"scale: published is that of operator: sobel, not of {self.operator}")
        return self

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """The image's gradient at every pixel; the target's columns are (d/d row, d/d column) of each channel in turn.

        `UserError` if a side has one pixel: it has no gradient.
        """
        height, width = as_image(signal).shape
        if min(height, width) < 2:
            raise UserError(f"has {height} x {width} pixels; a gradient needs at least 2 on both sides")
        values = signal.values().reshape(height, width, -1)
        physical = self.scale == "physical"
        target = image_gradient(values, self.operator) if physical else 80 * image_gradient(values, "sobel", "pixels")
        return Problem(
            signal.points(), target.reshape(height * width, -1), signal.channels, labels, loss=gradient_error
        )

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        """The image of the field's values, shifted in each channel to the mean of `signal`, which no gradient tells."""
        return signal.with_values(align_mean(values, signal.values()))

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """PSNR in dB and SSIM of the 8-bit images, and two PSNR that depend on `operator` and the image alone.

        Those are of a perfect integral of the target, which is the ceiling of the field's own after the best scale and
        offset per channel, and of the pixels that least squares find in the same numbers.
        """
        original, reconstruction = as_image(signal).pixels, as_image(estimate).pixels
        target = image_gradient(signal.values().reshape(original.shape), self.operator)

        def aligned(found: np.ndarray) -> float:
            return psnr_of_values(signal, align_affine(found.reshape(-1, signal.channels), signal.values()))

        return {
            PSNR.name: metrics.psnr_8bit(original, reconstruction),
            SSIM.name: metrics.ssim(original, reconstruction),
            PSNR_CEILING.name: aligned(integral_of_gradient(target)),
            PSNR_LEAST_SQUARES.name: aligned(solve_gradient(target, self.operator)),
        }


def gradient_error(evaluate: Evaluate, batch: Batch) -> Tensor:
    """The mean over points of |grad f(x) - target|^2, summed over channels and axes, weighted by importance.

    A mean over points, and derivatives by coordinates in [-1, 1]: so it does not grow with the number of pixels. The
    value at a point must depend on no other point. Under `torch.no_grad` it is the same number without a graph.
    """
    found = gradient(evaluate, batch.points, batch.labels).flatten(start_dim=1)
    error = (found - batch.target).square().sum(dim=1)
    return (error if batch.importance is None else batch.importance * error).mean()
