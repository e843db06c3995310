"""Compressed files, made and read, and what they show."""

from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from refield import files
from refield.coding import file
from refield.coding.limits import MOST_BYTES
from refield.errors import UserError
from refield.interface import destination
from refield.signals.image import as_image, squeezed


@dataclass(frozen=True, eq=False, repr=False)
class Compressed:
    """A compressed image; `refield.compress` makes it."""

    data: bytes  # the file
    coded: file.Content
    psnr: float  # dB, of the 8-bit picture that this machine decodes
    seconds: float | None = None  # by the clock, of all that was fitted and sought, whenever it was; None: unknown

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
        return destination.write(path, self.data, force)

    def __str__(self) -> str:
        size = " x ".join(map(str, reversed(self.coded.shape)))
        return f"{size} pixels, {len(self.data):,} bytes, {self.bpp:.3f} bpp, PSNR {self.psnr:.2f}"

    __repr__ = __str__


def decompress(source: bytes | str | PathLike[str]) -> np.ndarray:
    """The picture of a compressed file, or of its content: (h, w, 3) or (h, w) uint8; `UserError` if it is none."""
    coded = file.decode(source) if isinstance(source, bytes) else read(source)
    return squeezed(as_image(coded.signal()).pixels)


def read(path: str | PathLike[str]) -> file.Content:
    """What a compressed file holds; `UserError` names it if it is missing, damaged or another kind of file."""
    return opened(path)[1]


def opened(path: str | PathLike[str]) -> tuple[bytes, file.Content]:
    """A compressed file's bytes and what they hold; `UserError` as of `read`."""
    where = Path(fspath(path)).expanduser()
    data = files.read(where, MOST_BYTES, links=True)
    try:
        return data, file.decode(data)
    except UserError as error:
        raise UserError(f"{where} {error}") from None
