"""What derivatives leave open of an image, given to an estimate before it is scored.

A gradient tells no offset; a Laplacian tells no harmonic function either, which is all that a fit to it can be wrong by
without seeing it. Where a published target has a scale of its own, that is unknown as well. Scores are of 8-bit images.
"""

import numpy as np
from jaxtyping import Float

from refield.scores import metrics
from refield.scores.fitted import FieldMeasure, Fitted
from refield.signals.image import as_image
from refield.signals.signal import Signal

DEGREE = 8  # of the harmonic polynomials that are given: 17 numbers for each channel


def align_mean(values: Float[np.ndarray, "n c"], reference: Float[np.ndarray, "n c"]) -> np.ndarray:
    """Values (n, c) shifted in each channel to the mean of `reference` (n, c)."""
    values = values.astype(np.float64)
    return values - values.mean(axis=0) + reference.mean(axis=0)


def align_affine(values: Float[np.ndarray, "n c"], reference: Float[np.ndarray, "n c"]) -> np.ndarray:
    """Values (n, c) times a scale plus an offset per channel, those that bring them nearest to `reference` (n, c).

    Nearest in least squares; the scale may be negative, and is 0 for a channel that is constant.
    """
    centred, mean = values - values.mean(axis=0), reference.mean(axis=0)
    variance = (centred**2).mean(axis=0)
    covariance = (centred * (reference - mean)).mean(axis=0)
    scale = np.divide(covariance, variance, out=np.zeros_like(variance), where=variance > 0)
    return scale * centred + mean


def align_harmonic(
    values: Float[np.ndarray, "n c"],
    reference: Float[np.ndarray, "n c"],
    points: Float[np.ndarray, "n 2"],
    degree: int = DEGREE,
) -> np.ndarray:
    """Values (n, c) times a scale plus a harmonic polynomial per channel, nearest to `reference` (n, c).

    Those of a degree are the real and the imaginary part of (row + i column)^degree; degree 1 includes the planes, and
    degree 0 is `align_affine`. The scale is 0 for a channel that is such a polynomial itself.
    """
    powers = (points[:, :1] + 1j * points[:, 1:]) ** np.arange(degree + 1)
    harmonics, _ = np.linalg.qr(np.concatenate([powers.real, powers.imag[:, 1:]], axis=1))
    given = harmonics @ (harmonics.T @ reference)
    rest, wanted = values - harmonics @ (harmonics.T @ values), reference - given
    energy = (rest**2).sum(axis=0)
    there = energy > 1e-20 * (values**2).sum(axis=0)  # more than what rounding leaves
    scale = np.divide((rest * wanted).sum(axis=0), energy, out=np.zeros_like(energy), where=there)
    return given + scale * rest


def psnr_of_values(signal: Signal, values: Float[np.ndarray, "n c"]) -> float:
    """PSNR in dB of the 8-bit image of intensities (n, c)."""
    return metrics.psnr_8bit(as_image(signal).pixels, as_image(signal.with_values(values)).pixels)


def psnr_unaligned(signal: Signal, fitted: Fitted) -> float:
    return psnr_of_values(signal, fitted.values)


def psnr_affine(signal: Signal, fitted: Fitted) -> float:
    return psnr_of_values(signal, align_affine(fitted.values.astype(np.float64), signal.values()))


def psnr_harmonic(signal: Signal, fitted: Fitted) -> float:
    aligned = align_harmonic(fitted.values.astype(np.float64), signal.values(), signal.points())
    return psnr_of_values(signal, aligned)


def psnr_harmonics_alone(signal: Signal, fitted: Fitted) -> float:
    """Of what `psnr_harmonic` gives to a field, whatever the field is: of a constant one it is all."""
    return psnr_of_values(signal, align_harmonic(np.zeros_like(signal.values()), signal.values(), signal.points()))


PSNR_UNALIGNED = FieldMeasure("psnr_unaligned", "PSNR unaligned", 2, unit="dB", of=psnr_unaligned)
PSNR_AFFINE = FieldMeasure("psnr_affine", "PSNR affine", 2, unit="dB", of=psnr_affine)
PSNR_HARMONIC = FieldMeasure(
    "psnr_harmonic", f"PSNR, harmonics to degree {DEGREE} given", 2, unit="dB", of=psnr_harmonic
)
PSNR_HARMONICS_ALONE = FieldMeasure(
    "psnr_harmonics_alone", f"PSNR, harmonics to degree {DEGREE} alone", 2, unit="dB", of=psnr_harmonics_alone
)
