"""What a user can put right, and how a message shows a value."""

import re
import reprlib
from typing import Any

LONGEST = 120  # characters of a value in a message


class UserError(ValueError):
    """Bad input; the message is one sentence that names the file or key, its value and what is allowed."""


# torch has no type of its own for what a CPU's memory does not hold.
NO_MEMORY = re.compile("can't allocate memory|out of memory|bad_alloc", re.IGNORECASE)


def is_of_memory(error: Exception) -> bool:
    """Whether it says that memory, a GPU's or a CPU's, did not suffice."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(NO_MEMORY.search(str(error))))


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxstring, self.maxother = 3, 12, 80, 80

    def repr_int(self, x: int, level: int) -> str:
        # Python writes no more than 4,300 digits.
        return super().repr_int(x, level) if x.bit_length() < 1000 else f"a number of {x.bit_length():,} bits"


_short = _Short()


def shown(value: Any) -> str:
    """A value as Python writes it, on one line and shortened where it is long or deep."""
    text = _short.repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def one_line(error: object) -> str:
    """What another library says, on one line and cut where it is long."""
    text = " ".join(str(error).split())
    return text if len(text) <= 3 * LONGEST else f"{text[: 3 * LONGEST - 3]}..."
