"""Representation: the field is fitted to every sample of the signal."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float, Integer

from refield.scores import metrics
from refield.scores.measure import IOU, PSNR, SSIM, Measure
from refield.signals import Signal
from refield.signals.image import as_image
from refield.strict import Regions, Strict
from refield.tasks.problem import Problem


class Represent(Strict):
    """Fit an image and score its reconstruction."""

    iou_regions: Regions = 4  # luminance regions whose overlap in original and reconstruction is the IoU

    least_squares: ClassVar[bool] = True
    measures: ClassVar[tuple[Measure, ...]] = (PSNR, SSIM, IOU)
    only_scores: ClassVar[frozenset[str]] = frozenset({"iou_regions"})

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        return Problem(signal.points(), signal.values(), signal.channels, labels)

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        return signal.with_values(values)

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """PSNR in dB and SSIM of the 8-bit images, and the IoU of luminance regions."""
        original, reconstruction = as_image(signal).pixels, as_image(estimate).pixels
        return {
            PSNR.name: metrics.psnr_8bit(original, reconstruction),
            SSIM.name: metrics.ssim(original, reconstruction),
            IOU.name: metrics.region_iou(original, reconstruction, self.iou_regions),
        }
