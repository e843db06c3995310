"""Where, when and how each fit of a profile was made: the one thing in reports/ that may differ from run to run.

A row stays for as long as its fit has the same key and the same bytes: who makes them once more elsewhere changes
nothing. What is new, the store knows.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from refield import files
from refield.config import Params
from refield.pipeline.layout import Layout
from refield.units.store import Store

Row = dict[str, Any]


def update(layout: Layout, params: Params, profile: str) -> None:
    """Write a CSV for each method, with a row for each of its fits here whose origin is known."""
    for method in params.methods_of(profile):
        file = layout.provenance(profile, method)
        if rows := list(rows_of(layout, profile, method)):
            write(rows, file)
        else:
            file.unlink(missing_ok=True)


def rows_of(layout: Layout, profile: str, method: str) -> Iterator[Row]:
    """The earlier row of the same unit with the same bytes, or what the store says of them."""
    earlier, store = read(layout.provenance(profile, method)), Store(refit=False)
    for name, key in json.loads(layout.wanted(profile, method).read_text())["units"].items():
        folder, known = layout.fits(profile, method) / name, earlier.get(name, {})
        if not folder.is_dir():  # not fitted yet, or left where it was fitted
            if known.get("unit") == key:
                yield known
            continue
        found = digest_of(folder)
        if (known.get("unit"), known.get("digest")) == (key, found):
            yield known
        elif (made := store.get(key)) and digest(made.files) == found:
            yield {"image": name, **made.provenance, "unit": key, "digest": found}


def digest_of(folder: Path) -> str:
    """The digest of a fit in its place."""
    return digest({file.name: files.read(file, links=True) for file in folder.iterdir()})


def digest(contents: Mapping[str, bytes]) -> str:
    """16 hexadecimal digits, which tell one fit's files from another's."""
    lines = [f"{name} {hashlib.sha256(data).hexdigest()}" for name, data in sorted(contents.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def read(file: Path) -> dict[str, Row]:
    """The whole rows of a CSV by image; none where there is no such file, or nothing of the kind in it."""
    text = files.read(file, links=True).decode(errors="replace") if file.exists() else ""
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error:
        return {}
    return {row["image"]: row for row in rows if "image" in row and None not in (*row, *row.values())}


def write(rows: list[Row], file: Path) -> None:
    text = io.StringIO()
    columns = dict.fromkeys(column for row in rows for column in row)  # only Slurm's nodes have names
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    files.write(file, text.getvalue().encode())
