"""How much of an image's detail an enlargement has: of what is finer than the small image could show.

scipy is imported where it is used, as in `metrics`.
"""

import math

import numpy as np
from jaxtyping import Real

from refield.scores.measure import Measure

DETAIL = Measure("detail", "Detail", 4)
DETAIL_BICUBIC = Measure("detail_bicubic", "Detail bicubic", 4)
DETAIL_LANCZOS = Measure("detail_lanczos", "Detail Lanczos", 4)
DETAIL_BICUBIC_ENDS = Measure("detail_bicubic_ends", "Detail bicubic, ends aligned", 4)
ROUNDING = 1e-12  # of an image's norm: detail of less is what the transform's own rounding leaves where there is none


def detail_share(reference: Real[np.ndarray, "h w c"], estimate: Real[np.ndarray, "h w c"], factor: int) -> float:
    """The share of a reference's detail that an estimate has, of all channels together.

    1 is all of it, 0 is as good as none; below 0 what the estimate has there is farther from the reference than nothing
    would be. NaN if the reference has none, as of a factor of 1. Both sides are multiples of the factor.
    """
    own = reference.astype(np.float64)
    whole, lacking = detail_energy(own, factor), detail_energy(estimate - own, factor)
    return 1 - lacking / whole if whole > ROUNDING**2 * np.square(own).sum() else math.nan


def detail_energy(values: Real[np.ndarray, "h w c"], factor: int) -> float:
    """The sum of squares of what values have at or beyond the Nyquist frequency of an image `factor` times as small.

    That is of the coefficients of each channel's orthonormal DCT from h / factor on in its rows, or from w / factor on
    in its columns: a cosine transform goes on mirrored at the ends, and so sees no seams there.
    """
    from scipy.fft import dctn

    height, width, _ = values.shape
    coefficients = dctn(values, axes=(0, 1), norm="ortho")
    coefficients[: height // factor, : width // factor] = 0
    return float(np.square(coefficients).sum())
