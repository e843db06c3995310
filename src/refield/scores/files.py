"""Scores, curves, provenance and studies as they lie in CSV files, read again."""

import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from refield.errors import UserError
from refield.files import read

# Columns of words. An image may be called NA, 007, 1e5 or True, and a commit's digits may look like a number.
TEXT = (
    *("profile", "method", "image", "unit", "date", "code"),
    *("device", "node", "platform", "blas", "torch", "numpy", "python", "precision"),
)


def read_csv(file: Path) -> pd.DataFrame:
    """The rows of a CSV file of ours, whose columns of words stay words; `UserError` if it is missing or no CSV file.

    An empty field is the empty word, or in other columns a missing value.
    """
    data = read(file, links=True)
    try:
        return parse_csv(data)
    except UserError as error:
        raise UserError(f"{file} {error}") from None


def require_columns(rows: pd.DataFrame, columns: Iterable[str]) -> None:
    """`UserError`, without a file's name, unless all columns are there, and hold numbers where they hold no words."""
    for column in columns:
        if column not in rows:
            raise UserError(f"has no column {column}")
        if column not in TEXT and len(rows) and rows[column].dtype.kind not in "iuf":
            raise UserError(f"has what is no number in its column {column}")


def parse_csv(data: bytes) -> pd.DataFrame:
    """`read_csv` of a file's content; `UserError`, without a file's name, if it is no CSV file."""
    try:
        rows = pd.read_csv(io.BytesIO(data), dtype=dict.fromkeys(TEXT, str), keep_default_na=False, na_values=[""])
    except ValueError:  # pandas' own errors, and that of bytes that are no UTF-8
        raise UserError("is no CSV file") from None
    return rows.fillna({name: "" for name in TEXT if name in rows})
