"""Poisson reconstruction from second derivatives: the field is fitted to an image's Laplacian alone.

Sitzmann et al., NeurIPS 2020 (https://arxiv.org/abs/2006.09661), section 4.1. Any harmonic function may be added to the
image without a change of its Laplacian, and nothing is said of the border: without the boundary's values, that such
problems are given elsewhere, a field with no error at all may look like anything up to a smooth pattern.
"""

from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float, Integer

from refield.arrays import Tensor
from refield.errors import UserError
from refield.fields.derivatives import laplacian
from refield.scores import metrics
from refield.scores.alignment import (
    PSNR_AFFINE,
    PSNR_HARMONIC,
    PSNR_HARMONICS_ALONE,
    PSNR_UNALIGNED,
    align_affine,
    align_mean,
    psnr_of_values,
)
from refield.scores.integrals import PSNR_CEILING, PSNR_LEAST_SQUARES, integral_of_laplacian, solve_laplacian
from refield.scores.measure import PSNR, SSIM, Measure
from refield.signals.differences import image_laplacian
from refield.signals.image import as_image
from refield.signals.signal import Signal
from refield.strict import Strict
from refield.tasks.problem import Batch, Evaluate, Problem


class Laplacian(Strict):
    """Fit the Laplacian of an image and score the image that comes of it."""

    # physical: the derivative by coordinates in [-1, 1]. published: ten thousand times that by pixels, as in SIREN's
    # code and others', which is 0.62 times the derivative at 256 pixels, and 10 times at 64.
    scale: Literal["physical", "published"] = "physical"

    least_squares: ClassVar[bool] = False
    measures: ClassVar[tuple[Measure, ...]] = (
        *(PSNR_HARMONIC, PSNR_AFFINE, PSNR, SSIM, PSNR_UNALIGNED),
        *(PSNR_CEILING, PSNR_LEAST_SQUARES, PSNR_HARMONICS_ALONE),
    )
    only_scores: ClassVar[frozenset[str]] = frozenset()

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """The image's Laplacian at every pixel; `UserError` if a side has one pixel: it has none."""
        height, width = as_image(signal).shape
        if min(height, width) < 2:
            raise UserError(f"has {height} x {width} pixels; a Laplacian needs at least 2 on both sides")
        values = signal.values().reshape(height, width, -1)
        target = image_laplacian(values) if self.scale == "physical" else 1e4 * image_laplacian(values, "pixels")
        return Problem(
            signal.points(), target.reshape(height * width, -1), signal.channels, labels, loss=laplacian_error
        )

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        """The image of the field's values, shifted in each channel to the mean of `signal`, which nothing tells."""
        return signal.with_values(align_mean(values, signal.values()))

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """PSNR in dB and SSIM of the 8-bit images, and two PSNR that depend on the image alone, as in `gradients`."""
        original, reconstruction = as_image(signal).pixels, as_image(estimate).pixels
        target = image_laplacian(signal.values().reshape(original.shape))

        def aligned(found: np.ndarray) -> float:
            return psnr_of_values(signal, align_affine(found.reshape(-1, signal.channels), signal.values()))

        return {
            PSNR.name: metrics.psnr_8bit(original, reconstruction),
            SSIM.name: metrics.ssim(original, reconstruction),
            PSNR_CEILING.name: aligned(integral_of_laplacian(target)),
            PSNR_LEAST_SQUARES.name: aligned(solve_laplacian(target)),
        }


def laplacian_error(evaluate: Evaluate, batch: Batch) -> Tensor:
    """The mean over points of (the Laplacian of f(x) - target)^2, summed over channels, weighted by importance.

    By coordinates in [-1, 1], as `gradient_error`; of an image the numbers are as large as the square of its side.
    """
    error = (laplacian(evaluate, batch.points, batch.labels) - batch.target).square().sum(dim=1)
    return (error if batch.importance is None else batch.importance * error).mean()
