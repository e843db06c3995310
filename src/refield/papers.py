"""papers.yaml: what papers report, and the protocol behind it; read strictly, as params.yaml is."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, TypeAdapter, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from refield.config import ConfigError, Name, Profile, Strict, sentence

Decibel = Annotated[float, Field(gt=0, lt=100)]


class Protocol(Strict):
    """What the published numbers were measured on; keys and values are those of a profile."""

    source: Literal["kodak"]
    names: Literal["all"]
    fit: Literal["native", "crop", "resize"]
    color: Literal["rgb", "grey"]
    width: int
    iterations: int

    def differences(self, profile: Profile) -> list[str]:
        """In what a profile departs from the protocol, in words; empty if the numbers are comparable."""
        images = profile.images
        names = images.names if images.names == "all" else f"{len(images.names)} named"
        ours = {
            "source": ("images from", images.source),
            "names": ("chosen images:", names),
            "fit": ("image size:", images.fit),
            "color": ("colour", images.color),
            "width": ("network width", profile.network.get("width")),
            "iterations": ("iterations:", profile.train.iterations),
        }
        theirs = self.model_dump()
        departures = [(*ours[key], theirs[key]) for key in ours if ours[key][1] != theirs[key]]
        return [f"{word} {value} instead of {published}" for word, value, published in departures]


class Row(Strict):
    """One line of a table: PSNR in dB, over the protocol's images."""

    method: Name
    label: str
    average: Decibel
    highest: Decibel
    lowest: Decibel

    @model_validator(mode="after")
    def in_order(self) -> "Row":
        if not self.lowest <= self.average <= self.highest:
            raise ValueError(f"{self.method}: the average must lie between lowest and highest")
        return self


class Table(Strict):
    number: int
    caption: str
    figure: int  # the figure that shows the same methods
    compare: Annotated[tuple[Name, Name], Field(strict=False)]  # the pair whose median gain chooses the figure's image
    rows: list[Row] = Field(min_length=1)

    @model_validator(mode="after")
    def compares_own_methods(self) -> "Table":
        if missing := set(self.compare) - set(self.methods):
            raise ValueError(f"compare names {min(missing)}, which is in no row")
        return self

    @property
    def methods(self) -> list[str]:
        return [row.method for row in self.rows]


class Paper(Strict):
    citation: str
    link: Annotated[HttpUrl, Field(strict=False)]
    protocol: Protocol
    unpublished: list[str]  # what the paper leaves open
    methods: dict[Name, str]  # how the report calls a method of params.yaml
    tables: list[Table] = Field(min_length=1)

    @model_validator(mode="after")
    def methods_are_labelled(self) -> "Paper":
        if missing := {method for table in self.tables for method in table.methods} - self.methods.keys():
            raise ValueError(f"methods has no label for {min(missing)}")
        return self

    @property
    def rows(self) -> list[Row]:
        """Every method's line, once."""
        return list({row.method: row for table in self.tables for row in table.rows}.values())

    def label(self, method: str) -> str:
        """How the report calls a method: the paper's name for it, else its own."""
        return self.methods.get(method, method)


def read(path: Path = Path("papers.yaml")) -> dict[str, Paper]:
    """All papers by their keys; `ConfigError` otherwise."""
    try:
        loaded = YAML(typ="safe").load(path)
        return TypeAdapter(dict[Name, Paper]).validate_python(loaded)
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; run from the repository's root") from None
    except YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{path}: ")) from None
