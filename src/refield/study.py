"""A study: some methods of a profile, fitted anew for every combination of other values of params.yaml."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from refield.config import ConfigError, Name, Params, Strict, load, read, sentence


class Study(Strict):
    """The params.yaml of a study."""

    profile: Name
    images: Literal["all"] | list[str]
    methods: list[Name] = Field(min_length=1)
    vary: dict[str, list[Any]] = Field(min_length=1)  # keys of params.yaml; `profile.` stands for the study's profile

    def combinations(self) -> Iterator[dict[str, Any]]:
        """Every choice of one value per key, the last key's changing fastest."""
        for values in itertools.product(*self.vary.values()):
            yield dict(zip(self.vary, values, strict=True))

    def params(self, choice: dict[str, Any], path: Path = Path("params.yaml")) -> Params:
        """The parameters with a combination's values; `ConfigError` if they are wrong or a method is unknown."""
        changes = {
            f"profiles.{self.profile}.{key.removeprefix('profile.')}" if key.startswith("profile.") else key: value
            for key, value in choice.items()
        }
        params = read(self.profile, path=path, changes=changes)
        if unknown := [method for method in self.methods if method not in params.method_names]:
            raise ConfigError(f"methods names {unknown[0]!r}, which is no method of {path}")
        return params


def read_study(path: Path) -> Study:
    """`ConfigError` if the file is missing or wrong."""
    try:
        return Study.model_validate(load(path))
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{path}: ")) from None
