"""What is left of an image, and of what a network sees in it, once its field's weights are stored."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Literal, Protocol

import numpy as np

from refield.arrays import Tensor
from refield.errors import UserError
from refield.scores import metrics
from refield.scores.fitted import FieldMeasure, Fitted
from refield.scores.measure import PSNR, SSIM, Measure
from refield.signals.image import Image, as_image
from refield.signals.signal import Signal
from refield.structure.dice import dice
from refield.structure.unet import predict

Precision = Literal["half", "float32"]
BITS = {"half": 16, "float32": 32}

DICE = Measure("dice", "Dice", 4)
BPP_STORED = Measure("bpp_stored", "bpp, weights as stored", 2, higher_is_better=False)
DICE_ORIGINAL = Measure("dice_original", "Dice, original", 4)
COLUMNS = (PSNR, SSIM, DICE, BPP_STORED, DICE_ORIGINAL)


class Seen(Protocol):
    """What such scores need of a task."""

    @property
    def precision(self) -> Precision: ...

    def network(self, device: str) -> Mapping[str, Tensor]: ...

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


def stored(fitted: Fitted, precision: Precision) -> Fitted:
    """The field with its weights as a file has them; `UserError` if half precision cannot hold one."""
    if precision == "float32":
        return fitted
    with np.errstate(over="ignore"):
        halves = {name: array.astype(np.float16).astype(np.float32) for name, array in fitted.weights.items()}
    if not all(np.isfinite(array).all() for array in halves.values()):
        raise UserError("the field has weights that half precision cannot hold")
    return replace(fitted, weights=halves)


def picture(signal: Signal, fitted: Fitted, precision: Precision) -> Image:
    """The 8-bit picture that a file of the field's weights decodes to."""
    return as_image(signal.with_values(stored(fitted, precision).values))


def bits(fitted: Fitted, precision: Precision) -> float:
    """Bits per pixel of the weights, not compressed any further."""
    return BITS[precision] * sum(array.size for array in fitted.weights.values()) / len(fitted.points)


def dice_of(task: Seen, original: Image, found: Image) -> float:
    """How far what the task's network sees in a picture agrees with the original's true mask, in [0, 1]."""
    return dice(predict(task.network("cpu"), found.pixels), task.mask(original))
