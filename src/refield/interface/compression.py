"""A photograph as a small file: a field is fitted to it, its weights as coarse as size or quality allow."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from refield import config
from refield.coding import sizing
from refield.coding.description import Description
from refield.coding.limits import MOST_SAMPLES
from refield.coding.search import Search
from refield.errors import UserError
from refield.interface.compressed import Compressed
from refield.interface.request import Picture, Request, ask
from refield.settings import refused
from refield.signals.image import as_image
from refield.units import weights
from refield.units.names import WEIGHTS
from refield.units.unit import Unit

MOST_BPP = 64  # no image has as many in memory
BEST = 100  # dB: beyond that no 8-bit image differs


def compress(
    image: Picture,
    *,
    bpp: float | None = None,
    psnr: float | None = None,
    half: bool = False,
    method: str | None = None,
    profile: str = "photograph",
    seed: int | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
    progress: bool = True,
    **settings: Any,
) -> Compressed:
    """Compress an image into a file of at most `bpp` bits per pixel, or of at least `psnr` dB.

    A field is fitted whose width suits the size; to reach a PSNR, wider ones until one does. Then its weights are
    quantised: as finely as the size allows, or as coarsely as the PSNR does.

    Args:
        image: As `fit` takes it; a photograph keeps its size.
        bpp: The file's bits per pixel, of which there will be no more.
        psnr: In dB, of the decoded 8-bit picture. Either this or `bpp` must be given.
        half: Whether weights are stored in half precision, as they are, rather than quantised and entropy-coded.
        method: A key of `methods` in params.yaml; if None, the first. A field that follows a map needs it in the file.
        profile, seed, device, progress, settings: As of `fit`; a `width` among the settings is kept.

    Raises:
        UserError: In one sentence, what cannot be used or reached.
    """
    if (bpp is None) == (psnr is None):
        raise UserError("either bpp or psnr must be given, and not both: the size or the quality of the file")
    for name, value, most in (("bpp", bpp, MOST_BPP), ("psnr", psnr, BEST)):
        if value is not None and not 0 < value <= most:
            raise refused(name, value, f"be more than 0, and at most {most}")
    method = method or next(iter(config.read(profile).methods))
    request = ask(image, method, profile, "represent", True, seed, device, settings)
    about = describe(request.unit)
    fixed = "width" in settings or not sizing.has_width(about)
    if bpp is not None:
        left = room(request.unit, bpp)
        wide = request if fixed else _wide(request, sizing.widest(about, left, half))
        return _within(_search(wide, progress), _size(bpp, request.unit), half, bpp, request.unit.samples)
    _require_samples(request.unit)
    assert psnr is not None
    return _reaching([request] if fixed else _wider(request, half), psnr, half, progress)


def describe(unit: Unit) -> Description:
    """What a file says of a unit's field."""
    signal = unit.signal
    return Description(unit.field, type(signal), len(signal.shape), signal.channels, unit.train.target)


def room(unit: Unit, bpp: float) -> int:
    """The bytes that a file of at most so many bits per pixel leaves to a unit's weights; `UserError` if there are
    none."""
    _require_samples(unit)
    left = sizing.room(describe(unit), unit.labels, _size(bpp, unit))
    if left <= 0:
        taken = 8 * (_size(bpp, unit) - left) / unit.samples
        what = "and the map of its regions take" if unit.labels is not None else "takes"
        raise refused("bpp", bpp, f"be more than {taken:.3f}, which a file of {unit.name} {what} without any weights")
    return left


def _size(bpp: float, unit: Unit) -> int:
    return math.floor(bpp * unit.samples / 8)


def _require_samples(unit: Unit) -> None:
    if unit.samples > MOST_SAMPLES:
        raise UserError(f"{unit.name} has {unit.samples:,} pixels; it must have at most {MOST_SAMPLES:,}")


def _search(request: Request, progress: bool) -> Search:
    """The fit, whose steps are then sought."""
    result, unit = request.make(progress), request.unit
    fitted = weights.parse(result.files[WEIGHTS])  # of a search, the field that it chose
    about = Description(fitted.field, fitted.signal, fitted.dims, fitted.channels, fitted.target)
    return Search(about, fitted.weights, as_image(unit.signal), unit.labels)


def _within(search: Search, size: int, half: bool, bpp: float, samples: int) -> Compressed:
    found = search.half() if half else search.within(size)
    if found is None or len(found.data) > size:
        smallest = 8 * len((found or search.coarsest()).data) / samples
        raise refused("bpp", bpp, f"be at least {math.ceil(1000 * smallest) / 1000:.3f}, as the smallest file has")
    return Compressed(*found)


def _reaching(requests: Iterator[Request] | list[Request], psnr: float, half: bool, progress: bool) -> Compressed:
    best = 0.0
    for request in requests:
        search = _search(request, progress)
        finest = search.half() if half else search.finest()
        best = max(best, finest.psnr)
        if finest.psnr >= psnr:
            return Compressed(*(finest if half else search.reaching(psnr)))
    raise refused(
        "psnr", psnr, f"be at most {math.floor(100 * best) / 100:.2f}, which is reached; more iterations help"
    )


def _wider(request: Request, half: bool) -> Iterator[Request]:
    """The request with ever wider networks, each of twice the weights, up to the size of the plain pixels."""
    about, raw, tried = describe(request.unit), request.unit.signal.channels * request.unit.samples, 0
    for halvings in range(8, -1, -1):
        width = sizing.widest(about, sizing.room(about, request.unit.labels, raw >> halvings), half)
        if width > tried:
            yield _wide(request, width)
        tried = max(tried, width)


def _wide(request: Request, width: int) -> Request:
    return replace(request, unit=replace(request.unit, field=sizing.of_width(describe(request.unit), width).field))
