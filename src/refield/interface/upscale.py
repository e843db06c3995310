"""A photograph enlarged by a field that is fitted to its own pixels, and whether bicubic would have done as well.

How the large photograph should look nobody knows. So the same is done one scale below, where it is known: the
photograph is reduced, enlarged again by the field and by filters, and each result is compared with the photograph.

The same network has by x by times fewer pixels to fit then. Where it is too small for the photograph the check is too
kind to it; how near the field comes to the photograph's own pixels (`Upscaled.fit.curve`) tells.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike, fspath
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8

from refield import config
from refield.errors import UserError
from refield.interface.enlarged import enlarged
from refield.interface.pictures import Picture
from refield.interface.request import PROFILE, Request, ask
from refield.interface.result import Result
from refield.originals import MOST_PIXELS
from refield.scores import controls, metrics
from refield.settings import refused
from refield.signals import Image
from refield.signals.image import as_image, squeezed
from refield.signals.photographs import SMALLEST
from refield.tasks.superresolve import blocks

FACTORS = range(2, 9)
MARGIN = 0.1  # dB: a field that is not this much above a filter is no better than it
FILTERS: tuple[Literal["bicubic", "lanczos"], ...] = ("bicubic", "lanczos")
TITLES = {"field": "the field", "bicubic": "bicubic", "lanczos": "Lanczos"}
# What is otherwise than in a profile, where none is named. The rate is no higher because a field then
# waves between the pixels that it is fitted to: at 1e-3 a crop of 64 x 48 pixels, halved, lost 4 dB to this.
FOR_ENLARGING: Mapping[str, Any] = {"width": 256, "iterations": 500, "learning_rate": 3e-4}


@dataclass(frozen=True, eq=False)
class Upscaled:
    """An enlarged photograph; `refield.upscale` makes it."""

    picture: np.ndarray  # uint8 (by h, by w, 3), or (by h, by w) of a grey one
    fit: Result  # of the field to the photograph's own pixels
    scores: Mapping[str, float]  # of the check, by the names of `TITLES`: PSNR in dB, peak 255; empty without a check
    seconds: float  # that all took, fits that were kept from before not counted

    @property
    def verdict(self) -> str:
        """Whether the field was worth it, in a sentence."""
        return verdict(self.scores)


@dataclass(frozen=True)
class Enlargement:
    """What is to be enlarged, `by` how much, and how the field is fitted."""

    by: int
    whole: Request  # of a fit to the photograph
    reduced: Request | None  # of the check's, to a photograph of by x by times fewer pixels

    def check(self, progress: bool = True) -> dict[str, float]:
        """The PSNR in dB, peak 255, of the photograph as it comes back once it was reduced; empty if none is wanted."""
        if self.reduced is None:
            return {}
        small = as_image(self.reduced.unit.signal)
        original = _whole_blocks(as_image(self.whole.unit.signal).pixels, self.by)
        pictures = {"field": enlarged(self.reduced.make(progress), self.by, self.reduced.device)}
        pictures |= {name: _filtered(small, self.by, name) for name in FILTERS}
        return {name: metrics.psnr_8bit(original, picture) for name, picture in pictures.items()}

    def make(self, progress: bool = True) -> tuple[Result, UInt8[np.ndarray, "H W c"]]:
        """The fit to the photograph, and the picture that comes of it."""
        fit = self.whole.make(progress)
        return fit, enlarged(fit, self.by, self.whole.device)


def upscale(
    image: Picture,
    by: int,
    method: str | None = None,
    *,
    profile: str | None = None,
    check: bool = True,
    seed: int | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
    progress: bool = True,
    **settings: Any,
) -> Upscaled:
    """Enlarge a photograph by a field that is fitted to all of its pixels, and say whether that was worth it.

    Args:
        image: As for `refield.fit`, and never cropped or resized. A file that has only greys makes a grey picture.
        by: How many times the pixels of each side: a whole number from 2 to 8.
        method: A key of `methods` in params.yaml; if None, the first.
        profile: Whose network and training; if None, those of `photograph` but for a width of 256 and 500 iterations at
            a learning rate of 0.0003.
        check: Whether the same is done to the reduced photograph first, for the scores. Its fit takes by x by times
            less than the other.
        seed, device, progress, settings: As for `refield.fit`.

    Raises:
        UserError: In one sentence, what cannot be used: the image, the factor, a name, a value; or that the loss
            diverged.
    """
    start = time.perf_counter()
    wanted = ask_to_enlarge(image, by, method, profile, check, seed, device, settings)
    scores = wanted.check(progress)
    fit, picture = wanted.make(progress)
    return Upscaled(squeezed(picture), fit, scores, time.perf_counter() - start)


def ask_to_enlarge(
    image: Picture,
    by: float,
    method: str | None,
    profile: str | None,
    check: bool = True,
    seed: int | None = None,
    device: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Enlargement:
    """What `upscale` is asked for by the same arguments; `UserError` if any of them cannot be used."""
    if isinstance(by, bool) or by not in FACTORS:
        raise refused("by", by, f"be a whole number from {FACTORS[0]} to {FACTORS[-1]}")
    by, settings = int(by), {**({} if profile else FOR_ENLARGING), **(settings or {})}
    profile = profile or PROFILE
    method = method or next(iter(config.read(profile).methods))

    def request(image: Picture) -> Request:
        return ask(image, method, profile, "represent", True, seed, device, settings)

    whole = request(image)
    pixels, name = as_image(whole.unit.signal).pixels, whole.unit.name
    where = fspath(image) if isinstance(image, str | PathLike) else "image"
    height, width = pixels.shape[:2]
    if by * height * by * width > MOST_PIXELS:
        raise UserError(
            f"{where}: is {width}x{height} pixels, too many for by = {by}; an enlargement may have {MOST_PIXELS:,}"
        )
    if isinstance(image, str | PathLike) and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., :1]
        whole = _named(request(pixels), name)
    if not check:
        return Enlargement(by, whole, None)
    if min(height, width) < by * SMALLEST:
        raise UserError(
            f"{where}: is {width}x{height} pixels; to be checked at by = {by} every side must have at least "
            f"{by * SMALLEST}, so leave the check out"
        )
    return Enlargement(by, whole, _named(request(_reduced(pixels, by)), f"{name}, reduced"))


def verdict(scores: Mapping[str, float]) -> str:
    """What the scores of a check say, in one sentence."""
    if not scores:
        return "whether the field is better than bicubic was not checked"
    said = ", ".join(f"{TITLES[name]} {scores[name]:.2f} dB" for name in TITLES)
    equals = [TITLES[name] for name in FILTERS if not scores["field"] > scores[name] + MARGIN]
    if equals:
        return f"{' and '.join(equals)} {'is' if len(equals) == 1 else 'are'} as good or better: {said}"
    return f"the field is better by {scores['field'] - max(scores[name] for name in FILTERS):.2f} dB: {said}"


def _named(request: Request, name: str) -> Request:
    return replace(request, unit=replace(request.unit, name=name))


def _whole_blocks(pixels: np.ndarray, by: int) -> np.ndarray:
    """As much of an image, from its upper left, as blocks of by x by pixels fill."""
    height, width = (side - side % by for side in pixels.shape[:2])
    return pixels[:height, :width]


def _reduced(pixels: UInt8[np.ndarray, "h w c"], by: int) -> UInt8[np.ndarray, "H W c"]:
    """The means of blocks of by x by pixels, which is what larger pixels of the same camera would see; rounded."""
    whole = _whole_blocks(pixels, by)
    height, width, channels = whole.shape
    return np.rint(blocks(whole, by).mean(axis=1)).astype(np.uint8).reshape(height // by, width // by, channels)


def _filtered(image: Image, by: int, name: Literal["bicubic", "lanczos"]) -> UInt8[np.ndarray, "H W c"]:
    """An image enlarged by a filter, rounded once."""
    height, width = image.shape
    values = controls.enlarged(image.values().reshape(height, width, -1), by, name)
    return Image(np.empty(values.shape, np.uint8)).with_values(values.reshape(-1, image.channels)).pixels
