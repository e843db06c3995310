"""The scores of what is left of an image, and of what a network sees in it, once a field's weights are stored."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Protocol

import numpy as np

from refield.scores import metrics
from refield.scores.fitted import FieldMeasure
from refield.scores.measure import PSNR, SSIM, Measure
from refield.scores.seen import Look, Name
from refield.scores.stored import Precision, bits, picture
from refield.signals.image import Image, as_image
from refield.structure.dice import dice

DICE = Measure("dice", "Dice", 4)
BPP_STORED = Measure("bpp_stored", "bpp, weights as stored", 2, higher_is_better=False)
DICE_ORIGINAL = Measure("dice_original", "Dice, original", 4)
COLUMNS = (PSNR, SSIM, DICE, BPP_STORED, DICE_ORIGINAL)


class Seen(Protocol):
    """What such scores need of a task."""

    @property
    def precision(self) -> Precision: ...

    def predict(self, pixels: np.ndarray) -> np.ndarray: ...

    def mask(self, image: Image) -> np.ndarray: ...


class Columns:
    """The columns of the scores: a class says what they are called, and a task how its own settings take them."""

    def __get__(self, task: Seen | None, kind: type | None = None) -> tuple[Measure, ...]:
        if task is None:
            return COLUMNS

        def of_stored(measure: Measure, of: Callable[[Image, Image], float]) -> Measure:
            return FieldMeasure(
                **asdict(measure),
                of=lambda signal, fitted: of(as_image(signal), picture(signal, fitted, task.precision)),
            )

        return (
            of_stored(PSNR, lambda original, found: metrics.psnr_8bit(original.pixels, found.pixels)),
            of_stored(SSIM, lambda original, found: metrics.ssim(original.pixels, found.pixels)),
            of_stored(DICE, lambda original, found: dice_of(task, original, found)),
            FieldMeasure(**asdict(BPP_STORED), of=lambda _, fitted: bits(fitted, task.precision)),
            DICE_ORIGINAL,
        )


def dice_of(task: Seen, original: Image, found: Image) -> float:
    """How far what the task's network sees in a picture agrees with the original's true mask, in [0, 1]."""
    return dice(task.predict(found.pixels), task.mask(original))


def look(task: Seen, name: Name, size: int, original: Image, found: Image) -> Look:
    """The row of a file of `size` bytes that decodes to `found`; `UserError` if its original has no mask."""
    height, width, _ = original.pixels.shape
    quality = (metrics.psnr_8bit(original.pixels, found.pixels), metrics.ssim(original.pixels, found.pixels))
    return Look(*name, 8 * size / (height * width), *quality, dice_of(task, original, found))
