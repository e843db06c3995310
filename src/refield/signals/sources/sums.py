"""What originals must be: their sha256, and lists of them as `sha256sum` writes them."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from refield.errors import UserError, shown
from refield.signals.names import PORTABLE

SUMS = "SHA256SUMS"
Read = Callable[[], bytes]  # an original's content, which is the right one; `UserError` if it is not to be had


def read_sums(path: Path) -> dict[str, str]:
    """File names and their sha256, as `sha256sum` lists them."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UserError(
            f"{path} is missing or no text; it lists the source's photographs as sha256sum does, "
            "and that of another profile with the same source can be copied"
        ) from None
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        match = re.fullmatch(rf"([0-9a-f]{{64}}) [ *]({PORTABLE.pattern})", line)
        if not match:
            raise UserError(
                f"{path}, line {number}: {shown(line)} is not 64 hexadecimal digits, two spaces and a file name"
            )
        if match[2] in sums:
            raise UserError(f"{path}, line {number}: {match[2]} is listed twice")
        sums[match[2]] = match[1]
    return sums


def verified(data: bytes, sha256: str, place: object) -> bytes:
    """The data, if it has this sha256; `UserError`, which begins with its place, otherwise."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise UserError(f"{place}: its sha256 is {found}, expected {sha256}")
    return data


def verified_file(path: Path, sha256: str) -> Path:
    """The path, if what lies there has this sha256, or one that begins so; `UserError` otherwise.

    It is read in pieces, however large.
    """
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    if not found.startswith(sha256):
        raise UserError(f"{path}: its sha256 is {found}, expected {sha256}")
    return path
