"""params.yaml: its schema, and what it says of each profile and method."""

from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from refield import tasks
from refield.fields import FIELDS
from refield.fields.field import Field as CoordinateNetwork
from refield.fitting import ways
from refield.fitting.train import Train
from refield.segmentation import SEGMENTERS
from refield.segmentation.segmentation import Segmenter
from refield.settings import ConfigError, among, choices, load, sentence
from refield.signals import SIGNALS, Signal
from refield.strict import Name, Regions, Strict
from refield.tasks import TASKS
from refield.tasks.task import Task

# The keys of a method that are not its field's own.
OF_METHODS = ("field", "map", "width_factor", "train")


class Seg(Strict):
    """The map of methods that name none of their own, and the regions of maps that say no number of their own."""

    method: Name
    regions: Regions


class Images(Strict):
    """What a profile's images are made of."""

    source: Literal["samples", "kodak", "folder"]
    names: Literal["all"] | list[str] = Field(min_length=1)
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
    """A set of signals, a task, a size of network and how it is trained."""

    images: Images
    task: dict[str, Any] = Field(default_factory=lambda: {"kind": "represent"})
    network: dict[str, Any]
    train: Train
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @property
    def signal(self) -> type[Signal]:
        """The kind of its signals: that whose key of `SIGNALS` it has."""
        return next(kind for key, kind in SIGNALS.items() if getattr(self, key, None) is not None)


class Params(Strict):
    """All of params.yaml."""

    paper: Name  # the folder of papers/ whose numbers stand beside ours
    runs: list[Name] = Field(min_length=1)
    seed: int = Field(ge=0)
    seg: Seg
    maps: dict[Name, dict[str, Any]]
    scores: dict[str, Any]
    network: dict[str, Any]
    methods: dict[Name, dict[str, Any]] = Field(min_length=1)
    profiles: dict[Name, Profile]

    def field(self, profile: str, method: str) -> CoordinateNetwork:
        """The field of a method in a profile: the defaults of its kind, then the profile's, then the method's keys."""
        kind, hyper = FIELDS[self.kind(method)], self._hyper(profile, method)
        if "regions" in signature(kind).parameters:
            field = kind(**{**hyper, "regions": self.regions(self._map_of(method))})
            if field.needs_labels:
                return field
        return kind(**hyper)

    def kind(self, method: str) -> str:
        """The kind of a method's field, a key of `FIELDS`."""
        return str({**self.network, **self.methods[method]}["field"])

    def map(self, profile: str, method: str) -> str | None:
        """The map that a method's field follows; None if it needs none."""
        return self._map_of(method) if self.field(profile, method).needs_labels else None

    def segmenter(self, name: str) -> Segmenter:
        """What makes the map of a name."""
        entry = self.maps[name]
        own = {key: value for key, value in entry.items() if key not in ("segmenter", "regions")}
        return SEGMENTERS[entry["segmenter"]](**own)

    def regions(self, name: str) -> int:
        """The number of regions of a map."""
        return int(self.maps[name].get("regions", self.seg.regions))

    def train(self, profile: str, method: str) -> Train:
        """How a method is trained in a profile: the profile's values, then the method's own.

        A profile's mixed precision is meant for those that can; the others compute in float32.
        """
        own = self.methods[method].get("train", {})
        values = {**self.profiles[profile].train.model_dump(exclude_unset=True), **own}
        if values.get("precision") == "mixed" and "precision" not in own:
            exact = Train(**{**values, "precision": "float32"})
            if not ways.mixes(self.field(profile, method), self.task(profile).least_squares, exact):
                return exact
        return Train(**values)

    def task(self, profile: str) -> Task:
        """The task of a profile, scored as `scores` says."""
        entry = self.profiles[profile].task
        kind = TASKS[entry["kind"]]
        scored = {key: value for key, value in self.scores.items() if key in kind.only_scores}
        return tasks.build({**entry, **scored})

    def _hyper(self, profile: str, method: str) -> dict[str, Any]:
        kind, entry = self.kind(method), self.methods[method]
        hyper: dict[str, Any] = {}
        for block in (self.network, self.profiles[profile].network):
            hyper |= {key: value for key, value in block.items() if key not in FIELDS and key != "field"}
            hyper |= block.get(kind, {})
        hyper |= {key: value for key, value in entry.items() if key not in OF_METHODS}
        if "width" in hyper:
            hyper["width"] = _times(hyper["width"], entry.get("width_factor", 1))
        return hyper

    def _map_of(self, method: str) -> str:
        return str(self.methods[method].get("map", self.seg.method))


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
    _check(params, str(path))
    for kind, name, known in (("profile", profile, params.profiles), ("method", method, params.methods)):
        if name is not None and name not in known:
            raise ConfigError(f"{name!r} is no {kind} of {path}; it must be one of {choices(known)}")
    return params


def _check(params: Params, file: str) -> None:
    """What one key says of another: all that is named exists, and every method can be built in every profile."""
    for name in params.runs:
        if name not in params.profiles:
            raise ConfigError(
                f"{file}: runs names {name!r}, which is no profile; profiles are {choices(params.profiles)}"
            )
    if len(set(params.runs)) < len(params.runs):
        raise ConfigError(f"{file}: runs = {params.runs} names a profile twice")
    if params.seg.method not in params.maps:
        raise ConfigError(
            f"{file}: seg.method = {params.seg.method!r} is not allowed; it must be one of {choices(params.maps)}"
        )
    for key in params.scores:
        if not any(key in task.only_scores for task in TASKS.values()):
            raise ConfigError(f"{file}: scores.{key} is not a known key")
    _check_defaults(params.network, f"{file}: network")
    for name in params.maps:
        _check_map(params, name, f"{file}: maps.{name}")
    for profile in params.profiles:
        _check_defaults(params.profiles[profile].network, f"{file}: profiles.{profile}.network", ("field",))
        _check_task(params, profile, f"{file}: profiles.{profile}.task")
    for method in params.methods:
        _check_method(params, method, f"{file}: methods.{method}")
        for profile in params.profiles:
            _check_fit(params, profile, method, f"{file}: methods.{method}")


def _times(width: Any, factor: int) -> Any:
    """A width or several, each times a factor; what is no number stays, for its field to refuse."""
    if isinstance(width, list):
        return [_times(each, factor) for each in width]
    return width * factor if isinstance(width, int) and not isinstance(width, bool) else width


def _check_map(params: Params, name: str, where: str) -> None:
    entry = params.maps[name]
    if not among(entry.get("segmenter"), SEGMENTERS):
        raise ConfigError(
            f"{where}.segmenter = {entry.get('segmenter')!r} is not allowed; it must be one of {choices(SEGMENTERS)}"
        )
    try:
        Seg(method="any", regions=entry.get("regions", params.seg.regions))
        params.segmenter(name)
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{where}.")) from None


def _check_defaults(block: dict[str, Any], where: str, unknown: tuple[str, ...] = ()) -> None:
    """What stands under `network`: keys of all kinds of field, and under a kind's name its own."""
    if refused := block.keys() & {*unknown, "regions"}:
        raise ConfigError(f"{where}.{min(refused)} is not a known key")
    for kind, field in FIELDS.items():
        own = block.get(kind, {})
        if not isinstance(own, dict):
            raise ConfigError(f"{where}.{kind} = {own!r} is not allowed; it must be keys of {kind}")
        if strange := [key for key in own if key not in signature(field).parameters or key == "regions"]:
            raise ConfigError(f"{where}.{kind}.{strange[0]} is not a known key")


def _check_task(params: Params, profile: str, where: str) -> None:
    entry = params.profiles[profile].task
    if not among(entry.get("kind"), TASKS):
        raise ConfigError(f"{where}.kind = {entry.get('kind')!r} is not allowed; it must be one of {choices(TASKS)}")
    if scored := TASKS[entry["kind"]].only_scores & entry.keys():
        raise ConfigError(f"{where}.{min(scored)} is not a known key; it stands under scores")
    try:
        params.task(profile)
    except ValidationError as error:
        prefix = "scores." if error.errors()[0]["loc"][:1] and error.errors()[0]["loc"][0] in params.scores else ""
        raise ConfigError(sentence(error, f"{where.partition(':')[0]}: {prefix}" if prefix else f"{where}.")) from None


def _check_method(params: Params, method: str, where: str) -> None:
    entry = params.methods[method]
    if not among({**params.network, **entry}.get("field"), FIELDS):
        name = {**params.network, **entry}.get("field")
        raise ConfigError(f"{where}: field = {name!r} is not known; fields are {choices(FIELDS)}")
    if "regions" in entry:
        raise ConfigError(f"{where}.regions is not a known key; a map has regions, under maps or seg")
    if "map" in entry and not among(entry["map"], params.maps):
        raise ConfigError(f"{where}.map = {entry['map']!r} is not allowed; it must be one of {choices(params.maps)}")
    factor = entry.get("width_factor", 1)
    if not isinstance(factor, int) or isinstance(factor, bool) or factor < 1:
        raise ConfigError(f"{where}.width_factor = {factor!r} is not allowed; it must be a whole number from 1")
    if not isinstance(entry.get("train", {}), dict):
        raise ConfigError(f"{where}.train = {entry['train']!r} is not allowed; it must be keys of a profile's train")


def _check_fit(params: Params, profile: str, method: str, where: str) -> None:
    try:
        field = params.field(profile, method)
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{where} in profile {profile}: ")) from None
    try:
        train = params.train(profile, method)
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{where}.train in profile {profile}: ")) from None
    if "map" in params.methods[method] and not field.needs_labels:
        raise ConfigError(f"{where}.map: its field follows no map; it needs a segment gate or region_input")
    if train.precision == "mixed" and not ways.mixes(field, params.task(profile).least_squares, train):
        raise ConfigError(f"{where}.train.precision in profile {profile}: its fit can only be computed in float32")
