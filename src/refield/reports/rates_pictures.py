"""Pictures of files at equal rates, as the page of rates has them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from refield.codecs import CODECS, within
from refield.comparison import Fields, Profile
from refield.reports.html import as_address
from refield.scores.metrics import psnr_8bit
from refield.scores.numbers import number


class Seen(NamedTuple):
    """What a file holds."""

    title: str
    bpp: float
    psnr: float  # dB
    picture: np.ndarray  # uint8 (h, w, 3)


def look_at(
    name: str, original: np.ndarray, files: Iterable[Seen], side: int, absent: Sequence[str] = ()
) -> dict[str, Any]:
    """An image, uint8 (h, w, 3), beside what files hold of it: of each the middle, `side` pixels or less a side.

    Of what is `absent` the note says so.
    """
    rows, columns = (_middle(length, side) for length in original.shape[:2])
    shown = [
        {
            "title": seen.title,
            "words": f"{seen.title}, {number(seen.bpp, 3)} bpp, {number(seen.psnr)} dB",
            "picture": as_address(seen.picture[rows, columns]),
        }
        for seen in files
    ]
    height, width = original.shape[:2]
    note = f"{name}, {width} x {height} pixels."
    if original[rows, columns].shape != original.shape:
        note += f" Rows {rows.start} to {rows.stop - 1}, columns {columns.start} to {columns.stop - 1}."
    note += f" Without {', and without '.join(absent)}." if absent else ""
    return {"name": name, "note": note, "original": as_address(original[rows, columns]), "shown": shown}


def lookable(entry: Profile) -> tuple[list[Fields], list[str]]:
    """The fields of a profile whose pictures or files are there, and in words those of which these are not; of fields
    that have neither, and of a profile without pictures, nothing."""
    places = [(each, Path(place)) for each in entry.fields if entry.pictures and (place := each.pictures or each.files)]
    absent = [f"{each.label}, whose files are not in {place}" for each, place in places if not place.exists()]
    return [each for each, place in places if place.exists()], absent


def coded(codec: str, original: np.ndarray, bpp: float) -> Seen:
    """What a standard codec's file of an image, uint8 (h, w, 3), holds: the largest of at most a rate."""
    pixels = original.shape[0] * original.shape[1]
    file = within(codec, original, int(bpp * pixels / 8))
    return Seen(CODECS[codec].title, 8 * len(file.data) / pixels, psnr_8bit(original, file.picture), file.picture)


def nearest_below(rows: pd.DataFrame, bpp: float) -> dict[str, Any]:
    """The row of an image's largest file of at most a rate, or of the smallest of all."""
    ordered = rows.sort_values("bpp")
    below = ordered[ordered["bpp"] <= bpp]
    return {str(key): value for key, value in (below.iloc[-1] if len(below) else ordered.iloc[0]).items()}


def _middle(length: int, most: int) -> slice:
    start = max(0, (length - most) // 2)
    return slice(start, start + min(length, most))
