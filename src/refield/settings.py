"""What is wrong with a setting, as one sentence: its key, its value, what is allowed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

from pydantic import ValidationError

from refield.errors import UserError, shown

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
