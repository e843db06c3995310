"""Scores of what needs no field and is no part of its task, beside those of a profile's fits."""

from refield.scores import metrics
from refield.scores.detail import detail_share
from refield.scores.srgan import OF_SRGAN, Generator
from refield.signals import Signal
from refield.signals.image import as_image
from refield.tasks.superresolve import Superresolve
from refield.tasks.task import Task
from refield.units.scoring import Row


def score_srgan(signal: Signal, task: Task, generator: Generator | None) -> Row:
    """PSNR in dB, SSIM and detail of SRGAN's 8-bit picture of what a super-resolution's fields are fitted to.

    Nothing without a generator; `UserError` if its weights are not what they should be.
    """
    if generator is None:
        return {}
    assert isinstance(task, Superresolve)
    original, (height, width) = as_image(signal), as_image(signal).shape
    reduced = task.reduce(signal).reshape(height // task.factor, width // task.factor, -1)
    values = generator.enlarged(reduced, task.factor).reshape(height * width, -1)
    pictures = original.pixels, original.with_values(values).pixels
    scores = metrics.psnr_8bit(*pictures), metrics.ssim(*pictures), detail_share(*pictures, task.factor)
    return dict(zip((measure.name for measure in OF_SRGAN), scores, strict=True))
