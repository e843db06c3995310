"""params.yaml, read: each key is right by itself (`params`), and beside the others (`consistency`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from refield import yaml
from refield.consistency import check
from refield.errors import shown
from refield.originals import Images
from refield.params import Params, Profile
from refield.settings import ConfigError, choices, key_shown, sentence

__all__ = ["ConfigError", "Images", "Params", "Profile", "find", "read"]


def find(name: str) -> Path:
    """Where "params.yaml" or "papers" is: in the clone that this runs in, else what came with the package."""
    for folder in (Path(), *Path.cwd().parents):
        # Its papers are what tells a clone: any project of DVC's has a params.yaml.
        if any(folder.glob("papers/*/paper.yaml")):
            return folder / name
    packed, repository = Path(__file__).with_name("defaults"), Path(__file__).parents[2]
    return (packed if packed.is_dir() else repository) / name


def read(
    profile: str | None = None,
    method: str | None = None,
    path: Path | None = None,
    changes: Mapping[str, Any] | None = None,
    alone: bool = False,
) -> Params:
    """The validated parameters; `ConfigError` if they are wrong, or lack the profile or method that is asked for.

    Of `path`, or of what `find` finds. `changes` are other values for some keys, such as
    "profiles.quick.train.iterations"; if they need suit no profile but the one that is asked for, that one stands
    `alone`, and `runs` names it.
    """
    path = path or find("params.yaml")
    loaded = yaml.load(path)
    if alone and isinstance(loaded, dict) and isinstance(known := loaded.get("profiles"), dict) and profile in known:
        loaded = {**loaded, "profiles": {profile: known[profile]}, "runs": [profile]}
    for key, value in (changes or {}).items():
        *parents, last = key.split(".")
        entry = loaded
        for part in parents:
            entry = entry.get(part, {}) if isinstance(entry, dict) else {}
        if not isinstance(entry, dict) or last not in entry:
            raise ConfigError(f"{path} has no key {key_shown(key)}")
        entry[last] = value
    try:
        params = Params.model_validate(loaded)
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{path}: ")) from None
    check(params, str(path))
    for kind, name, known in (("profile", profile, params.profiles), ("method", method, params.methods)):
        if name is not None and name not in known:
            raise ConfigError(f"{shown(name)} is no {kind} of {path}; it must be one of {choices(known)}")
    return params
