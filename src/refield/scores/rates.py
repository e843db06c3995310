"""Rates and distortions: what files of images cost in bytes and how good their pictures are, and the curves of that."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from refield.errors import UserError
from refield.files import read
from refield.scores.files import require_columns
from refield.scores.metrics import psnr_8bit
from refield.scores.ms_ssim import ms_ssim
from refield.settings import key_shown


class Rate(NamedTuple):
    """One file of one image."""

    image: str
    codec: str
    setting: str  # of the codec, such as its quality
    bytes: int  # of the whole file
    bpp: float  # bits per pixel of the whole file
    psnr: float  # dB, of the 8-bit picture that the file decodes to
    ms_ssim: float  # of the same; NaN for small images


COLUMNS = Rate._fields
WORDS = ("image", "codec", "setting")


def rate(image: str, codec: str, setting: str, size: int, original: np.ndarray, decoded: np.ndarray) -> Rate:
    """The row of a file of `size` bytes; both pictures are uint8 (h, w, c)."""
    bpp = 8 * size / (original.shape[0] * original.shape[1])
    return Rate(image, codec, setting, size, bpp, psnr_8bit(original, decoded), ms_ssim(original, decoded))


def as_csv(rates: Iterable[Rate]) -> str:
    """The rows as a CSV file has them, in the order given."""
    rows = pd.DataFrame(rates, columns=pd.Index(COLUMNS))
    return rows.to_csv(index=False, float_format="%.6f", lineterminator="\n")


def read_rates(file: Path) -> pd.DataFrame:
    """The rows of such a file; `UserError` if it is missing, or has other columns or impossible values."""
    data = read(file, links=True)
    try:
        return parse_rates(data)
    except UserError as error:
        raise UserError(f"{file} {error}") from None


def parse_rates(data: bytes) -> pd.DataFrame:
    """`read_rates` of a file's content; `UserError` without a file's name. Words stay words, be they NA or 007."""
    try:
        rows = pd.read_csv(io.BytesIO(data), dtype=dict.fromkeys(WORDS, str), keep_default_na=False, na_values=[""])
    except ValueError:  # pandas' own errors, and that of bytes that are no UTF-8
        raise UserError("is no CSV file") from None
    if sorted(map(str, rows)) != sorted(COLUMNS):
        raise UserError(f"has the columns {','.join(map(key_shown, rows))}; they must be {','.join(COLUMNS)}")
    rows = rows[list(COLUMNS)].fillna(dict.fromkeys(WORDS, ""))
    require_columns(rows, ("bytes", "bpp", "psnr", "ms_ssim"))
    if not (rows[["bytes", "bpp"]] > 0).all(axis=None):
        raise UserError("has a row whose bytes or bpp are not above 0")
    if rows["psnr"].isna().any():
        raise UserError("has a row without psnr")
    twice = rows.duplicated(list(WORDS))
    if twice.any():
        raise UserError(f"has two rows of {', '.join(map(str, rows.loc[twice, list(WORDS)].iloc[0]))}")
    return rows


@dataclass(frozen=True)
class Curve:
    """Quality over rate: points that no file of fewer or as many bits equals, so that both rise from point to point."""

    bpp: np.ndarray  # (n,), n at least 1
    quality: np.ndarray  # (n,): PSNR in dB, or MS-SSIM

    @classmethod
    def of(cls, bpp: Iterable[float], quality: Iterable[float]) -> "Curve":
        """The curve of files; `ValueError` if none has a finite quality."""
        best, points = -np.inf, list[tuple[float, float]]()
        for cost, shown in sorted(zip(bpp, quality, strict=True), key=lambda point: (point[0], -point[1])):
            if best < shown < np.inf:
                best = shown
                points.append((cost, shown))
        if not points:
            raise ValueError("a curve needs a point of finite quality")
        return cls(*np.array(points, dtype=float).T)

    def at(self, bpp: float) -> float:
        """The quality at a rate, by PCHIP over the logarithm of the rate; NaN beyond the curve's ends."""
        if not self.bpp[0] <= bpp <= self.bpp[-1]:
            return float("nan")
        if len(self.bpp) == 1:
            return float(self.quality[0])
        return float(pchip(np.log(self.bpp), self.quality)(np.log(bpp)))


def pchip(x: np.ndarray, y: np.ndarray) -> Any:
    """The piecewise cubic Hermite interpolant of Fritsch and Carlson, which overshoots nowhere (scipy's)."""
    from scipy.interpolate import PchipInterpolator  # a third of a second to import

    return PchipInterpolator(x, y)


def by_image(rows: pd.DataFrame) -> dict[str, Curve]:
    """Each image's curve of PSNR, of one codec's rows."""
    return {str(image): Curve.of(own["bpp"], own["psnr"]) for image, own in rows.groupby("image")}


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean bpp, psnr and ms_ssim of one codec's settings, the lowest rate first; only of settings that all images have.

    PSNR is the mean of dB values, as published curves have it.
    """
    settings = rows.groupby("setting", sort=False)
    complete = settings.filter(lambda own: own["image"].nunique() == rows["image"].nunique())
    mean = complete.groupby("setting", sort=False)[["bpp", "psnr", "ms_ssim"]].mean()
    return mean.sort_values(["bpp", "psnr"], kind="stable").reset_index()
