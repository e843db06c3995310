"""A comparison's params.yaml, read: which codecs are measured on which photographs, and what stands beside them."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from refield import yaml
from refield.codecs import CODECS
from refield.errors import shown
from refield.params import Images
from refield.settings import ConfigError, choices, sentence
from refield.strict import Name, Strict

Bpp = Annotated[float, Field(gt=0, le=64)]
Setting = Annotated[float, Field(strict=False)]


class Fields(Strict):
    """Fields as files, whose rates other pipelines have measured: CSV files in a folder."""

    label: str
    folder: str
    codecs: list[str] | None = None  # which of those in the files; all without


class Profile(Strict):
    """A set of photographs, and what is shown of them."""

    images: Images
    fields: list[Fields] = Field(default_factory=list)
    published: bool = False  # whether the published curves are of these photographs
    pictures: list[str] = Field(default_factory=list)  # names of the images that are shown

    @field_validator("images")
    @classmethod
    def images_have_colours(cls, images: Images) -> Images:
        if images.color != "rgb":
            raise ValueError(f"color = {images.color} is not allowed; it must be rgb, which all codecs take")
        if images.beside:
            raise ValueError("beside is not allowed; nothing lies beside these photographs")
        return images


class Looking(Strict):
    """Which pictures are compared by eye, at one rate."""

    bpp: Bpp  # each codec's picture is that of its file nearest below
    codecs: list[str] = Field(min_length=1)
    side: int = Field(ge=16, le=1024)  # pixels: of what is shown, the middle of the image


class Comparison(Strict):
    """All of such a params.yaml."""

    runs: list[Name] = Field(min_length=1)
    codecs: dict[str, list[Setting]] = Field(min_length=1)
    anchors: list[str] = Field(min_length=1)  # what BD-rates are against
    bpp: list[Bpp] = Field(min_length=1)  # where PSNR is read off the curves
    pictures: Looking
    profiles: dict[Name, Profile] = Field(min_length=1)

    @field_validator("codecs")
    @classmethod
    def codecs_have_such_settings(cls, codecs: dict[str, list[float]]) -> dict[str, list[float]]:
        for name, settings in codecs.items():
            _require(name, CODECS, "codec")
            if len(settings) < 2 or len(set(settings)) < len(settings):
                raise ValueError(f"{name} = {shown(settings)} is not allowed; it must be two or more, once each")
            for setting in settings:
                CODECS[name].check(name, setting)
        return codecs

    @model_validator(mode="after")
    def names_are_known(self) -> "Comparison":
        for name in self.runs:
            _require(name, self.profiles, "profile")
        for name in (*self.anchors, *self.pictures.codecs):
            _require(name, self.codecs, "codec that is measured")
        return self

    def profile(self, name: str) -> Profile:
        """The profile of a name; `ConfigError` if there is none."""
        if name not in self.profiles:
            raise ConfigError(f"{shown(name)} is no profile; it must be one of {choices(self.profiles)}")
        return self.profiles[name]


def read(file: Path) -> Comparison:
    """The content of a file; `ConfigError` if it is missing or wrong."""
    try:
        return Comparison.model_validate(yaml.load(file))
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{file}: ")) from None


def _require(name: str, known: Any, kind: str) -> None:
    if name not in known:
        raise ValueError(f"{shown(name)} is no {kind}; it must be one of {choices(known)}")
