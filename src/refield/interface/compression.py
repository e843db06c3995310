"""A photograph as a small file: a field is fitted to it, its weights as coarse as size or quality allow."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal

import numpy as np

from refield import config, fields, files
from refield.coding import file, maps
from refield.coding.description import Description
from refield.coding.limits import MOST_BYTES
from refield.coding.range_coder import Encoder
from refield.coding.search import Search
from refield.coding.tensors import Half
from refield.errors import UserError
from refield.interface.request import Picture, Request, ask
from refield.settings import refused
from refield.signals.image import as_image, squeezed
from refield.units import weights
from refield.units.names import WEIGHTS
from refield.units.unit import Unit

BITS = 7.5  # of a weight: with fewer a smaller network is better, with more a larger one
OVERHEAD, EACH = 32, 4  # bytes of a file, and of each of its tensors
WIDEST = 2048
NARROWEST = 2
RAW = 8  # bits of a value in an image's pixels: no file should be larger
MOST_BPP = 64
BEST = 100.0  # dB: beyond that no 8-bit image differs


@dataclass(frozen=True, eq=False, repr=False)
class Compressed:
    """A compressed image; `refield.compress` makes it."""

    data: bytes  # the file
    coded: file.Coded
    psnr: float  # dB, of the 8-bit picture that this machine decodes

    @property
    def bpp(self) -> float:
        """Bits per pixel of the whole file."""
        return 8 * len(self.data) / self.coded.samples

    @property
    def picture(self) -> np.ndarray:
        """What is decoded: pixels (h, w, 3) or (h, w), uint8."""
        return squeezed(as_image(self.coded.signal()).pixels)

    def save(self, path: str | PathLike[str], force: bool = False) -> Path:
        """Write the file, as a whole or not at all; `UserError` if it cannot be, or is there without `force`."""
        return write(path, self.data, force)

    def __str__(self) -> str:
        size = " x ".join(map(str, reversed(self.coded.shape)))
        return f"{size} pixels, {len(self.data):,} bytes, {self.bpp:.3f} bpp, PSNR {self.psnr:.2f}"

    __repr__ = __str__


def compress(
    image: Picture,
    *,
    bpp: float | None = None,
    psnr: float | None = None,
    half: bool = False,
    method: str | None = None,
    profile: str = "quick",
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
    targets = {"bpp": bpp, "psnr": psnr}
    if (bpp is None) == (psnr is None):
        raise UserError("either bpp or psnr must be given, and not both: the size or the quality of the file")
    for name, value in targets.items():
        if value is not None and not 0 < value <= (BEST if name == "psnr" else MOST_BPP):
            raise refused(
                name,
                value,
                f"be more than 0, and at most {BEST:g} dB"
                if name == "psnr"
                else f"be more than 0, and at most {MOST_BPP}",
            )
    method = method or next(iter(config.read(profile).methods))
    request = ask(image, method, profile, "represent", True, seed, device, settings)
    about = describe(request.unit)
    fixed = "width" in settings or not isinstance(getattr(about.field, "width", None), int)
    if bpp is not None:
        most = math.floor(bpp * request.unit.samples / 8)
        wide = request if fixed else _wide(request, _widest(about, _room(request.unit, most), half))
        return _within(_search(wide, progress), most, half, bpp, request.unit.samples)
    assert psnr is not None
    return _reaching([request] if fixed else _wider(request, half), psnr, half, progress)


def decompress(source: bytes | str | PathLike[str]) -> np.ndarray:
    """The picture of a compressed file, or of its content: (h, w, 3) or (h, w) uint8; `UserError` if it is none."""
    coded = file.decode(source) if isinstance(source, bytes) else read(source)
    return squeezed(as_image(coded.signal()).pixels)


def read(path: str | PathLike[str]) -> file.Coded:
    """What a compressed file holds; `UserError` names it if it is missing, damaged or another kind of file."""
    where = Path(fspath(path)).expanduser()
    data = files.read(where, MOST_BYTES, links=True)
    try:
        return file.decode(data)
    except UserError as error:
        raise UserError(f"{where} {error}") from None


def facts(path: str | PathLike[str]) -> Iterator[tuple[str, str]]:
    """What there is to say of a compressed file, by keys; `UserError` if it is none."""
    coded, size = read(path), Path(fspath(path)).expanduser().stat().st_size
    count = sum(array.size for array in coded.weights.values())
    halves = any(isinstance(tensor, Half) for tensor in coded.tensors.values())
    field = fields.describe(coded.about.field)
    yield "picture", f"{' x '.join(map(str, reversed(coded.shape)))} pixels, {coded.about.channels} channels"
    yield "file", f"{size:,} bytes, {8 * size / coded.samples:.3f} bpp"
    yield "weights", f"{count:,}, {'in half precision' if halves else 'quantised and entropy-coded'}"
    yield "map", "none" if coded.labels is None else f"of {coded.about.regions} regions"
    yield "field", json.dumps({key: value for key, value in field.items() if value is not None})


def require_new(path: str | PathLike[str], force: bool) -> Path:
    """Where a file may be written; `UserError` if there is a folder, or a file and no `force`."""
    where = Path(fspath(path)).expanduser()
    if where.is_dir():
        raise UserError(f"{where} is a folder; a file is to be written")
    if where.exists() and not force:
        raise UserError(f"{where} is there already; --force, or force=True, replaces it")
    return where


def write(path: str | PathLike[str], data: bytes, force: bool) -> Path:
    """Write a file as a whole or not at all; `UserError` if that cannot or must not be."""
    where = require_new(path, force)
    try:
        files.write(where, data)
    except OSError as problem:
        raise UserError(f"{where} cannot be written: {problem.strerror or problem}") from None
    return where


def describe(unit: Unit) -> Description:
    """What a file says of a unit's field."""
    signal = unit.signal
    return Description(unit.field, type(signal), len(signal.shape), signal.channels, unit.train.target)


def _search(request: Request, progress: bool) -> Search:
    """The fit, whose steps are then sought."""
    result, unit = request.make(progress), request.unit
    return Search(describe(unit), weights.parse(result.files[WEIGHTS]).weights, as_image(unit.signal), unit.labels)


def _within(search: Search, most: int, half: bool, bpp: float, samples: int) -> Compressed:
    found = search.half() if half else search.within(most)
    if found is None or len(found.data) > most:
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
    about, raw = describe(request.unit), RAW * request.unit.signal.channels * request.unit.samples // 8
    tried = 0
    for halvings in range(8, -1, -1):
        width = _widest(about, _room(request.unit, raw >> halvings), half)
        if width > tried:
            yield _wide(request, width)
        tried = max(tried, width)


def _wide(request: Request, width: int) -> Request:
    return replace(request, unit=replace(request.unit, field=_of_width(describe(request.unit), width).field))


def _of_width(about: Description, width: int) -> Description:
    return replace(about, field=about.field.model_copy(update={"width": width}))  # type: ignore[attr-defined]


def _room(unit: Unit, most: int) -> float:
    """What is left of a file for its tensors, in bytes."""
    encoder, regions = Encoder(), describe(unit).regions
    if regions is not None and unit.labels is not None:
        maps.encode(unit.labels, regions, encoder)
    return most - OVERHEAD - len(encoder.finish())


def _widest(about: Description, room: float, half: bool) -> int:
    """The width of the largest network whose weights have about so many bytes; the narrowest at least."""

    def fits(width: int) -> bool:
        try:
            sizes = [math.prod(shape) for shape in _of_width(about, width).shapes().values()]
        except UserError:  # more than any file may have
            return False
        return (2 * sum(sizes) if half else BITS / 8 * sum(sizes) + EACH * len(sizes)) <= room

    low, high = NARROWEST, WIDEST
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
