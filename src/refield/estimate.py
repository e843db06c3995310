"""How long fits take on this machine, measured on a strip of the real thing."""

import time

import numpy as np

from refield.fields.gated import Gated
from refield.fitting import DESCENTS
from refield.samples import sample_image
from refield.training import Train

STRIP_PIXELS = 24_576


def seconds_per_fit(field: Gated, train: Train, height: int, width: int, device: str) -> float:
    """The expected duration of one fit to an RGB image, from two steps on a strip as wide as it."""
    import torch

    rows = min(height, max(8, STRIP_PIXELS // width))
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (rows, width, 3), dtype=np.uint8)
    labels = rng.integers(0, field.regions, (rows, width)) if field.regions else None
    samples, weights = sample_image(image, labels), field.initialise(3, rng)
    with DESCENTS[train.engine](field, weights, samples, torch.device(device)) as descent:
        float(descent.step(0.0))
        start = time.perf_counter()
        for _ in range(2):
            float(descent.step(0.0))
        step = (time.perf_counter() - start) / 2
    return step * height / rows * train.iterations


def duration(seconds: float) -> str:
    """Such as "40 seconds", "25 minutes", "6 hours" or "12 days": no more digits than an estimate has."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {unit}s"
    return f"{max(1, round(seconds))} seconds"
