"""Photographs that lie in the folder of a profile's sources themselves."""

from functools import partial
from pathlib import Path

from refield.errors import UserError
from refield.files import read
from refield.signals.sources.sums import Read

# Pillow may not read all of these; better a word from it than a photograph passed over in silence.
EXTENSIONS = (
    *(".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jpeg", ".jpg", ".pbm"),
    *(".pgm", ".png", ".pnm", ".ppm", ".psd", ".tga", ".tif", ".tiff", ".webp"),
)


def originals(place: Path) -> dict[str, Read]:
    """Whatever photographs lie there; hidden files and other kinds of file are passed over."""
    if not place.is_dir():
        raise UserError(f"{place} is missing; make it and put the photographs there (PNG, JPEG, TIFF, WebP, BMP)")
    files = sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith("."))
    return {path.name: partial(read, path, links=True) for path in files if path.suffix.lower() in EXTENSIONS}
