"""What a process does to files and starts, and whether that is any business of its own."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fuzz.place import Place

# What Python reports of itself before it happens, and where in it paths are.
WRITES = {
    **dict.fromkeys(("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "os.utime"), (0,)),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink"), (0, 1)),
}
WRITES["os.symlink"] = (1,)
NEVER = ("os.system", "os.exec", "socket.connect", "socket.getaddrinfo")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def trespass(event: str, arguments: Any, place: Place, programs: Sequence[str]) -> str:
    """What an event has to do with what is not the place's; empty if nothing."""
    if event == "open":
        path, _, flags = arguments
        if not isinstance(path, int) and isinstance(flags, int):
            path = os.path.realpath(path)
            if flags & WRITING and not _at_home(path, place):
                return f"wrote {path!r}"
            if not flags & (WRITING | os.O_NOFOLLOW) and _is_within(path, place.outside):
                return f"read {path!r}"
    elif event in WRITES:
        odd = [arguments[at] for at in WRITES[event] if not _at_home(arguments[at], place)]
        return f"{event} {odd[0]!r}" if odd else ""
    elif event == "subprocess.Popen":
        name = os.path.basename(os.fsdecode(arguments[0]))
        return "" if name in programs or "*" in programs else f"started {name}"
    elif event in NEVER:
        return f"{event}{arguments!r}"
    return ""


def _at_home(path: Any, place: Place) -> bool:
    if isinstance(path, int) or path is None:
        return True
    if any(_is_within(path, Path(folder)) for folder in ("/dev", "/proc")):  # where no files are made
        return True
    return _is_within(path, place.root) and not _is_within(path, place.outside)


def _is_within(path: Any, folder: Path) -> bool:
    # The last part may be a link that is replaced, not followed.
    head, tail = os.path.split(os.fsdecode(path))
    try:
        whole = os.path.join(os.path.realpath(head or "."), tail)
    except (OSError, ValueError):
        return True
    return os.path.commonpath([os.path.normpath(whole), folder]) == str(folder)
