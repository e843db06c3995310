"""How files of settings are read: YAML as DVC reads it, and one sentence for whatever is wrong.

Read with ruamel, DVC's own parser: PyYAML takes `1e-4` for a string.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from refield.errors import UserError


class ConfigError(UserError):
    """A setting that cannot be used."""


def load(path: Path) -> Any:
    """A YAML file's content, as DVC reads it; `ConfigError` if it is missing or no YAML."""
    try:
        return YAML(typ="safe").load(path)
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; run from the repository's root") from None
    except YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None


def sentence(error: ValidationError, prefix: str = "") -> str:
    """The first thing that is wrong, as one sentence: key, value, what is allowed."""
    first = error.errors()[0]
    key = ".".join(
        str(part) for part in first["loc"] if not str(part).startswith(("literal[", "constrained-", "list["))
    )
    match first["type"]:
        case "extra_forbidden":
            return f"{prefix}{key} is not a known key"
        case "missing":
            return f"{prefix}{key} is missing"
        case "value_error":
            return f"{prefix}{key}{': ' if key else ''}{first['ctx']['error']}"
    reason = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{prefix}{key} = {first['input']!r} is not allowed; it must be {reason}"


def among(name: object, names: Iterable[str]) -> bool:
    """Whether it is one of the names, whatever it is: a list could not even be looked up."""
    return isinstance(name, str) and name in names


def choices(names: Iterable[str]) -> str:
    return ", ".join(names)
