"""Files that a task sees with, each known by its sha256."""

import hashlib
from pathlib import Path

from refield.errors import UserError
from refield.files import read


def sha256_of(path: Path) -> str | None:
    """The hexadecimal sha256 of a file's bytes; None where there is no such file yet."""
    try:
        return hashlib.sha256(read(path, links=True)).hexdigest()
    except UserError:
        return None


def read_known(path: Path, sha256: str | None, key: str) -> bytes:
    """The bytes of a file; `UserError`, beginning with the `key` that names it, if it is missing, or another one.

    A `sha256` of None is that of a file that was not there when it was asked for: what is not known cannot be the same.
    """
    try:
        data = read(path, links=True)
    except UserError as error:
        raise UserError(f"{key}: {error}") from None
    if sha256 is None:
        raise UserError(f"{key}: {path} has come only now; run this again")
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise UserError(f"{key}: {path} has the sha256 {found}; {key.replace('_file', '_sha256')} is {sha256}")
    return data
