"""Files that another machine may have written, or replaced: only files are read, and nothing is written beside them."""

import contextlib
import errno
import os
import shutil
import stat
import uuid
from pathlib import Path

from refield.errors import UserError

OF_THE_PATH = {errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG}  # errors that stay
MOST = 2**30  # bytes of one file: the weights of 268 million connections

# Neither follows a link in the last place, nor waits for who writes into a pipe; Windows has no such pipes.
_SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class Unreadable(UserError):
    """A file that may be whole: the disk, the network or a permission is what is wrong."""


def read(path: Path, most: int = MOST, links: bool = False) -> bytes:
    """The bytes of a file; `UserError` if it is missing, no file, above `most` bytes, or a link where `links` are none;
    `Unreadable` if nothing is known of it.

    DVC may check files out as links to its cache; in the unit store there are none.
    """
    try:
        if not links and path.is_symlink():
            raise UserError(f"{path} is a link, not a file")
        descriptor = os.open(path, os.O_RDONLY | _SAFELY | (0 if links else _NO_LINK))
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise UserError(f"{path} is no file")
            if about.st_size > most:
                raise UserError(f"{path} has more than {most} bytes")
            with open(descriptor, "rb", closefd=False) as stream:
                return stream.read(about.st_size)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise UserError(f"{path} is missing") from None
    except OSError as error:
        kind = UserError if error.errno in OF_THE_PATH else Unreadable
        raise kind(f"{path} cannot be read: {error.strerror}") from None


def write(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all; what stands there is replaced, be it a link. `OSError` if it cannot be."""
    draft = path.with_name(f"draft-{uuid.uuid4().hex}")
    try:
        with draft.open("xb") as stream:
            stream.write(data)
        if is_folder(path):
            remove(path)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def make_folder(path: Path) -> None:
    """Make a folder, unless it is there; a file or a link in its place is removed. `OSError` if it cannot be made."""
    with contextlib.suppress(OSError):  # another process may have made the folder since; what else is wrong, mkdir says
        if not is_folder(path):
            path.unlink()
    path.mkdir(parents=True, exist_ok=True)


def is_folder(path: Path) -> bool:
    """Whether it is a folder, and no link to one."""
    return path.is_dir() and not path.is_symlink()


def remove(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or a link, but nothing that a link names; if it can be."""
    if is_folder(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
