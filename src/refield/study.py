"""A study: some methods of a profile, fitted anew for every combination of other values of params.yaml."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError, model_validator

from refield import yaml
from refield.config import Params, read
from refield.errors import shown
from refield.scores.files import read_csv
from refield.settings import ConfigError, sentence
from refield.signals.names import Names
from refield.strict import Name, Strict

# Columns of a study's scores: the PSNR, before rounding, after these parts of the iterations.
COURSE = {f"psnr_at_{part:g}": part for part in (0.02, 0.04, 0.1, 0.2, 0.4)}
SEQUENCE = "sequence"  # the activations that a search has chosen, "sine-gabor"; empty for methods that do not search
DROP = "drop"  # by how many dB, before rounding, the PSNR has fallen below the best before it; what falls is unstable
UNSTABLE = 3.0  # dB: more than a rate that is a little too high makes it swing


class Study(Strict):
    """The params.yaml of a study."""

    profile: Name
    images: Names
    methods: list[Name] = Field(min_length=1)
    scores: list[Name] = Field(default_factory=list)  # columns beside the PSNR: of the task, costs, `DROP`, `SEQUENCE`
    # Grids: values for keys of params.yaml; `profile.` stands for the study's profile, `method.` for all its methods.
    vary: list[dict[str, list[Any]]] = Field(min_length=1)

    @model_validator(mode="after")
    def grids_have_the_same_keys(self) -> "Study":
        for number, grid in enumerate(self.vary, 1):
            if not grid or grid.keys() != self.vary[0].keys():
                raise ValueError(f"vary: grid {number} must have the keys of the first, and one at least")
        return self

    def combinations(self) -> list[dict[str, Any]]:
        """Grid by grid every choice of one value per key, the last key's changing fastest; each choice once."""
        choices: list[dict[str, Any]] = []
        for grid in self.vary:
            for values in itertools.product(*grid.values()):
                choice = dict(zip(grid, values, strict=True))
                choices += [choice] if choice not in choices else []
        return choices

    def params(self, choice: dict[str, Any], path: Path = Path("params.yaml")) -> Params:
        """The parameters with a combination's values; `ConfigError` if they are wrong or a method is unknown."""
        changes = {key: value for varied, value in choice.items() for key in self._keys(varied)}
        params = read(self.profile, path=path, changes=changes, alone=True)
        if unknown := [method for method in self.methods if method not in params.methods]:
            raise ConfigError(f"methods names {shown(unknown[0])}, which is no method of {path}")
        return params

    def is_whole(self, scores: pd.DataFrame) -> bool:
        """Whether its scores have a row for each combination, method and image: one that was cut off lacks some."""
        return 0 < len(scores) == len(self.combinations()) * len(self.methods) * scores["image"].nunique()

    def _keys(self, varied: str) -> list[str]:
        """The keys of params.yaml that a key of a grid stands for."""
        kind, _, key = varied.partition(".")
        return {
            "profile": [f"profiles.{self.profile}.{key}"],
            "method": [f"methods.{method}.{key}" for method in self.methods],
        }.get(kind, [varied])


def read_scores(file: Path) -> pd.DataFrame:
    """The rows of a study's scores; `UserError` if the file is missing or no CSV file."""
    rows = read_csv(file)
    if SEQUENCE not in rows:
        return rows
    return rows.assign(**{SEQUENCE: rows[SEQUENCE].astype(object).where(rows[SEQUENCE].notna(), "")})


def varied(scores: pd.DataFrame) -> list[str]:
    """The columns of a study's scores that say what was varied."""
    columns = [str(column) for column in scores]
    return columns[: columns.index("method")]


def in_words(keys: Sequence[str], values: Iterable[Any]) -> str:
    """Values of keys of params.yaml, such as "schedule constant, learning rate 0.001"."""
    return ", ".join(f"{short(key)} {brief(value)}" for key, value in zip(keys, values, strict=True))


def short(key: str) -> str:
    """A key of params.yaml without its path, as words."""
    return key.rpartition(".")[2].replace("_", " ")


def brief(value: Any) -> str:
    """A value of params.yaml, as it is or as a CSV file has it; names as words, but no paths."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        value = yaml.parse(value, "a value of a study")
    if isinstance(value, Mapping):
        return in_words([*value], value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(brief, value))
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if {"/", "."} & {*str(value)} else str(value).replace("_", " ")


def read_study(path: Path) -> Study:
    """`ConfigError` if the file is missing or wrong."""
    try:
        return Study.model_validate(yaml.load(path))
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{path}: ")) from None
