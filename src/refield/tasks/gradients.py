"""Poisson reconstruction: the field is fitted to an image's gradient alone.

Sitzmann et al., NeurIPS 2020 (https://arxiv.org/abs/2006.09661), section 4.1. Gradients leave one constant per channel
open, as long as the field is continuous: one that jumps between regions or tiles has such a constant in each of them.
"""

from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float, Integer

from refield.arrays import Tensor
from refield.errors import UserError
from refield.scores import metrics
from refield.scores.measure import PSNR, SSIM, Measure
from refield.signals.image import as_image
from refield.signals.signal import Signal
from refield.strict import Strict
from refield.tasks.problem import Batch, Evaluate, Problem

Operator = Literal["central", "sobel"]

PSNR_AFFINE = Measure("psnr_affine", "PSNR affine", 2, unit="dB")


class Gradients(Strict):
    """Fit the gradient of an image and score the image that comes of it."""

    # sobel: the publication's, which smooths along the other axis, so that a perfect fit is a blurred image.
    # central: half the difference of the neighbours, one-sided at the borders; a sharper image.
    operator: Operator = "sobel"

    least_squares: ClassVar[bool] = False
    measures: ClassVar[tuple[Measure, ...]] = (PSNR, PSNR_AFFINE, SSIM)
    only_scores: ClassVar[frozenset[str]] = frozenset()

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """The image's gradient at every pixel; the target's columns are (d/d row, d/d column) of each channel in turn.

        `UserError` if a side has one pixel: it has no gradient.
        """
        height, width = as_image(signal).shape
        if min(height, width) < 2:
            raise UserError(f"has {height} x {width} pixels; a gradient needs at least 2 on both sides")
        target = image_gradient(signal.values().reshape(height, width, -1), self.operator)
        return Problem(
            signal.points(), target.reshape(height * width, -1), signal.channels, labels, loss=gradient_error
        )

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        """The image of the field's values, shifted in each channel to the mean of `signal`, which no gradient tells."""
        values = values.astype(np.float64)
        return signal.with_values(values - values.mean(axis=0) + signal.values().mean(axis=0))

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """PSNR in dB and SSIM of the 8-bit images, and PSNR after the best scale and offset per channel.

        The best are of the 8-bit estimate: intensities that were clamped to make it are lost.
        """
        aligned = signal.with_values(align_affine(estimate.values(), signal.values()))
        original, reconstruction = as_image(signal).pixels, as_image(estimate).pixels
        return {
            PSNR.name: metrics.psnr_8bit(original, reconstruction),
            PSNR_AFFINE.name: metrics.psnr_8bit(original, as_image(aligned).pixels),
            SSIM.name: metrics.ssim(original, reconstruction),
        }


def image_gradient(values: np.ndarray, operator: Operator) -> np.ndarray:
    """The derivatives (h, w, c, 2) of an image's values (h, w, c) by row and by column coordinate, both in [-1, 1].

    In these coordinates pixels are 2 / (side - 1) apart, so a picture's gradient is about the same at any size. The
    publication's factor of 10 on plain Sobel sums is not: it is 0.63 times the derivative at 256 pixels, and 2.5 times
    at 64. Beyond its border the image goes on as its mirror for `sobel`, which halves the derivative across the border.
    """
    from scipy import ndimage

    axes = []
    for axis in (0, 1):
        if operator == "central":
            steps = np.gradient(values, axis=axis)
        else:  # channel by channel: in three dimensions ndimage would smooth over the channels too
            channels = [ndimage.sobel(values[..., k], axis=axis) for k in range(values.shape[2])]
            steps = np.stack(channels, axis=-1) / 8
        axes.append(steps * (values.shape[axis] - 1) / 2)
    return np.stack(axes, axis=-1)


def gradient_error(evaluate: Evaluate, batch: Batch) -> Tensor:
    """The mean over points of |grad f(x) - target|^2, summed over channels and axes, weighted by importance.

    A mean over points, and derivatives by coordinates in [-1, 1]: so it does not grow with the number of pixels. The
    value at a point must depend on no other point. Under `torch.no_grad` it is the same number without a graph.
    """
    import torch

    training = torch.is_grad_enabled()
    with torch.enable_grad():
        points = batch.points.detach().requires_grad_()
        values = evaluate(points, batch.labels)
        # The sum over points has at each point that point's own derivative.
        gradients = [
            torch.autograd.grad(channel.sum(), points, create_graph=training, retain_graph=True)[0]
            for channel in values.unbind(dim=1)
        ]
    error = (torch.cat(gradients, dim=1) - batch.target).square().sum(dim=1)
    return (error if batch.importance is None else batch.importance * error).mean()


def align_affine(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Values (n, c) times a scale plus an offset per channel, those that bring them nearest to `reference` (n, c).

    Nearest in least squares; the scale may be negative, and is 0 for a channel that is constant.
    """
    centred, mean = values - values.mean(axis=0), reference.mean(axis=0)
    variance = (centred**2).mean(axis=0)
    covariance = (centred * (reference - mean)).mean(axis=0)
    scale = np.divide(covariance, variance, out=np.zeros_like(variance), where=variance > 0)
    return scale * centred + mean
