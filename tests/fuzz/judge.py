"""Whether a try ended as anything may end: in a result or in one sentence, in time, with nothing touched elsewhere."""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzz.guarded import SECONDS, ended
from fuzz.place import Place

TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Try:
    """What is tried in a process of its own, and what it may do to files."""

    about: str  # in a line
    act: Callable[[], str]  # says what it was given, or raises `UserError`; anything else is a failure
    writes: str = "(?!)"  # paths below the place's root that may come, change or go
    programs: Sequence[str] = ()  # that it may start; "*" for any


def tried(case: Try, place: Place, seconds: float = SECONDS) -> tuple[str, str, float]:
    """How a case ended, with its words, after how many seconds; it failed if its end, or what it left, is not right."""
    before = looks(place.root)
    end = ended(case.act, place, case.programs, seconds)
    touched = [path for path in changed(before, looks(place.root)) if not re.fullmatch(case.writes, path)]
    wrong = ""
    if touched:
        wrong = f"touched {', '.join(touched[:5])}"
    elif TRACEBACK in end.printed:
        wrong = end.printed
    elif end.how == "refused" and not is_sentence(end.said):
        wrong = "no sentence"
    if wrong and end.how != "failed":
        return "failed", f"{wrong}\n{end.how}: {end.said}", end.seconds
    return end.how, end.said, end.seconds


def looks(root: Path) -> dict[str, str]:
    """What each path below is, and holds."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                what = f"a link to {os.readlink(path)}"
            elif stat.S_ISREG(mode):
                with open(path, "rb") as stream:
                    what = hashlib.file_digest(stream, "sha256").hexdigest()
            else:
                what = f"of kind {stat.S_IFMT(mode)}"
            found[os.path.relpath(path, root)] = what
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The paths that have come, changed or gone."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def is_sentence(said: str) -> bool:
    """Whether it is one line that a terminal shows, of a length that one reads."""
    return bool(re.fullmatch(r"[^\x00-\x1f\x7f]{5,1500}", said))
