"""What the files of coded fits show, and what a task's network sees there: a row for each file of an image."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from refield.errors import UserError
from refield.scores.files import read_csv, require_columns


class Look(NamedTuple):
    """A file that was looked at."""

    method: str
    image: str
    codec: str  # the way of coding
    setting: str
    bpp: float  # bits per pixel of the whole file
    psnr_8bit: float  # dB, of the 8-bit picture that the file decodes to, as the next two are
    ssim: float
    dice: float


class Name(NamedTuple):
    """Which file it is."""

    method: str
    image: str
    codec: str
    setting: str


WORDS = Name._fields
NUMBERS = tuple(name for name in Look._fields if name not in WORDS)
NONE = pd.DataFrame(columns=pd.Index(Look._fields))


def read_looks(file: Path) -> pd.DataFrame:
    """The rows of a CSV file of them; `UserError` names one that is missing, or no such file."""
    rows = read_csv(file)
    try:
        require_columns(rows, NUMBERS)
        if lacking := [name for name in WORDS if name not in rows]:
            raise UserError(f"has no column {lacking[0]}")
    except UserError as error:
        raise UserError(f"{file} {error}") from None
    return rows


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """Their numbers by method, codec and setting, averaged over images; missing where some image has no such file."""
    groups = rows.groupby(["method", "codec", "setting"], sort=False)
    images = rows.groupby("method")["image"].nunique()
    return groups[[*NUMBERS]].mean().where(groups.size().eq(images, level="method"))
