"""Pictures of files at equal rates, as the page of rates has them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from refield.reports.html import as_address
from refield.scores.numbers import number


class Seen(NamedTuple):
    """What a file holds."""

    title: str
    bpp: float
    psnr: float  # dB
    picture: np.ndarray  # uint8 (h, w, 3)


def look_at(name: str, original: np.ndarray, files: Iterable[Seen], side: int) -> dict[str, Any]:
    """An image, uint8 (h, w, 3), beside what files hold of it: of each the middle, `side` pixels or less a side."""
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
    return {"name": name, "note": note, "original": as_address(original[rows, columns]), "shown": shown}


def nearest_below(rows: pd.DataFrame, bpp: float) -> dict[str, Any]:
    """The row of an image's largest file of at most a rate, or of the smallest of all."""
    ordered = rows.sort_values("bpp")
    below = ordered[ordered["bpp"] <= bpp]
    return {str(key): value for key, value in (below.iloc[-1] if len(below) else ordered.iloc[0]).items()}


def _middle(length: int, most: int) -> slice:
    start = max(0, (length - most) // 2)
    return slice(start, start + min(length, most))
