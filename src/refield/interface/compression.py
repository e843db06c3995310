"""A photograph as a small file: as latents, or as a method's field, its weights as coarse as size or quality allow."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from refield import config
from refield.coding import sizing
from refield.coding.description import Description
from refield.coding.latents.aim import Aim
from refield.coding.limits import MOST_SAMPLES
from refield.coding.search import Search
from refield.errors import UserError
from refield.interface.compressed import Compressed
from refield.interface.pictures import Picture, pixels_of
from refield.interface.request import Request, ask, seed_of
from refield.settings import choices, refused
from refield.signals.image import Image, as_image
from refield.units import weights
from refield.units.names import WEIGHTS
from refield.units.unit import Unit

EFFORTS = {"fast": 500, "normal": 2000, "thorough": 10_000}  # steps of latents
MOST_STEPS = 10**6
MOST_BPP = 64  # no image has as many in memory
BEST = 100  # dB: beyond that no 8-bit image differs


def compress(
    image: Picture,
    *,
    bpp: float | None = None,
    psnr: float | None = None,
    half: bool = False,
    method: str | None = None,
    effort: str | None = None,
    profile: str = "photograph",
    seed: int | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
    progress: bool = True,
    **settings: Any,
) -> Compressed:
    """Compress an image into a file of at most `bpp` bits per pixel, or of at least `psnr` dB.

    Without a method, grids of latents are fitted together with what they cost. With one, its field is fitted, of a
    width that suits the size; to reach a PSNR, wider ones until one does. Then the weights are quantised: as finely as
    the size allows, or as coarsely as the PSNR does.

    Args:
        image: As `fit` takes it; a photograph keeps its size.
        bpp: The file's bits per pixel, of which there will be no more.
        psnr: In dB, of the decoded 8-bit picture. Either this or `bpp` must be given.
        half: Whether a method's weights are stored in half precision, rather than quantised and entropy-coded.
        method: A key of `methods` in params.yaml; a field that follows a map needs it in the file. If None, latents.
        effort: How many steps latents are given: "fast" 500, "normal" 2,000, "thorough" 10,000; or say iterations=1000.
        profile, seed, device, progress, settings: As of `fit`; a `width` among a method's settings is kept.

    Raises:
        UserError: In one sentence, what cannot be used or reached.
    """
    if (bpp is None) == (psnr is None):
        raise UserError("either bpp or psnr must be given, and not both: the size or the quality of the file")
    for name, value, most in (("bpp", bpp, MOST_BPP), ("psnr", psnr, BEST)):
        if value is not None and not 0 < value <= most:
            raise refused(name, value, f"be more than 0, and at most {most}")
    if method is None:
        if half:
            raise refused("half", True, "be False unless a method is named: latents are whole numbers")
        if device not in (None, "auto", "cpu"):
            raise refused("device", device, "be auto or cpu unless a method is named: latents are fitted on a CPU")
        aim = Aim(None if bpp is None else float(bpp), None if psnr is None else float(psnr))
        return _as_latents(image, aim, effort or "normal", profile, seed, progress, settings)
    if effort is not None:
        raise refused("effort", effort, "be left out where a method is named, which has iterations")
    request = ask(image, method, profile, "represent", True, seed, device, settings)
    about = describe(request.unit)
    fixed = "width" in settings or not sizing.has_width(about)
    if bpp is not None:
        left = room(request.unit, bpp)
        wide = request if fixed else _wide(request, sizing.widest(about, left, half))
        return _within(wide, half, bpp, progress)
    _require_samples(request.unit)
    assert psnr is not None
    return _reaching([request] if fixed else _wider(request, half), psnr, half, progress)


def _as_latents(
    image: Picture, aim: Aim, effort: str, profile: str, seed: int | None, progress: bool, settings: Mapping[str, Any]
) -> Compressed:
    """A file of latents, if it is as wanted."""
    from refield.interface.latents import compressed  # torch, which takes a second

    if effort not in EFFORTS:
        raise refused("effort", effort, f"be one of {choices(EFFORTS)}")
    if unknown := settings.keys() - {"iterations"}:
        raise UserError(f"{min(unknown)} is not a known keyword; of latents there is iterations")
    steps = settings.get("iterations", EFFORTS[effort])
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 1 <= steps <= MOST_STEPS:
        raise refused("iterations", steps, f"be a whole number from 1 to {MOST_STEPS:,}")
    params = config.read(profile)
    where, pixels = pixels_of(image, params.profiles[profile].images, native=True)
    picture = Image(pixels)
    if pixels.shape[0] * pixels.shape[1] > MOST_SAMPLES:
        raise UserError(f"{where} has {math.prod(picture.shape):,} pixels; it must have at most {MOST_SAMPLES:,}")
    found = compressed(picture, aim, int(steps), params.seed if seed is None else seed_of(seed), progress)
    if aim.bpp is not None and found.bpp > aim.bpp:
        least = math.ceil(1000 * found.bpp) / 1000
        raise refused("bpp", aim.bpp, f"be at least {least:.3f}, as the smallest so far has; more iterations help")
    if aim.psnr is not None and found.psnr < aim.psnr:
        reached = math.floor(100 * found.psnr) / 100
        raise refused("psnr", aim.psnr, f"be at most {reached:.2f}, which is reached; more iterations help")
    return found


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


def _search(request: Request, progress: bool) -> tuple[Search, float]:
    """The fit, whose steps are then sought, and how many seconds it took, be it now or before."""
    result, unit = request.make(progress), request.unit
    fitted = weights.parse(result.files[WEIGHTS])  # of a search, the field that it chose
    about = Description(fitted.field, fitted.signal, fitted.dims, fitted.channels, fitted.target)
    search = Search(about, fitted.weights, as_image(unit.signal), unit.labels)
    return search, float(result.provenance["seconds"])


def _within(request: Request, half: bool, bpp: float, progress: bool) -> Compressed:
    size = _size(bpp, request.unit)
    search, seconds = _search(request, progress)
    began = time.perf_counter()
    found = search.half() if half else search.within(size)
    if found is None or len(found.data) > size:
        smallest = 8 * len((found or search.coarsest()).data) / request.unit.samples
        raise refused("bpp", bpp, f"be at least {math.ceil(1000 * smallest) / 1000:.3f}, as the smallest file has")
    return Compressed(*found, seconds + time.perf_counter() - began)


def _reaching(requests: Iterator[Request] | list[Request], psnr: float, half: bool, progress: bool) -> Compressed:
    best, seconds = 0.0, 0.0
    for request in requests:
        search, fitted = _search(request, progress)
        began = time.perf_counter()
        finest = search.half() if half else search.finest()
        best = max(best, finest.psnr)
        found = None if finest.psnr < psnr else finest if half else search.reaching(psnr)
        seconds += fitted + time.perf_counter() - began
        if found:
            return Compressed(*found, seconds)
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
