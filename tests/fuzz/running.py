"""`refield` in this process, and what a command's words and status mean."""

import os
import re
import sys
from collections.abc import Sequence
from typing import Any

from fuzz.place import Place

from refield import cli
from refield.errors import UserError


def status_of(arguments: Sequence[str], environment: dict[str, str], place: Place) -> str:
    """Run a command in this process; what it prints, or `UserError` with what it says if it cannot."""
    os.environ.update(environment)
    sys.argv = ["refield", *arguments]
    status: Any = None
    try:
        cli.main()
    except SystemExit as end:
        status = end.code
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return judged(status, place.printed.read_text(errors="replace"))


def judged(status: Any, printed: str, refused: Sequence[int] = (1, 2)) -> str:
    """What a command has printed; `UserError` with what it says if it refuses, `AssertionError` if it breaks."""
    assert "Traceback (most recent call last)" not in printed, printed
    assert "this is a bug of refield" not in printed, printed
    if status in refused:
        said = re.split(r"error: |ERROR: ", printed)[-1] if status != 2 else "usage"
        assert said, f"status {status} without a word"
        # `verify` lists what it has found; how DVC says what it has to say is its own affair.
        raise UserError(" ".join(said.split()) if re.match(r"\d+ found\n", said) or status == 255 else said.strip())
    assert not status, f"status {status}: {printed}"
    return printed.strip()
