"""Fits of a moment, for tests of what happens around them."""

from typing import Any

import numpy as np

from refield.fields.mlp import Mlp
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks import TASKS
from refield.tasks.represent import Represent
from refield.units.store import Store
from refield.units.unit import Unit

NOT_OF_IMAGES = ["occupancy", "radiance"]  # kinds of task
# Kinds of task of images that can be made from nothing: the others need files.
TASKS_ALONE = [
    kind
    for kind, task in TASKS.items()
    if kind not in NOT_OF_IMAGES and not any(key.is_required() for key in task.model_fields.values())
]


def unit(seed: int, iterations: int = 3, learning_rate: float = 1e-3, engine: str = "fast") -> Unit:
    """Another image and other labels for each seed."""
    rng = np.random.default_rng(seed)
    image, labels = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8), rng.integers(0, 2, (12, 16), dtype=np.uint8)
    field = Mlp(gates=(2.0, "segment"), width=4, regions=2)
    train = Train(iterations=iterations, learning_rate=learning_rate, engine=engine)
    return Unit(f"image{seed}", Image(image), labels, Represent(), field, train, seed)


def last_checkpoint(store: Store, unit: Unit) -> Any:
    """The one that the next process of this machine would go on from; None without one."""
    from refield.fitting import devices  # torch, which few of these tests need
    from refield.units import make

    return make._checkpoints(store, unit, "cpu", devices.describe("cpu"), 1).last()
