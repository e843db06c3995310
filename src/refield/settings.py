"""How files of settings are read: YAML as DVC reads it, within bounds, and one sentence for whatever is wrong.

Read with ruamel, DVC's own parser: PyYAML takes `1e-4` for a string.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

from refield import files
from refield.errors import UserError, one_line, shown

# Of a file: ours have 400 values, 5 deep. Aliases count as what they stand for, which ten lines can make billions.
MOST_BYTES, MOST_VALUES, DEEPEST = 2**20, 100_000, 50
# Of a whole number: 64 bits hold no more, and Python writes no more than thousands.
MOST_DIGITS = 19
TOO_LONG = re.compile(rf"[-+]?(?=.{{{MOST_DIGITS + 1}}})(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)")

# What pydantic calls the alternatives of a union, in the place of a key.
ALTERNATIVE = re.compile(r"(literal|constrained|list|tuple|dict)[-\[].*|str|int|float|bool")
IN_OUR_WORDS = (
    (r" after validation, not \d+", ""),
    (r"valid (tuple|list)", "list"),
    (r"a valid dictionary( or instance of \w+)?", "keys with their values"),
)
MOST_NAMES = 30  # in a list of what is allowed


class ConfigError(UserError):
    """A setting that cannot be used."""


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


def refused(key: str, value: object, must: str) -> ConfigError:
    """The error of a key's value, which must be something else."""
    return ConfigError(f"{key} = {shown(value)} is not allowed; it must {must}")


def sentence(error: ValidationError, prefix: str = "") -> str:
    """The first thing that is wrong, as one sentence: key, value, what is allowed."""
    first, must = _alternatives([dict(each) for each in error.errors(include_url=False)])
    *parents, last = first["loc"] or ("",)
    key = ".".join(map(key_shown, first["loc"]))
    match first["type"]:
        case "extra_forbidden" | "invalid_key":
            return f"{prefix}{key} is not a known key"
        case "missing":
            return f"{prefix}{key} is missing"
        case "value_error":
            return f"{prefix}{key}{': ' if key else ''}{first['ctx']['error']}"
    if last == "[key]":
        return f"{prefix}{'.'.join(map(key_shown, parents))} is not allowed as a name; it must {must}"
    if key:
        return str(refused(f"{prefix}{key}", first["input"], must))
    if first["type"] in ("model_type", "dict_type"):
        found = "it is empty" if first["input"] is None else f"it is {shown(first['input'])}"
        return f"{prefix}there must be keys with their values; {found}"
    return f"{prefix}{must}"


def _alternatives(errors: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], str]:
    """The error that says most of the first wrong value, and what that must do.

    Each alternative of a union has an error of its own: the one that went into the value knows best, else any would do.
    """
    first = errors[0]
    for where, part in enumerate(first["loc"]):
        if not ALTERNATIVE.fullmatch(str(part)):
            continue
        before = first["loc"][:where]
        union = [each for each in errors if each["loc"][:where] == before and len(each["loc"]) > where]
        if len({each["loc"][where] for each in union}) > 1:
            union = [{**each, "loc": (*before, *each["loc"][where + 1 :])} for each in union]
            if deeper := [each for each in union if each["loc"] != before]:
                return _alternatives(deeper)
            must, *others = map(_reason, union)
            return union[0], ", or ".join([must, *(other.removeprefix("be ") for other in others)])
    return first, _reason(first)


def _reason(error: Mapping[str, Any]) -> str:
    """What a value must do, such as "be greater than 0"; or what pydantic says, if it says no such thing."""
    said = re.sub(r"^(Input|[A-Z]\w+) should ", "", error["msg"])
    for theirs, ours in IN_OUR_WORDS:
        said = re.sub(theirs, ours, said)
    return said


def key_shown(key: object) -> str:
    """A key in a message: as it is, unless it is long or no plain text."""
    text = str(key)
    return text if len(text) <= 80 and text.isprintable() else shown(key)


def among(name: object, names: Iterable[str]) -> TypeGuard[str]:
    """Whether it is one of the names, whatever it is: a list could not even be looked up."""
    return isinstance(name, str) and name in names


def choices(names: Iterable[str]) -> str:
    """The names in a message: the first, if they are many."""
    names = list(names)
    more = [f"and {len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    return ", ".join([*map(key_shown, names[:MOST_NAMES]), *more])
