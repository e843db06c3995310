"""The schema of params.yaml, and what it says of each profile and method."""

from collections.abc import Mapping
from inspect import signature
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from refield import tasks
from refield.coding.settings import Coding
from refield.errors import UserError
from refield.fields import FIELDS
from refield.fields.field import Field as CoordinateNetwork
from refield.fitting import ways
from refield.fitting.train import Train
from refield.originals import Images, Scenes, Volumes, of_a_kind
from refield.scores.measure import Measure
from refield.scores.srgan import OF_SRGAN, Generator
from refield.segmentation import SEGMENTERS
from refield.segmentation.segmentation import Segmenter
from refield.signals import SIGNALS, Signal
from refield.strict import Name, Regions, Strict
from refield.structure.training import Training
from refield.tasks import TASKS
from refield.tasks.task import Task

# The keys of a method that are not its field's own.
OF_METHODS = ("field", "map", "width_factor", "train", "task")


class Seg(Strict):
    """The map of methods that name none of their own, and the regions of maps that say no number of their own."""

    method: Name
    regions: Regions


class Profile(Strict):
    """A set of signals, a task, a size of network and how it is trained; the signals are images, volumes or views."""

    model_config = ConfigDict(serialize_by_alias=True)

    # One key for all kinds of signal: stages depend on it, and DVC refuses a key that a profile lacks.
    originals: Annotated[Images | Volumes | Scenes, BeforeValidator(of_a_kind)] = Field(alias="images")
    # The only methods that it has; or keys of methods that are others here, and null of one that it does not have.
    methods: list[Name] | dict[Name, dict[str, Any] | None] = Field(default_factory=dict)
    task: dict[str, Any] = Field(default_factory=lambda: {"kind": "represent"})
    network: dict[str, Any]
    train: Train
    unet: Training | None = None  # of a network that the task looks with, which a stage trains beforehand
    device: Literal["auto", "cpu", "cuda"] = "auto"
    coding: dict[str, Any] = Field(default_factory=dict)  # keys of `coding` that are others in this profile
    srgan: Generator | None = None  # of a super-resolution: what enlarges the reduced images, too, and is scored

    @model_validator(mode="after")
    def others_have_nothing_of_images(self) -> "Profile":
        odd = [key for key in ("unet", "srgan", "coding") if getattr(self, key)]
        if odd and self.originals.kind != Images.kind:
            raise ValueError(f"{odd[0]} is of images, and the profile has {self.originals.kind}; remove it")
        return self

    @property
    def images(self) -> Images:
        """What its images are made of; `UserError` if its signals are others."""
        if not isinstance(self.originals, Images):
            raise UserError(f"this is done with images, and the profile has {self.originals.kind}")
        return self.originals

    @property
    def volumes(self) -> Volumes | None:
        """What its volumes are made of; None if its signals are others."""
        return self.originals if isinstance(self.originals, Volumes) else None

    @property
    def signal(self) -> type[Signal]:
        """The kind of its signals; of images, by the coordinates that they ask for."""
        if not isinstance(self.originals, Images):
            return SIGNALS[self.originals.kind]
        return SIGNALS["isotropic" if self.images.coordinates == "isotropic" else "images"]


class Params(Strict):
    """All of params.yaml."""

    paper: Name  # the folder of papers/ whose numbers stand beside ours
    runs: list[Name] = Field(min_length=1)
    seed: int = Field(ge=0, lt=2**63)
    seg: Seg
    maps: dict[Name, dict[str, Any]]
    scores: dict[str, Any]
    network: dict[str, Any]
    methods: dict[Name, dict[str, Any]] = Field(min_length=1)
    profiles: dict[Name, Profile]
    coding: dict[str, Any] | None = None  # how fits are coded for comparison; None: they are not

    def methods_of(self, profile: str) -> dict[str, dict[str, Any]]:
        """The methods that a profile has, by name, with the keys that they have there."""
        own = self.profiles[profile].methods
        has = own.__contains__ if isinstance(own, list) else lambda name: own.get(name, {}) is not None
        return {name: self.method(profile, name) for name in self.methods if has(name)}

    def method(self, profile: str, name: str) -> dict[str, Any]:
        """A method's keys in a profile: its own, but for those that are others there."""
        entry, own = self.methods[name], self.profiles[profile].methods
        other = {} if isinstance(own, list) else own.get(name) or {}
        train = {**entry.get("train", {}), **other.get("train", {})}
        return {**entry, **other} | ({"train": train} if train else {})

    def field(self, profile: str, method: str) -> CoordinateNetwork:
        """The field of a method in a profile: the defaults of its kind, then the profile's, then the method's keys."""
        kind, hyper = FIELDS[self.kind(method)], self._hyper(profile, method)
        if "regions" in signature(kind).parameters:
            field = kind(**{**hyper, "regions": self.regions(self._map_of(profile, method))})
            if field.needs_labels:
                return field
        return kind(**hyper)

    def kind(self, method: str) -> str:
        """The kind of a method's field, a key of `FIELDS`."""
        return str({**self.network, **self.methods[method]}["field"])

    def map(self, profile: str, method: str) -> str | None:
        """The map that a method's field follows; None if it needs none."""
        return self._map_of(profile, method) if self.field(profile, method).needs_labels else None

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
        own = self.method(profile, method).get("train", {})
        values = {**self.profiles[profile].train.model_dump(exclude_unset=True), **own}
        if values.get("precision") == "mixed" and "precision" not in own:
            exact = Train.model_validate({**values, "precision": "float32"})
            if not ways.mixes(self.field(profile, method), self.task(profile, method).least_squares, exact):
                return exact
        return Train.model_validate(values)

    def unet(self, profile: str) -> Training:
        """How a profile's U-Net is trained; `UserError` if it has none."""
        if (unet := self.profiles[profile].unet) is None:
            raise UserError(f"profile {profile} has no U-Net to train; profiles.{profile}.unet says how")
        return unet

    def task(self, profile: str, method: str | None = None) -> Task:
        """The task of a profile, scored as `scores` says; of a method, what it is fitted to in that profile.

        A method may have a task of its own, in the place of the profile's: it is scored as all others are.
        """
        entry = self.profiles[profile].task
        return self.build_task(entry if method is None else self.method(profile, method).get("task", entry))

    def build_task(self, entry: Mapping[str, Any]) -> Task:
        """The task of an entry, which has a known `kind`, scored as `scores` says."""
        kind = TASKS[entry["kind"]]
        return tasks.build({**entry, **{key: self.scores[key] for key in self.scores if key in kind.only_scores}})

    def coded(self, profile: str) -> Coding | None:
        """How a profile's fits are coded for comparison; None if they are not."""
        return None if self.coding is None else Coding(**{**self.coding, **self.profiles[profile].coding})

    def measures(self, profile: str) -> tuple[Measure, ...]:
        """The columns of a profile's scores: its task's, and those of SRGAN where it has that."""
        own = self.task(profile).measures
        return own if self.profiles[profile].srgan is None else (*own, *OF_SRGAN)

    def _hyper(self, profile: str, method: str) -> dict[str, Any]:
        kind, entry = self.kind(method), self.method(profile, method)
        hyper: dict[str, Any] = {}
        for block in (self.network, self.profiles[profile].network):
            hyper |= {key: value for key, value in block.items() if key not in FIELDS and key != "field"}
            hyper |= block.get(kind, {})
        hyper |= {key: value for key, value in entry.items() if key not in OF_METHODS}
        if "width" in hyper:
            hyper["width"] = _times(hyper["width"], entry.get("width_factor", 1))
        return hyper

    def _map_of(self, profile: str, method: str) -> str:
        return str(self.method(profile, method).get("map", self.seg.method))


def _times(width: Any, factor: int) -> Any:
    """A width or several, each times a factor; what is no number stays, for its field to refuse."""
    if isinstance(width, list):
        return [_times(each, factor) for each in width]
    return width * factor if isinstance(width, int) and not isinstance(width, bool) else width
