"""Meshes and grids of voxels that lie in the folder of a profile's sources themselves."""

from functools import partial
from pathlib import Path

from refield.errors import UserError
from refield.files import read
from refield.signals.solids import EXTENSIONS
from refield.signals.sources.sums import Read


def originals(place: Path) -> dict[str, Read]:
    """Whatever solids lie there; hidden files and other kinds of file are passed over."""
    wanted = f"put the solids there ({', '.join(EXTENSIONS)})"
    if not place.is_dir():
        raise UserError(f"{place} is missing; make it and {wanted}")
    files = sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith("."))
    solids: dict[str, Read] = {
        path.name: partial(read, path, links=True) for path in files if path.suffix.lower() in EXTENSIONS
    }
    if not solids:
        raise UserError(f"{place} has no solids; {wanted}")
    return solids
