"""How latents are shown while they are fitted: nearly whole, with noise in place of the error of rounding; and how far
rectifiers leak meanwhile.

As C3 has it (Kim et al., CVPR 2024): s is a soft rounding of a temperature, u noise of Kumaraswamy's distribution, and
what is shown is s(s(x) + u). At first rounding is soft and noise gathers near 0; in the end rounding is hard and noise
is spread over all of a cell, as errors of rounding are. C3's temperature begins at 0.3 and has 100,000 steps; in some
thousand, latents of many bits, which have far to go, are held where they are by rounding so hard. Theirs begins higher.
"""

import math
from typing import NamedTuple

import numpy as np

QUANTILES = 2**12
FIRST, LAST = (0.3, 1.0), 0.1  # temperatures: at the beginning at least and at most, and in the end
LEAK, TIGHT = 0.2, 0.5  # what rectifiers let through at the beginning; and after which part of the way nothing


class Softness(NamedTuple):
    """Of a step of descent."""

    temperature: float
    shape: float  # of the noise, from 1
    leak: float = 0.0  # what rectifiers let through of numbers below 0

    @classmethod
    def at(cls, progress: float, lambda_: float) -> "Softness":
        """Of a part of the way, 0 to 1."""
        first = min(max(FIRST[0] * (5e-3 / lambda_) ** 0.3, FIRST[0]), FIRST[1])
        return cls(first * (LAST / first) ** progress, 2 - progress, LEAK * max(0.0, 1 - progress / TIGHT))

    def noise(self) -> np.ndarray:
        """Noise at `QUANTILES` equally likely places, -1/2 to 1/2, float32; its mode is 0."""
        a = self.shape
        b = (2**a * (a - 1) + 1) / a
        uniform = (np.arange(QUANTILES) + 0.5) / QUANTILES
        return ((1 - (1 - uniform) ** (1 / b)) ** (1 / a) - 0.5).astype(np.float32)


def soften(x: np.ndarray, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Nearly whole numbers, and the slope there."""
    middle = np.floor(x) + np.float32(0.5)
    t = np.tanh((x - middle) * np.float32(1 / temperature))
    reach = math.tanh(0.5 / temperature)
    slope = (1 - t * t) * np.float32(0.5 / (temperature * reach))
    return middle + t * np.float32(0.5 / reach), slope


def shown(x: np.ndarray, noise: np.ndarray, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """What is shown of latents with noise of their shape, and the derivative by the latents."""
    soft, first = soften(x, temperature)
    found, second = soften(soft + noise, temperature)
    return found, first * second
