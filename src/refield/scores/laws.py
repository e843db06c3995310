"""How far numbers are from a law: what a SIREN's initialisation promises of its layers, measured.

Sitzmann et al., NeurIPS 2020 (https://arxiv.org/abs/2006.09661), theorem 1.8: however deep a layer is, the arguments of
its sines are normal, of mean 0 and variance 1, and its sines have the arcsine law on [-1, 1]. That is a limit of wide
layers without biases, behind the first layer; and the sine of a normal number has the arcsine law only nearly, at a
distance of 0.05. scipy is imported where it is used.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

Law = Literal["normal", "arcsine"]


@dataclass(frozen=True)
class Distribution:
    """Numbers beside a law."""

    mean: float
    deviation: float  # the standard deviation; 1 of the normal law, and 0.71 of the arcsine law
    distance: float  # Kolmogorov's and Smirnov's: the largest difference of both distribution functions, in [0, 1]


def distribution(numbers: Float[np.ndarray, "..."], law: Law) -> Distribution:
    """The distribution of all numbers of an array beside the normal law N(0, 1), or the arcsine law on [-1, 1]."""
    from scipy import stats

    cdf = stats.norm.cdf if law == "normal" else stats.arcsine(-1, 2).cdf
    flat = numbers.reshape(-1).astype(np.float64)
    # Its p-value, which is not asked for, takes long unless it is the asymptotic one.
    distance = stats.ks_1samp(flat, cdf, method="asymp").statistic
    return Distribution(float(flat.mean()), float(flat.std()), float(distance))
