"""The schema of params.yaml, and what it says of each profile and method."""

from collections.abc import Mapping
from inspect import signature
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from refield import tasks
from refield.coding.settings import Coding
from refield.errors import UserError, shown
from refield.fields import FIELDS
from refield.fields.field import Field as CoordinateNetwork
from refield.fitting import ways
from refield.fitting.train import Train
from refield.scores.measure import Measure
from refield.scores.srgan import PSNR_SRGAN, SSIM_SRGAN, Generator
from refield.segmentation import SEGMENTERS
from refield.segmentation.segmentation import Segmenter
from refield.settings import choices
from refield.signals import SIGNALS, Signal
from refield.signals.names import Names
from refield.signals.sources import SOURCES
from refield.strict import Name, Regions, Strict, added
from refield.structure.training import Training
from refield.tasks import TASKS
from refield.tasks.task import Task

MOST_PIXELS = 89_478_485  # of an image: Pillow opens no larger photographs either
# The keys of a method that are not its field's own.
OF_METHODS = ("field", "map", "width_factor", "train", "task")


class Seg(Strict):
    """The map of methods that name none of their own, and the regions of maps that say no number of their own."""

    method: Name
    regions: Regions


class Images(Strict):
    """What a profile's images are made of."""

    source: str  # a key of SOURCES
    names: Names
    beside: list[str] = Field(default_factory=list)  # names of what comes with the images and is none, such as a mask
    frame: Literal["native", "crop", "resize"]
    long: int | None = Field(None, ge=11, le=65536)
    short: int | None = Field(None, ge=11, le=65536)  # SSIM's window has 11 pixels
    color: Literal["rgb", "grey"]
    # Both axes on [-1, 1], or in steps of one length: see `signals.isotropic`.
    coordinates: Literal["square", "isotropic"] = added("square")

    @field_validator("source")
    @classmethod
    def source_is_known(cls, source: str) -> str:
        if source not in SOURCES:
            raise ValueError(f"{shown(source)} is not allowed; it must be one of {choices(SOURCES)}")
        return source

    @model_validator(mode="after")
    def sides_suit_the_frame(self) -> "Images":
        if self.frame == "native" and (self.long or self.short):
            raise ValueError("frame: native keeps each image's size; remove long and short")
        if self.frame != "native" and not (self.long and self.short):
            raise ValueError(f"frame: {self.frame} needs both long and short, in pixels")
        if self.long and self.short and self.long < self.short:
            raise ValueError(f"long ({self.long}) must not be less than short ({self.short})")
        if self.long and self.short and self.long * self.short > MOST_PIXELS:
            raise ValueError(f"long ({self.long}) by short ({self.short}) are more than {MOST_PIXELS:,} pixels")
        if self.names != "all" and len(set(self.names)) < len(self.names):
            raise ValueError("names lists an image twice")
        if self.names != "all" and (both := [name for name in self.names if name in self.beside]):
            raise ValueError(f"names and beside both list {shown(both[0])}; what lies beside the images is none")
        return self


class Profile(Strict):
    """A set of signals, a task, a size of network and how it is trained."""

    images: Images
    task: dict[str, Any] = Field(default_factory=lambda: {"kind": "represent"})
    network: dict[str, Any]
    train: Train
    unet: Training | None = None  # of a network that the task looks with, which a stage trains beforehand
    device: Literal["auto", "cpu", "cuda"] = "auto"
    coding: dict[str, Any] = Field(default_factory=dict)  # keys of `coding` that are others in this profile
    srgan: Generator | None = None  # of a super-resolution: what enlarges the reduced images, too, and is scored

    @property
    def signal(self) -> type[Signal]:
        """The kind of its signals: that whose key of `SIGNALS` it has, unless its images ask for other coordinates."""
        if self.images.coordinates == "isotropic":
            return SIGNALS["isotropic"]
        return next(kind for key, kind in SIGNALS.items() if getattr(self, key, None) is not None)


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
        return self.build_task(entry if method is None else self.methods[method].get("task", entry))

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
        return own if self.profiles[profile].srgan is None else (*own, PSNR_SRGAN, SSIM_SRGAN)

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


def _times(width: Any, factor: int) -> Any:
    """A width or several, each times a factor; what is no number stays, for its field to refuse."""
    if isinstance(width, list):
        return [_times(each, factor) for each in width]
    return width * factor if isinstance(width, int) and not isinstance(width, bool) else width
