"""params.yaml: its schema, and one clear sentence for whatever is wrong with it.

Read with ruamel, DVC's own parser: PyYAML takes `1e-4` for a string.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from refield.errors import UserError
from refield.fields import FIELDS
from refield.segmentation import SEGMENTERS
from refield.training import Train

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Segmenter = Annotated[str, AfterValidator(lambda name: _one_of(SEGMENTERS, name))]
Regions = Annotated[int, Field(ge=2, le=64)]


class ConfigError(UserError):
    """A setting that cannot be used."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Seg(Strict):
    """The map of segment gates that name none of their own, and the regions of maps that say no number of their own."""

    method: Name
    regions: Regions


class Map(Strict):
    segmenter: Segmenter
    regions: Regions | None = None


class Scores(Strict):
    iou_regions: Regions


class Images(Strict):
    """What a profile's images are made of."""

    source: Literal["samples", "kodak", "folder"]
    names: Literal["all"] | Annotated[list[str], Field(min_length=1)]
    fit: Literal["native", "crop", "resize"]
    long: int | None = Field(None, ge=11, le=65536)
    short: int | None = Field(None, ge=11, le=65536)  # SSIM's window has 11 pixels
    color: Literal["rgb", "grey"]

    @model_validator(mode="after")
    def sides_fit(self) -> "Images":
        if self.fit == "native" and (self.long or self.short):
            raise ValueError("fit: native keeps each image's size; remove long and short")
        if self.fit != "native" and not (self.long and self.short):
            raise ValueError(f"fit: {self.fit} needs both long and short, in pixels")
        if self.long and self.short and self.long < self.short:
            raise ValueError(f"long ({self.long}) must not be less than short ({self.short})")
        if self.names != "all" and len(set(self.names)) < len(self.names):
            raise ValueError("names lists an image twice")
        return self


class Profile(Strict):
    images: Images
    network: dict[str, Any]
    train: Train
    device: Literal["auto", "cpu", "cuda"] = "auto"


class Methods(Strict):
    positional: dict[Name, dict[str, Any]]
    segmented: dict[Name, dict[str, Any]]

    @model_validator(mode="after")
    def names_differ(self) -> "Methods":
        if both := sorted(self.positional.keys() & self.segmented.keys()):
            raise ValueError(f"{both[0]} stands in both groups; method names must differ")
        return self


class Params(Strict):
    runs: list[Name] = Field(min_length=1)
    seed: int = Field(ge=0)
    seg: Seg
    maps: dict[Name, Map]
    scores: Scores
    network: dict[str, Any]
    methods: Methods
    profiles: dict[Name, Profile]

    @property
    def method_names(self) -> list[str]:
        """All methods, in the order of params.yaml."""
        return [*self.methods.positional, *self.methods.segmented]

    def field(self, profile: str, method: str) -> Any:
        """The network of a method in a profile: the defaults, then the profile's, then the method's own settings."""
        entry = (self.methods.positional | self.methods.segmented)[method]
        own = {key: value for key, value in entry.items() if key not in ("map", "width_factor")}
        hyper = {**self.network, **self.profiles[profile].network, **own}
        if "width_factor" in entry:
            width, factor = hyper["width"], entry["width_factor"]
            hyper["width"] = [w * factor for w in width] if isinstance(width, list) else width * factor
        if (name := self.map(method)) is not None:
            hyper["regions"] = self.regions(name)
        return FIELDS[hyper.pop("field")](**hyper)

    def map(self, method: str) -> str | None:
        """The map that a method's segment gate or region input follows; None for a positional method."""
        if method in self.methods.positional:
            return None
        return self.methods.segmented[method].get("map", self.seg.method)

    def regions(self, name: str) -> int:
        """The number of regions of a map."""
        return self.maps[name].regions or self.seg.regions


def read(
    profile: str | None = None,
    method: str | None = None,
    path: Path = Path("params.yaml"),
    changes: Mapping[str, Any] | None = None,
) -> Params:
    """The validated parameters; `ConfigError` if they are wrong, or lack the profile or method that is asked for.

    `changes` are other values for some keys, such as "profiles.quick.train.iterations".
    """
    loaded = load(path)
    for key, value in (changes or {}).items():
        *parents, last = key.split(".")
        entry = loaded
        for part in parents:
            entry = entry.get(part, {}) if isinstance(entry, dict) else {}
        if not isinstance(entry, dict) or last not in entry:
            raise ConfigError(f"{path} has no key {key}")
        entry[last] = value
    try:
        params = Params.model_validate(loaded)
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{path}: ")) from None
    _check_references(params, str(path))
    for kind, name, known in (("profile", profile, params.profiles), ("method", method, params.method_names)):
        if name is not None and name not in known:
            raise ConfigError(f"{name!r} is no {kind} of {path}; it must be one of {_choices(known)}")
    return params


def load(path: Path) -> Any:
    """A YAML file's content, as DVC reads it."""
    try:
        return YAML(typ="safe").load(path)
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; run from the repository's root") from None
    except YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None


def _check_references(params: Params, file: str) -> None:
    """What one key says of another: active profiles exist, and every method's network can be built in every profile."""
    for name in params.runs:
        if name not in params.profiles:
            raise ConfigError(
                f"{file}: runs names {name!r}, which is no profile; profiles are {_choices(params.profiles)}"
            )
    if len(set(params.runs)) < len(params.runs):
        raise ConfigError(f"{file}: runs = {params.runs} names a profile twice")
    if params.seg.method not in params.maps:
        raise ConfigError(
            f"{file}: seg.method = {params.seg.method!r} is not allowed; it must be one of {_choices(params.maps)}"
        )
    for group, entries in (("positional", params.methods.positional), ("segmented", params.methods.segmented)):
        for method, entry in entries.items():
            where = f"{file}: methods.{group}.{method}"
            chosen, factor = entry.get("map"), entry.get("width_factor", 1)
            if chosen is not None and (group == "positional" or not _among(chosen, params.maps)):
                allowed = _choices(params.maps) if group == "segmented" else "only methods.segmented has one"
                raise ConfigError(f"{where}.map = {chosen!r} is not allowed; {allowed}")
            if not isinstance(factor, int) or isinstance(factor, bool) or factor < 1:
                raise ConfigError(f"{where}.width_factor = {factor!r} is not allowed; it must be a whole number from 1")
            for profile in params.profiles:
                _check_field(params, profile, method, where)


def _check_field(params: Params, profile: str, method: str, where: str) -> None:
    name = {
        **params.network,
        **params.profiles[profile].network,
        **params.methods.positional.get(method, {}),
        **params.methods.segmented.get(method, {}),
    }.get("field")
    if not _among(name, FIELDS):
        raise ConfigError(f"{where}: field = {name!r} is not known; fields are {_choices(FIELDS)}")
    try:
        field = params.field(profile, method)
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{where} in profile {profile}: ")) from None
    segmented = method in params.methods.segmented
    if field.needs_labels != segmented:
        group, must = ("segmented", "needs") if segmented else ("positional", "must not have")
        raise ConfigError(f"{where}: a method of methods.{group} {must} a segment gate or region_input")


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


def _one_of(names: Iterable[str], name: str) -> str:
    if name not in names:
        raise ValueError(f"{name!r} is not allowed; it must be one of {_choices(names)}")
    return name


def _among(name: object, names: Iterable[str]) -> bool:
    """Whether it is one of the names, whatever it is: a list could not even be looked up."""
    return isinstance(name, str) and name in names


def _choices(names: Iterable[str]) -> str:
    return ", ".join(names)
