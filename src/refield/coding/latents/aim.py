"""What is wanted of a file of latents, and the file."""

from dataclasses import dataclass
from typing import NamedTuple

from refield.coding.latents.file import CodedLatents

MARGIN = 0.98  # of the size or the error that is wanted, which is aimed at


@dataclass(frozen=True)
class Aim:
    """A file's size or quality: one of these two."""

    bpp: float | None = None  # at most
    psnr: float | None = None  # dB of the 8-bit picture, at least

    def excess(self, distortion: float, rate: float) -> float:
        """By which factor a file is too large, or too good; below 1 if it is too small, or not good enough."""
        if self.bpp is not None:
            return rate / (MARGIN * self.bpp)
        assert self.psnr is not None
        return MARGIN * 10 ** (-self.psnr / 10) / max(distortion, 1e-9)

    def met(self, made: "Made") -> bool:
        """Whether a file is as wanted."""
        return made.bpp <= self.bpp if self.bpp is not None else made.psnr >= (self.psnr or 0)


class Made(NamedTuple):
    """A file, what it holds, and how good its picture is."""

    data: bytes
    coded: CodedLatents
    psnr: float  # dB

    @property
    def bpp(self) -> float:
        return 8 * len(self.data) / self.coded.samples
