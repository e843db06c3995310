"""Values that stand in no file of ours."""

import copy
import datetime
import math
from random import Random
from typing import Any

# What no writer writes is put into the text afterwards.
TOO_MUCH = {
    "@deep@": "[" * 60 + "]" * 60,
    "@deeper@": "[" * 20_000 + "]" * 20_000,
    "@open@": "{" * 400,
    "@digits@": "9" * 5000,
    "@fraction@": "0." + "1" * 5000,
    "@exponent@": "1e99999",
    "@surrogate@": '"\\ud800"',
    "@escapes@": '"\\u0000\\u2028\\x1b"',
}
# Each of a hundred stands for ten of the one before.
BOMB = "[&a [x,x,x,x,x,x,x,x,x,x]" + "".join(
    f",&a{i} [{','.join([f'*a{i - 1}' if i else '*a'] * 10)}]" for i in range(9)
)
SHELL = ["x; touch PWNED", "$(touch PWNED)", "`touch PWNED`", "x|touch PWNED", "x\ntouch PWNED\n", "'; touch PWNED; '"]
PATHS = [
    "../outside/file",
    "../../outside/file",
    "../outside",
    "/proc/self/environ",
    "/dev/zero",
    ".",
    "..",
    "/",
    "a/b",
]
NAMES = ["NA", "null", "nan", "007", "1e5", "True", "0x1F", "a-b", "_", "all", "checked", "sources", "__proto__", "-rf"]
NUMBERS = [0, 1, -1, 2, 3, 64, 65, 255, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**19, 10**30, 0.0, -0.0, 0.5]
NUMBERS += [1e-320, 5e-324, 1e-30, 1e30, 1e300, 1.8e308, -1e-9, math.nan, math.inf, -math.inf]
SIDES = [0, 1, 2, 10, 11, 12, 13, 255, 256, 9000, 30_000, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1]  # of pictures
WORDS = ["", " ", "0", "true", "~", "a\nb", "a\0b", "\x1b[31mred", "ü→漢🙂", "\u202egnp", "x" * 5000, "x" * 200_000]
WORDS += ["%s%n", "{0}", "${runs}", "[/x]", "[bold]", "&a", "*a", "!!x", "=", "<<", "\\", '"', "'", "é" * 90]
NESTED: list[Any] = [None, True, False, [], {}, [[]], [None], {"": None}, {"a": {"b": [1]}}, [0] * 2000]
NESTED += [{f"k{i}": i for i in range(300)}]
ODD: list[Any] = [*TOO_MUCH, *SHELL, *PATHS, *NAMES, *NUMBERS, *WORDS, *NESTED]
OF_YAML: list[Any] = [datetime.date(2001, 2, 3), datetime.datetime(2001, 2, 3), b"\xff\0", {1, 2}, {1: 2}, {None: 3}]
TOKENS = [
    "&a ",
    "*a",
    "[",
    "]",
    "{",
    "}",
    ": ",
    "? ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "<<: *a\n",
    "'",
    '"',
    "|\n",
    ">\n",
    "#",
]
TOKENS += [
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "~",
    "0x",
    "1:2",
    "2001-13-01",
    "!!int ",
    "!!float ",
    "!!timestamp ",
    "!!set ",
]
TOKENS += ["!!omap ", "!!binary ", "!!python/name:os.system ", "\ufeff", "\r", "\x85", "\u2028", "\x07", "@", "`"]


def odd(rng: Random) -> Any:
    """A value that stands in no file of ours."""
    return copy.deepcopy(rng.choice(ODD))
