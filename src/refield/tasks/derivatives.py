"""Representation, judged by derivatives as well: whether a field that was fitted to values has learned their changes.

Sitzmann et al., NeurIPS 2020 (https://arxiv.org/abs/2006.09661), figure 1: the field never sees a derivative.
"""

from typing import ClassVar

import numpy as np
from jaxtyping import Float, Integer

from refield.errors import UserError
from refield.scores import metrics
from refield.scores.derivatives import LAPLACIAN_SHARE, PSNR_GRADIENT, PSNR_LAPLACIAN
from refield.scores.measure import PSNR, Measure
from refield.signals.image import as_image
from refield.signals.signal import Signal
from refield.strict import Strict
from refield.tasks.problem import Problem


class Derivatives(Strict):
    """Fit an image and score the field's values, its gradient and its Laplacian."""

    least_squares: ClassVar[bool] = True
    measures: ClassVar[tuple[Measure, ...]] = (PSNR, PSNR_GRADIENT, PSNR_LAPLACIAN, LAPLACIAN_SHARE)
    only_scores: ClassVar[frozenset[str]] = frozenset()

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """Every pixel, as in `represent`; `UserError` if a side has one pixel, and so no derivative."""
        image = as_image(signal)
        if min(image.shape) < 2:
            height, width = image.shape
            raise UserError(f"has {height} x {width} pixels; derivatives need at least 2 on both sides")
        return Problem(image.points(), image.values(), image.channels, labels)

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        return signal.with_values(values)

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """PSNR in dB of the 8-bit images; the field's own measures know how they are taken."""
        return {PSNR.name: metrics.psnr_8bit(as_image(signal).pixels, as_image(estimate).pixels)}
