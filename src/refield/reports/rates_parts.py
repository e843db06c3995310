"""Where the bytes of files of latents go: rows of a CSV file, and a table of their means over images at each rate."""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from refield.errors import UserError
from refield.files import read
from refield.scores.files import require_columns
from refield.scores.numbers import number

FILE = "parts.csv"  # beside the rates of the same files
WORDS = ("image", "codec", "setting", "part")
LEAD = (
    "Where the bytes of files of latents go: means over images, and shares of whole files. All symbols are in one "
    "stream, where a part takes what the decoder's own probabilities of its symbols say."
)

Row = tuple[str, str, str, str, float]  # image, codec, setting, part, bytes


def as_csv(rows: Iterable[Row]) -> str:
    """The rows as a CSV file has them, in the order given."""
    table = pd.DataFrame(rows, columns=pd.Index([*WORDS, "bytes"]))
    return table.to_csv(index=False, float_format="%.3f", lineterminator="\n")


def read_parts(file: Path) -> pd.DataFrame:
    """The rows of such a file; `UserError` if it is missing, or has other columns."""
    data = read(file, links=True)
    try:
        rows = pd.read_csv(io.BytesIO(data), dtype=dict.fromkeys(WORDS, str), keep_default_na=False, na_values=[""])
    except ValueError:  # pandas' own errors, and that of bytes that are no UTF-8
        raise UserError(f"{file} is no CSV file") from None
    if list(rows) != [*WORDS, "bytes"]:
        raise UserError(f"{file} must have the columns {','.join(WORDS)},bytes")
    try:
        require_columns(rows, ["bytes"])
    except UserError as error:
        raise UserError(f"{file} {error}") from None
    return rows


def table(label: str, rows: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Heads, and for whole files and each part the bytes and their share at each setting, of files of this label."""
    settings = list(rows["setting"].unique())
    sums = rows.pivot_table(index="part", columns="setting", values="bytes", aggfunc="sum", sort=False)[settings]
    means = sums.fillna(0).to_numpy() / rows["image"].nunique()
    whole = means.sum(axis=0)
    said = np.vectorize(lambda size, share: f"{number(size, 0)}, {number(share, 1)} %")(means, 100 * means / whole)
    lines = [[part, *cells] for part, cells in zip(sums.index, said.tolist(), strict=True)]
    heads = [f"Bytes of {label}", *(f"at {each} bpp" for each in settings)]
    return heads, [["whole", *(number(size, 0) for size in whole)], *lines]
