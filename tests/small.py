"""Fits of a moment, for tests of what happens around them."""

import numpy as np

from refield.fields.gated import Gated
from refield.training import Train
from refield.units import Unit


def unit(seed: int, iterations: int = 3, learning_rate: float = 1e-3) -> Unit:
    """Another image and other labels for each seed."""
    rng = np.random.default_rng(seed)
    image, labels = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8), rng.integers(0, 2, (12, 16), dtype=np.uint8)
    train = Train(iterations=iterations, learning_rate=learning_rate)
    return Unit(f"image{seed}", image, labels, Gated(gates=(2.0, "segment"), width=4, regions=2), train, seed)
