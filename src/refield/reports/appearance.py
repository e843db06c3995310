"""How signals look as pictures: an image as it is, a solid from two sides, a scene by some of its held-out views."""

from functools import singledispatch

from jaxtyping import UInt8
from numpy import ndarray

from refield.errors import UserError
from refield.reports import solids
from refield.reports.scenes import mosaic, shown
from refield.signals import Image, Views, Volume, kind_of
from refield.signals.signal import Signal
from refield.signals.volume import as_volume

HEIGHT = 256  # pixels, of a solid's picture


@singledispatch
def pixels_of(signal: Signal) -> UInt8[ndarray, "h w c"]:
    """The picture of a signal; signals of one kind and shape have pictures of one size."""
    raise UserError(f"has no picture, as {kind_of(signal)} have none")


@pixels_of.register
def _(signal: Image) -> UInt8[ndarray, "h w c"]:
    return signal.pixels


@pixels_of.register
def _(signal: Volume) -> UInt8[ndarray, "h w c"]:
    return solids.picture(signal, HEIGHT)


@pixels_of.register
def _(signal: Views) -> UInt8[ndarray, "h w c"]:
    return mosaic(signal.held_out.pixels[shown(signal), ..., :3])


@singledispatch
def errors_of(truth: Signal, estimate: Signal) -> UInt8[ndarray, "h w 3"] | None:
    """Where an estimate is wrong, as a picture; None if that is how far both pictures are apart."""
    return None


@errors_of.register
def _(truth: Volume, estimate: Signal) -> UInt8[ndarray, "h w 3"] | None:
    return solids.error_picture(truth, as_volume(estimate), HEIGHT)


def size_of(signal: Signal) -> str:
    """How large a signal is, in words; nothing of one that is as large as its picture."""
    if isinstance(signal, Views):
        count, height, width = signal.shape
        return f"{len(shown(signal))} of {count} held-out views of {width} x {height} pixels"
    return "" if isinstance(signal, Image) else f"{' x '.join(map(str, signal.shape))} voxels, from two sides"
