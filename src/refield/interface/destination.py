"""Where a command writes a file: nothing that is there is replaced unasked, and nothing is written in part."""

from os import PathLike, fspath
from pathlib import Path

from refield import files
from refield.errors import UserError
from refield.interface import folders


def prepare(path: str | PathLike[str], force: bool, suffix: str | None = None) -> Path:
    """A file that may be written, in a folder that is there now; `UserError` says why not.

    Args:
        path: The file.
        force: Whether a file that is there may be replaced.
        suffix: What its name must end in, in letters of either case.
    """
    where = require_new(path, force)
    if suffix and where.suffix.lower() != suffix:
        raise UserError(f"{where} is not allowed; it must end in {suffix}")
    folders.make(where.parent)
    return where


def require_new(path: str | PathLike[str], force: bool) -> Path:
    """The file's path; `UserError` if there is a folder, or a file and no `force`."""
    where = Path(fspath(path)).expanduser()
    if where.is_dir():
        raise UserError(f"{where} is a folder; a file is to be written")
    if where.exists() and not force:
        raise UserError(f"{where} is there already; --force, or force=True, replaces it")
    return where


def write(path: str | PathLike[str], data: bytes, force: bool) -> Path:
    """Write a file as a whole or not at all; `UserError` if that cannot or must not be."""
    where = require_new(path, force)
    try:
        files.write(where, data)
    except OSError as problem:
        raise UserError(f"{where} cannot be written: {problem.strerror or problem}") from None
    return where
