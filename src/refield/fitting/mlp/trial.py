"""Whether sines in a loop have the bytes of the numpy at hand, on the CPU at hand."""

import functools

import numpy as np

from refield.fitting.mlp import sines
from refield.fitting.mlp.machine_code import compiled
from refield.fitting.mlp.recording import Loop, Value


@functools.cache
def has_numpys_sines() -> bool:
    """Tried once a process, which takes a tenth of a second."""
    return agrees(angles())


def agrees(u: np.ndarray) -> bool:
    """Whether a loop takes these angles, of float32, and makes numpy's sines and cosines of them, to the last bit."""
    sine, cosine = np.empty_like(u), np.empty_like(u)
    at = {"u": u, "sine": sine, "cosine": cosine}
    values = [Value("each", place="u"), Value("sin", (0,)), Value("cos", (0,))]
    loop = compiled(Loop({0: "u"}, {"sine": 1, "cosine": 2}), values)
    refused = loop.function(len(u), *(at[place].ctypes.data for place in loop.places))
    return not refused and sine.tobytes() == np.sin(u).tobytes() and cosine.tobytes() == np.cos(u).tobytes()


def angles() -> np.ndarray:
    """Those at which the last bit of a product decides between two quarters of a turn, and ordinary ones."""
    between = (np.arange(sines.LARGEST / (np.pi / 2) - 1) + 1 / 2) * (np.pi / 2)
    nearest = between.astype(np.float32)
    random = np.random.default_rng(0)
    ordinary = [random.normal(0, size, 2000) for size in (1e-30, 1e-3, 1, 30, 1000, 10000)]
    numbers = np.concatenate([nearest, *(np.nextafter(nearest, np.float32(way)) for way in (-1e9, 1e9)), *ordinary])
    return np.concatenate([numbers, -numbers, [0.0, -0.0]]).astype(np.float32)
