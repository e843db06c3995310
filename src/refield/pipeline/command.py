"""How every command ends, `refield` and the stages: as it should, or in one sentence."""

import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import typer

from refield.errors import UserError, is_of_memory, one_line

BUG = 70  # exit status, EX_SOFTWARE of sysexits.h; of what is no bug it is 1
CONTROL = re.compile(r"\n(?!  )|[\x00-\x09\x0b-\x1f\x7f-\x9f]")
PACKAGES = ("refield", "dvc", "numpy", "pydantic", "torch")  # whose versions stand in a log


def run(main: Callable[..., Any]) -> None:
    """Run a stage's `main` as a typer command that ends in `one_sentence`."""
    with one_sentence():
        typer.run(main)


@contextmanager
def one_sentence() -> Iterator[None]:
    """End the process in a line on standard error, whatever is raised within: a `UserError`'s sentence, exit status 1.

    Of anything else the details go to a file that the line names. Interruptions and exits stay what they are.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # where ASCII is all there is, other letters are no error
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except UserError as error:
        _end(str(error), 1)
    except Exception as error:
        said, status = _words(error)
        _end(f"{said}; {_noted(error)}", status)


def _end(said: str, status: int) -> NoReturn:
    # A name may hold what moves a terminal's cursor, or looks like another line; lines of a list are set in by two.
    printable = CONTROL.sub(lambda found: repr(found[0])[1:-1], said)
    print(f"error: {printable}", file=sys.stderr)
    raise SystemExit(status) from None


def _words(error: Exception) -> tuple[str, int]:
    """What has happened, and the exit status: it is the machine's fault, or a bug."""
    said = one_line(error)
    if is_of_memory(error):
        return f"the memory does not suffice ({said}); smaller images or networks need less", 1
    if isinstance(error, OSError):
        files = [str(file) for file in (error.filename, error.filename2) if file is not None]
        return ": ".join([*files, error.strerror or said]), 1
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("refield"):
        return f"the Python package {error.name} is missing; install refield with all that it needs", 1
    return f"this is a bug of refield, please report it: {type(error).__name__}: {said}{_place(error)}", BUG


def _place(error: Exception) -> str:
    """Where in this package an exception comes from."""
    import traceback

    package = Path(__file__).parents[1]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).is_relative_to(package) and frame.filename != __file__:
            return f" ({Path(frame.filename).relative_to(package.parent)}, line {frame.lineno})"
    return ""


def _noted(error: Exception) -> str:
    """Write an exception's details to a file of the user's; where they are, in words."""
    import os
    import tempfile
    import time
    import traceback

    import platformdirs

    details = "\n".join([*_circumstances(), "", "".join(traceback.format_exception(error))])
    name = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{os.getpid()}.log"
    for folder in (platformdirs.user_log_path("refield", appauthor=False), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(details)
        except OSError:
            continue
        return f"details are in {folder / name}"
    return "its details could not be written anywhere"


def _circumstances() -> Iterator[str]:
    """What was run, where, and on what."""
    import os
    import platform
    from importlib.metadata import PackageNotFoundError, version

    yield " ".join(sys.argv)
    with suppress(OSError):  # the folder may be gone
        yield f"in {os.getcwd()}"
    yield f"Python {platform.python_version()} on {platform.platform()}"
    for package in PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"no {package}"
