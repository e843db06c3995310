"""What published numbers were measured on, and in what a profile of ours departs from it."""

from typing import Literal

from pydantic import Field, model_validator

from refield.config import Images, Profile
from refield.settings import choices
from refield.strict import Strict
from refield.tasks import TASKS


class Protocol(Strict):
    """Keys and values are those of a profile; what a paper does not say is left out, and makes no difference."""

    task: str = "represent"
    source: str
    names: Literal["all"] | list[str] = "all"
    images: int = Field(ge=1)  # how many there are
    frame: Literal["native", "crop", "resize"] | None = None
    long: int | None = None
    short: int | None = None
    color: Literal["rgb", "grey"] | None = None
    coordinates: Literal["square", "isotropic"] | None = None
    width: int | None = None
    iterations: int | None = None

    @model_validator(mode="after")
    def task_is_known(self) -> "Protocol":
        if self.task not in TASKS:
            raise ValueError(f"task = {self.task!r} is not allowed; it must be one of {choices(TASKS)}")
        return self

    def differences(self, profile: Profile) -> list[str]:
        """In what a profile departs from the protocol, in words; empty if the numbers are comparable."""
        originals, framed = profile.originals, {}
        if isinstance(originals, Images):
            framed = {
                "frame": ("image size:", originals.frame),
                "long": ("longer side:", originals.long),
                "short": ("shorter side:", originals.short),
                "color": ("colour", originals.color),
                "coordinates": ("coordinates:", originals.coordinates),
            }
        ours = {
            "task": ("task:", profile.task["kind"]),
            "source": ("images from", originals.source),
            "names": ("chosen images:", originals.names),
            **framed,
            "width": ("network width", profile.network.get("width")),
            "iterations": ("iterations:", profile.train.iterations),
        }
        theirs = self.model_dump(exclude_none=True)
        departures = [(*ours[key], theirs[key]) for key in ours if key in theirs and ours[key][1] != theirs[key]]
        return [f"{word} {_brief(value)} instead of {_brief(published)}" for word, value, published in departures]


def _brief(value: object) -> str:
    return f"{len(value)} named" if isinstance(value, list) else str(value)
