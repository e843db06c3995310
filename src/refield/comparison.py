"""A comparison's params.yaml, read: which codecs are measured on which photographs, and what stands beside them."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from refield import yaml
from refield.codecs import CODECS
from refield.errors import shown
from refield.originals import Images
from refield.settings import ConfigError, choices, sentence
from refield.strict import Name, Strict

Bpp = Annotated[float, Field(gt=0, le=64)]
Setting = Annotated[float, Field(strict=False)]


class Fields(Strict):
    """Fields as files, whose rates stand in a folder of CSV files, whoever has measured them."""

    label: str
    note: str | None = None  # what it is, where the label says little
    folder: str
    codecs: list[str] | None = None  # which of those in the files; all without
    pictures: str | None = None  # the folder of what they decode to: <codec>/<setting>/<image>.png
    files: str | None = None  # or that of the files, by the CSV file of each: <name>/<codec>/<setting>/<image>.rfd

    @model_validator(mode="after")
    def pictures_are_in_one_place(self) -> "Fields":
        if self.pictures and self.files:
            raise ValueError("pictures is not allowed beside files, which hold them; remove it")
        return self


class Compressed(Strict):
    """What `refield compress` makes of the photographs by methods: files of their networks, of so many bits a pixel,
    maps included."""

    methods: list[Name] = Field(min_length=1)
    # What some of them are compared with at equal bits; without, all others with the first.
    against: dict[Name, list[Name]] = Field(default_factory=dict)
    iterations: int = Field(gt=0, le=10**6)
    bpp: list[Bpp] = Field(min_length=1)

    @field_validator("methods", "bpp")
    @classmethod
    def each_is_named_once(cls, values: list[Any]) -> list[Any]:
        return _once(values)

    @model_validator(mode="after")
    def what_is_compared_is_made(self) -> "Compressed":
        for pair in self.pairs:
            for name in pair:
                _require(name, self.methods, "method of these files")
        return self

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The methods that are compared, each with the one that it is held against."""
        if self.against:
            return [(method, other) for method, others in self.against.items() for other in others]
        return [(method, self.methods[0]) for method in self.methods[1:]]


class Latents(Strict):
    """What `refield compress` makes of the photographs unless a method is named."""

    iterations: int = Field(gt=0, le=10**6)
    bpp: list[Bpp] = Field(min_length=1)

    @field_validator("bpp")
    @classmethod
    def each_is_named_once(cls, values: list[float]) -> list[float]:
        return _once(values)


class Shown(Strict):
    """Which photographs are looked at, and at which rate: files of as many bits, or of the nearest below."""

    names: list[str] = Field(min_length=1)
    bpp: Bpp


class Profile(Strict):
    """A set of photographs, and what is shown of them."""

    images: Images
    compressed: Compressed | None = None
    latents: Latents | None = None
    fields: list[Fields] = Field(default_factory=list)
    published: bool = False  # whether the published curves are of these photographs
    pictures: Shown | None = None

    @field_validator("images")
    @classmethod
    def images_have_colours(cls, images: Images) -> Images:
        if images.color != "rgb":
            raise ValueError(f"color = {images.color} is not allowed; it must be rgb, which all codecs take")
        if images.beside:
            raise ValueError("beside is not allowed; nothing lies beside these photographs")
        return images


class Looking(Strict):
    """Which codecs' pictures are looked at, and how much of them."""

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
        for name in self.anchors:
            _require(name, self.codecs, "codec that is measured")
        for name in self.pictures.codecs:
            _require(name, [name for name, codec in CODECS.items() if codec.whole], "codec whose quality is sought")
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


def _once(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        raise ValueError(f"{shown(values)} is not allowed; it must have each once")
    return values


def _require(name: str, known: Any, kind: str) -> None:
    if name not in known:
        raise ValueError(f"{shown(name)} is no {kind}; it must be one of {choices(known)}")
