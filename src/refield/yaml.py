"""How files of settings are read: YAML as DVC reads it, within bounds.

Read with ruamel, DVC's own parser: PyYAML takes `1e-4` for a string.
"""

import os
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

from refield import files
from refield.errors import UserError, one_line
from refield.settings import ConfigError, key_shown

# Of a file: ours have 400 values, 5 deep. Aliases count as what they stand for, which ten lines can make billions.
MOST_BYTES, MOST_VALUES, DEEPEST = 2**20, 100_000, 50
# Of a whole number: 64 bits hold no more, and Python writes no more than thousands.
MOST_DIGITS = 19
TOO_LONG = re.compile(rf"[-+]?(?=.{{{MOST_DIGITS + 1}}})(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)")


def load(path: Path) -> Any:
    """A YAML file's content, as DVC reads it; `ConfigError` if it is missing, no YAML, or too much."""
    return parse(content(path), str(path))


def content(path: Path, most: int = MOST_BYTES) -> bytes:
    """A file's bytes; `ConfigError` if it is missing, no file, or has more bytes than that."""
    try:
        return files.read(path, most, links=True)
    except UserError as error:
        hint = "" if path.is_absolute() or os.path.lexists(path) else "; run from the repository's root"
        raise ConfigError(f"{error}{hint}") from None


def parse(text: str | bytes, name: str, most_values: int = MOST_VALUES) -> Any:
    """What YAML says; `ConfigError`, with the name of where it stands, if it is none or too much."""
    try:
        _require_bounded(text, most_values)
        return YAML(typ="safe").load(text)
    except UserError as error:
        raise ConfigError(f"{name} {error}") from None
    except YAMLError as error:
        said = re.sub(r'in "<\w+ string>", ', "at ", str(error).partition("To suppress this check")[0])
        raise ConfigError(f"{name} is not valid YAML: {one_line(said)}") from None
    except Exception as error:  # ruamel's constructors raise almost anything, such as of a date in month 13
        raise ConfigError(f"{name} has a value that YAML cannot read: {one_line(error)}") from None


def _require_bounded(text: str | bytes, most: int) -> None:
    """`UserError` if there are more values than that, or too deep, aliases expanded, or too long a number."""
    sizes = dict[str | None, tuple[int, int]]()  # by anchor: how many values, and how deep
    open_: list[tuple[str | None, int, int]] = [(None, 0, 0)]  # the document, and the collections that it is within
    for event in YAML(typ="safe").parse(text):
        match event:
            case CollectionStartEvent():
                open_.append((event.anchor, 1, 0))
                anchor, values, depth = None, 0, 0  # they count when it ends
            case CollectionEndEvent():
                anchor, values, depth = open_.pop()
                depth += 1
            case AliasEvent():
                anchor = event.anchor
                if anchor in (each for each, _, _ in open_):
                    raise UserError(f"has an alias, *{key_shown(anchor)}, of what it stands in itself")
                values, depth = sizes.get(anchor, (0, 0))  # an alias of nothing is for `load` to refuse
            case ScalarEvent():
                anchor, values, depth = event.anchor, 1, 0
                if not event.style and TOO_LONG.fullmatch(event.value):
                    digits = f"{len(event.value):,} digits; at most {MOST_DIGITS} are allowed"
                    raise UserError(f"has a whole number of {digits}")
            case _:
                continue
        sizes[anchor] = values, depth
        around, before, deepest = open_[-1]
        open_[-1] = around, before + values, max(deepest, depth)
        if before + values > most:
            raise UserError(f"has more than {most:,} values, counting an alias as all that it stands for")
        if len(open_) - 1 + depth > DEEPEST:
            raise UserError(f"is nested more than {DEEPEST} deep")
