"""What images are called: their files' stems, which become names of files and folders, and words in tables."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from refield.errors import UserError, shown

PORTABLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
LONGEST = 200  # characters: file systems take 255, of which DVC and our own files' names add some thirty


def check(name: str) -> None:
    """`UserError`, without the file's name, if no image can be called this."""
    if not PORTABLE.fullmatch(name):
        raise UserError("rename it; an image's name has letters, digits, '.', '_' and '-' only")
    if len(name) > LONGEST:
        raise UserError(f"rename it; an image's name has at most {LONGEST} characters, and this one {len(name)}")


def _are_names(value: Any) -> Any:
    """A list of names as YAML reads it: 007 is a number to it, and `true` and `null` are no words either."""
    if value == "all":
        return value
    if not isinstance(value, list) or not value:
        raise ValueError(f"{shown(value)} is not allowed; it must be all, or a list of one name at least")
    if others := [name for name in value if not isinstance(name, str)]:
        raise ValueError(
            f"{shown(others[0])} is no text to YAML; put a name that looks like a number, a date, true or null "
            "in quotes, such as '007'"
        )
    return value


# In settings, which of the images are meant.
Names = Annotated[Literal["all"] | list[str], BeforeValidator(_are_names)]
