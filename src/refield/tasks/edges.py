"""Edges: the field is fitted to every sample of an image, and scored by the edges of what it learned.

MIRE (CVPR 2025) shows a fitted field's own gradient as the edges that it found: two measures ask the field for it
(`scores.slopes`). The others are of the estimate, a picture, and of the original by the same operators, Sobel's and
Canny's.
"""

from typing import ClassVar

import numpy as np
from jaxtyping import Float, Integer

from refield.scores import edges, metrics
from refield.scores.measure import PSNR, SSIM, Measure
from refield.scores.slopes import FIELD_CORRELATION, FIELD_EDGE_F
from refield.signals.image import as_image
from refield.signals.signal import Signal
from refield.strict import Strict
from refield.tasks.problem import Problem

EDGE_F = Measure("edge_f_score", "Edge F-score", 4)
CORRELATION = Measure("gradient_correlation", "Gradient correlation", 4)
EDGE_ERROR = Measure("edge_error", "Error on edges", 2, higher_is_better=False, unit="levels")
FLAT_ERROR = Measure("flat_error", "Error where flat", 2, higher_is_better=False, unit="levels")


class Edges(Strict):
    """Fit an image and score the edges of its reconstruction."""

    least_squares: ClassVar[bool] = True
    measures: ClassVar[tuple[Measure, ...]] = (
        *(FIELD_EDGE_F, FIELD_CORRELATION, EDGE_F, CORRELATION),
        *(PSNR, SSIM, EDGE_ERROR, FLAT_ERROR),
    )
    only_scores: ClassVar[frozenset[str]] = frozenset()

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """Every pixel, as in `represent`."""
        image = as_image(signal)
        return Problem(image.points(), image.values(), image.channels, labels)

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        return signal.with_values(values)

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """How far edges and gradient magnitudes of the 8-bit images agree, their PSNR in dB, and SSIM.

        And the mean absolute error in levels of 0..255, on the original's edges and where it is flat; NaN of an
        original that has no such pixels. The field's own measures know how they are taken.
        """
        original, reconstruction = as_image(signal).pixels, as_image(estimate).pixels
        return {
            EDGE_F.name: edges.edge_f_score(original, reconstruction),
            CORRELATION.name: edges.gradient_correlation(original, reconstruction),
            PSNR.name: metrics.psnr_8bit(original, reconstruction),
            SSIM.name: metrics.ssim(original, reconstruction),
            EDGE_ERROR.name: edges.edge_error(original, reconstruction),
            FLAT_ERROR.name: edges.flat_error(original, reconstruction),
        }
