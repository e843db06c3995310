"""One try in a process of its own: with limits of time and memory, and with an eye on what it writes where."""

import dataclasses
import json
import math
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from refield.errors import UserError

SECONDS = 20  # of a processor; three times that by the clock, as others may be at work
GIB = 2**30
MOST_MEMORY, MOST_OF_A_FILE = 4 * GIB, GIB // 4

# What Python reports of itself before it happens, and where in it paths are.
WRITES = {
    **dict.fromkeys(("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "os.utime"), (0,)),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink"), (0, 1)),
}
WRITES["os.symlink"] = (1,)
NEVER = ("os.system", "os.exec", "socket.connect", "socket.getaddrinfo")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Ended:
    """How a try ended: `accepted` or `refused`, each with what was said, or `failed`, with why."""

    how: str
    said: str
    printed: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Place:
    """Where a try is at home: it may write nowhere else."""

    root: Path

    @property
    def work(self) -> Path:
        """The current directory."""
        return self.root / "work"

    @property
    def units(self) -> Path:
        """The unit store."""
        return self.root / "units"

    @property
    def outside(self) -> Path:
        """What nobody has to do with."""
        return self.root / "outside"

    @property
    def printed(self) -> Path:
        """What the try prints; not within the place."""
        return self.root.with_name("printed")

    @property
    def environment(self) -> dict[str, str]:
        """Where users' folders are."""
        folders = {"HOME": "home", "TMPDIR": "tmp", "XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache"}
        folders |= {"REFIELD_UNITS": "units", "DVC_SITE_CACHE_DIR": "site"}
        return {name: str(self.root / folder) for name, folder in folders.items()}

    def make(self) -> None:
        """Folders for a try, and some beside them; what was there is gone."""
        shutil.rmtree(self.root, ignore_errors=True)
        for folder in (self.work, self.units, self.outside / "folder", self.root / "home", self.root / "tmp"):
            folder.mkdir(parents=True)
        for file in (self.outside / "file", self.outside / "folder/file"):
            file.write_text("a secret")


def ended(act: Callable[[], str], place: Place, programs: Sequence[str] = (), seconds: float = SECONDS) -> Ended:
    """How `act` ends in a process of its own; it returns what it says of what it was given, or raises `UserError`.

    `programs` are those that it may start, "*" all.
    """
    report, begun = place.root.with_name("report"), time.monotonic()
    report.unlink(missing_ok=True)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # where there are threads, which wait
        child = os.fork()
    if child == 0:
        _try(act, place, programs, report, seconds)
    left = _wait(child, 3 * seconds)
    took = time.monotonic() - begun
    orphans = _stop(child)
    printed = place.printed.read_text(errors="backslashreplace")
    if left is None:
        return Ended("failed", f"did not end in {3 * seconds:g} seconds", printed, took)
    try:
        told = Ended(**json.loads(report.read_text()))
    except (OSError, ValueError):
        name = signal.Signals(os.WTERMSIG(left)).name if os.WIFSIGNALED(left) else f"status {left >> 8}"
        reason = f"took {seconds:g} seconds of a processor" if name == "SIGXCPU" else f"ended by {name}"
        return Ended("failed", reason, printed, took)
    if orphans:
        told = Ended("failed", f"left a process behind\n{told.how}: {told.said}")
    return dataclasses.replace(told, printed=printed, seconds=took)


def _wait(child: int, seconds: float) -> int | None:
    """The child's status; None if it does not end in time."""
    ready, _, _ = select.select([handle := os.pidfd_open(child)], [], [], seconds)
    os.close(handle)
    return os.waitpid(child, 0)[1] if ready else None


def _stop(child: int) -> bool:
    """Whether anything was left of a child's session; not any more."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return False
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        return True
    return False


def _try(act: Callable[[], str], place: Place, programs: Sequence[str], report: Path, seconds: float) -> NoReturn:
    """Act, and leave a report; this process ends here."""
    os.setsid()
    os.environ |= place.environment
    tempfile.tempdir = None
    output = os.open(place.printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout, sys.stderr = (open(stream, "w", encoding="utf-8", closefd=False) for stream in (1, 2))  # noqa: SIM115
    os.chdir(place.work)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_OF_A_FILE, MOST_OF_A_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    watching = True
    elsewhere: list[str] = []

    def watch(event: str, arguments: Any) -> None:
        if watching and (said := _odd(event, arguments, place, programs)):
            elsewhere.append(said)

    sys.addaudithook(watch)
    try:
        told = Ended("accepted", str(act()))
    except UserError as error:
        told = Ended("refused", str(error))
    except BaseException:
        told = Ended("failed", traceback.format_exc())
    watching = False
    if elsewhere:
        told = Ended("failed", f"{elsewhere[0]}\n{told.how}: {told.said}")
    report.write_text(json.dumps({"how": told.how, "said": told.said}))
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _odd(event: str, arguments: Any, place: Place, programs: Sequence[str]) -> str:
    """What an event has to do with elsewhere; empty if nothing."""
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
