"""Scores of what needs no field and is no part of its task, beside those of a profile's fits."""

from refield.scores import metrics
from refield.scores.srgan import PSNR_SRGAN, SSIM_SRGAN, Generator
from refield.signals import Signal
from refield.signals.image import as_image
from refield.tasks.superresolve import Superresolve
from refield.tasks.task import Task
from refield.units.scoring import Row


def score_srgan(signal: Signal, task: Task, generator: Generator | None) -> Row:
    """PSNR in dB and SSIM of the 8-bit picture that SRGAN makes of what a super-resolution's fields are fitted to.

    Nothing without a generator; `UserError` if its weights are not what they should be.
    """
    if generator is None:
        return {}
    assert isinstance(task, Superresolve)
    original, (height, width) = as_image(signal), as_image(signal).shape
    reduced = task.reduce(signal).reshape(height // task.factor, width // task.factor, -1)
    enlarged = original.with_values(generator.enlarged(reduced, task.factor).reshape(height * width, -1))
    return {
        PSNR_SRGAN.name: metrics.psnr_8bit(original.pixels, enlarged.pixels),
        SSIM_SRGAN.name: metrics.ssim(original.pixels, enlarged.pixels),
    }
