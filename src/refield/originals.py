"""What a profile of params.yaml says of its signals: where they come from, and what is made of them."""

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from refield.errors import shown
from refield.settings import choices
from refield.signals.names import Names
from refield.signals.photographs import Frame
from refield.signals.sources import SOURCES
from refield.strict import Strict, added

MOST_PIXELS = 89_478_485  # of an image: Pillow opens no larger photographs either


class Originals(Strict):
    """Where a profile's signals come from."""

    kind: ClassVar[str]  # of the signals, as the table of signals has it

    source: str  # a key of SOURCES
    names: Names
    beside: list[str] = Field(default_factory=list)  # names of what comes with the signals and is none, such as a mask

    @field_validator("source")
    @classmethod
    def source_is_known(cls, source: str) -> str:
        if source not in SOURCES:
            raise ValueError(f"{shown(source)} is not allowed; it must be one of {choices(SOURCES)}")
        return source

    @model_validator(mode="after")
    def names_are_told_apart(self) -> "Originals":
        if self.names != "all" and len(set(self.names)) < len(self.names):
            raise ValueError("names lists an image twice")
        if self.names != "all" and (both := [name for name in self.names if name in self.beside]):
            raise ValueError(f"names and beside both list {shown(both[0])}; what lies beside the images is none")
        return self


class Volumes(Originals):
    """What a profile's volumes are made of: meshes, and grids of voxels."""

    kind: ClassVar[str] = "volumes"

    # Voxels along the longest side of a mesh's box, or along a grid's longest axis, which a file may have more of.
    side: int = Field(ge=8, le=512)


class Scenes(Originals):
    """What a profile's views are made of: pictures of a scene, with the poses of their cameras."""

    kind: ClassVar[str] = "views"
    long: int = Field(ge=11, le=4096)  # pixels of the longer side, which divide those of the pictures; SSIM needs 11
    box: float = Field(gt=0, allow_inf_nan=False)  # half the side of a cube around the origin that holds the scene


class Images(Originals):
    """What a profile's images are made of."""

    kind: ClassVar[str] = "images"

    frame: Frame
    long: int | None = Field(None, ge=11, le=65536)
    short: int | None = Field(None, ge=11, le=65536)  # SSIM's window has 11 pixels
    color: Literal["rgb", "grey"]
    # Both axes on [-1, 1], or in steps of one length: see `signals.isotropic`.
    coordinates: Literal["square", "isotropic"] = added("square")

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
        return self


def of_a_kind(entry: Any) -> Any:
    """What is said of signals: volumes have a `side`, and views a `box`; all else are images."""
    if isinstance(entry, Originals):
        return entry
    keys = entry if isinstance(entry, dict) else {}
    return (Volumes if "side" in keys else Scenes if "box" in keys else Images).model_validate(entry)
