"""An image as latents of few bits: a descent whose lambda is led to the size or the quality that is wanted."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from refield.coding.envelope import wrap
from refield.coding.latents import file
from refield.coding.latents.aim import Aim, Made
from refield.coding.latents.descent import Descent
from refield.coding.latents.file import CodedLatents
from refield.coding.latents.networks import quantised
from refield.coding.latents.slope import slope
from refield.coding.latents.softening import Softness
from refield.coding.latents.start import begin
from refield.errors import UserError
from refield.scores.metrics import psnr_8bit
from refield.signals.image import Image

NETWORKS = 0.02  # their learning rate at the start
LATENTS = (0.12, 0.25)  # of latents, at a lambda of 1e-3, and at most: where bits are cheap, latents grow large
SOFT = 0.9  # of all steps: in the last ones latents are shown rounded
HARD = 0.02  # of the learning rates, which soft steps end with and rounded ones begin with
LED = tuple(k / 10 for k in range(2, 9))  # on which parts of the way lambda is led towards what is wanted
START = 1.15  # times the slope, where lambda begins: latents grow more easily than they shrink
ROUNDED = 0.92  # of softened latents' bits, about, are left when they are rounded
SEEN = 5  # steps whose mean says how far that is
RESPONSE = 1.4  # a file that is too large by a factor takes a lambda that is larger by this power of it
FIRMEST = 10.0  # the factor by which lambda changes at most, from one descent to the next
NEAR = 0.9  # of the size that is wanted, or so much of the error, with which a file is good enough
REPAIRS = 6  # further descents, at most, until the file is as wanted
REPAIR, FEWEST = 0.1, 50  # of all steps, and steps at least, that one takes
BITS = 6  # of a weight of a network, about

Report = Callable[[int, float, float], None]  # a step, PSNR in dB and bits per pixel


class Size(NamedTuple):
    """How many grids there are, and how wide both networks are."""

    levels: int
    width: int
    hidden: int

    @classmethod
    def of(cls, shape: tuple[int, int]) -> "Size":
        """What suits an image: a small one has no bits for large networks."""
        pixels = math.prod(shape)
        width, hidden = (24, 16) if pixels >= 2**16 else (12, 8) if pixels >= 2**13 else (8, 8)
        return cls(max(1, min(7, (min(shape) - 1).bit_length() - 1)), width, hidden)


def compress(image: Image, aim: Aim, steps: int, seed: int, report: Report = lambda *_: None) -> Made:
    """The best file that is as wanted; if there is none, the one that is nearest to it."""
    found: list[Made] = []
    size = Size.of(image.shape)
    with Descent(image, *size, seed) as descent:
        begin(descent.tensors(), size.width, size.hidden)
        lambda_ = _descend(descent, aim, START * slope(image, aim.bpp, aim.psnr), steps, report)
        for repair in range(REPAIRS + 1):
            try:
                found.append(_made(descent, image, lambda_))
            except UserError:  # a repair has led to latents that no file holds
                if not found:
                    raise
                break
            excess = aim.excess(10 ** (-found[-1].psnr / 10), found[-1].bpp)
            if repair == REPAIRS or (aim.met(found[-1]) and NEAR < excess < 1 / NEAR):
                break
            change = excess ** (RESPONSE * (1 + repair))  # what did not help is done more firmly
            lambda_ *= min(max(change, 1 / FIRMEST), FIRMEST)
            _repair(descent, lambda_, max(FEWEST, round(REPAIR * steps)))
    good = [each for each in found if aim.met(each)]
    if not good:
        return min(found, key=lambda each: abs(math.log(aim.excess(10 ** (-each.psnr / 10), each.bpp))))
    return max(good, key=lambda each: each.psnr if aim.psnr is None else -each.bpp)


def _made(descent: Descent, image: Image, lambda_: float) -> Made:
    """The file of what the descent has found so far."""
    coded = CodedLatents(image.shape, image.channels, descent.symbols(), quantised(descent, lambda_))
    return Made(wrap(file.KIND, file.encode(coded)), coded, psnr_8bit(image.pixels, coded.signal().pixels))


def _descend(descent: Descent, aim: Aim, lambda_: float, steps: int, report: Report) -> float:
    """All steps; the lambda in the end."""
    soft, led = max(1, round(SOFT * steps)), {round(part * steps) for part in LED}
    overhead, seen = BITS * _count(descent) / descent.pixels, list[tuple[float, float]]()
    for step in range(steps):
        progress = step / soft
        if progress < 1:
            softness, rates = Softness.at(progress, lambda_), learning_rates(lambda_, progress)
        else:
            factor = HARD * (1 - (step - soft) / (steps - soft))
            softness, rates = None, _scaled(lambda_, factor)
        distortion, rate = descent.step(softness, lambda_, rates)
        rate = (rate if softness is None else ROUNDED * rate) + overhead
        seen = [*seen[1 - SEEN :], (distortion, rate)]
        if step in led:
            lambda_ *= min(max(aim.excess(*np.mean(seen, axis=0)), 0.5), 2.0)
            seen = []
        report(step + 1, -10 * math.log10(max(distortion, 1e-9)), rate)
    return lambda_


def _repair(descent: Descent, lambda_: float, steps: int) -> None:
    """Some more steps, as soft and as long as those in the second half; a latent that must move can, by more than 1."""
    for step in range(steps):
        part = step / steps
        softness = Softness.at((1 + part / SOFT) / 2, lambda_) if part < SOFT else None
        descent.step(softness, lambda_, _scaled(lambda_, (1 - part) / 2))


def learning_rates(lambda_: float, progress: float) -> tuple[float, float]:
    """Of latents and of networks, after a part of the soft steps: along a cosine."""
    return _scaled(lambda_, max((1 + math.cos(math.pi * progress)) / 2, HARD))


def _scaled(lambda_: float, factor: float) -> tuple[float, float]:
    return min(LATENTS[0] * (1e-3 / lambda_) ** 0.25, LATENTS[1]) * factor, NETWORKS * factor


def _count(descent: Descent) -> int:
    return sum(each.numel() for each in descent.networks.parameters.values())
