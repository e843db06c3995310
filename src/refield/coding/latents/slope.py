"""A lambda to begin with: what a bit is worth in this image, at about this size or quality, as WebP's files tell.

Where D + lambda R is lowest, lambda is the slope -dD/dR of the curve that can be reached. Curves of different codecs
lie above each other, and are about as steep.
"""

import math

import numpy as np

from refield.codecs import code
from refield.signals.image import Image

QUALITIES = (0, 10, 25, 40, 55, 70, 80, 90, 97)
SIDE = 1024  # pixels: of a larger image the middle is asked
RANGE = 1e-2, 50.0  # of the steepness of log D, which flat images make nearly nothing or nearly vertical
STEEPNESS = 2 / 3 * math.log(2)  # of D over R beyond them: half a bit of each of three channels halves it


def slope(image: Image, bpp: float | None, psnr: float | None) -> float:
    """-dD/dR at so many bits per pixel, or at such a PSNR in dB; D is the mean squared error on [0, 1]."""
    rates, logs = _curve(image)
    if len(rates) < 2:  # flat: nothing is worth a bit
        return 1.0
    # log D over R is about straight, so -dD/dR = D times its slope.
    steepness = np.clip(-np.diff(logs) / np.diff(rates), *RANGE)
    if bpp is None:
        assert psnr is not None
        wanted = -psnr / 10 * math.log(10)
        at = float(np.interp(-wanted, -logs, rates))
        return math.exp(wanted) * float(np.interp(at, _middles(rates), steepness))
    log_error = float(np.interp(bpp, rates, logs)) - STEEPNESS * max(0.0, bpp - rates[-1])
    return math.exp(log_error) * float(np.interp(bpp, _middles(rates), steepness))


def _curve(image: Image) -> tuple[np.ndarray, np.ndarray]:
    """Bits per pixel and log D of WebP's files, both of them monotonic."""
    top, left = (max(0, (side - SIDE) // 2) for side in image.shape)
    pixels = image.pixels[top : top + SIDE, left : left + SIDE]
    pixels = np.ascontiguousarray(pixels if image.channels == 3 else pixels.repeat(3, axis=2))
    found: list[tuple[float, float]] = []
    for quality in QUALITIES:
        file = code("webp", pixels, quality)
        error = float(np.mean((file.picture / 255.0 - pixels / 255.0) ** 2))
        rate, log = 24 * len(file.data) / pixels.size, math.log(max(error, 1e-7))
        if not found or (rate > found[-1][0] and log < found[-1][1]):
            found.append((rate, log))
    rates, logs = np.array(found).T
    return rates, logs


def _middles(numbers: np.ndarray) -> np.ndarray:
    return (numbers[1:] + numbers[:-1]) / 2
