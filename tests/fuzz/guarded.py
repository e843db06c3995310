"""One try in a process of its own: with limits of time and memory, and with an eye on what it writes where."""

import dataclasses
import json
import math
import os
import resource
import select
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

from fuzz.place import Place
from fuzz.watch import trespass

from refield.errors import UserError

SECONDS = 20  # of a processor; three times that by the clock, as others may be at work
GIB = 2**30
MOST_MEMORY, MOST_OF_A_FILE = 4 * GIB, GIB // 4


@dataclass(frozen=True)
class Ended:
    """How a try ended: `accepted` or `refused`, each with what was said, or `failed`, with why."""

    how: str
    said: str
    printed: str = ""
    seconds: float = 0.0


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
        if watching and (said := trespass(event, arguments, place, programs)):
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
