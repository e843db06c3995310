"""What published numbers were measured on, and in what a profile of ours departs from it."""

from collections.abc import Mapping
from inspect import signature
from typing import Any, Literal

from pydantic import Field, model_validator

from refield.originals import Images
from refield.params import Profile
from refield.settings import choices
from refield.signals.photographs import Frame
from refield.strict import Strict
from refield.tasks import TASKS

# The keys that say how signals are fitted, rather than what they are.
FITTED = {"regularisation", "width", "iterations", "learning_rate"}


class Protocol(Strict):
    """Keys and values are those of a profile; what a paper does not say is left out, and makes no difference."""

    task: str = "represent"
    regularisation: float | None = None  # of the task
    source: str
    names: Literal["all"] | list[str] = "all"
    images: int = Field(ge=1)  # how many there are
    frame: Frame | None = None
    long: int | None = None
    short: int | None = None
    color: Literal["rgb", "grey"] | None = None
    coordinates: Literal["square", "isotropic"] | None = None
    width: int | None = None
    iterations: int | None = None
    learning_rate: float | None = None

    @model_validator(mode="after")
    def task_is_known(self) -> "Protocol":
        if self.task not in TASKS:
            raise ValueError(f"task = {self.task!r} is not allowed; it must be one of {choices(TASKS)}")
        return self

    def differences(self, profile: Profile) -> list[str]:
        """In what a profile departs from the protocol, in words; empty if the numbers are comparable."""
        return [*self._departures(profile).values()]

    def has_signals_of(self, profile: Profile) -> bool:
        """Whether a profile's task and images are the protocol's, however they are fitted."""
        return isinstance(profile.originals, Images) and self._departures(profile).keys() <= FITTED

    def has_some_images_of(self, profile: Profile) -> bool:
        """Whether a profile departs from it in nothing but that it has some of its images, and not all."""
        names = profile.originals.names
        some = names != "all" and len(names) < self.images and (self.names == "all" or {*names} < {*self.names})
        return some and self._departures(profile).keys() == {"names"}

    def _departures(self, profile: Profile) -> dict[str, str]:
        originals, framed = profile.originals, dict[str, tuple[str, object]]()
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
            **_weighed(profile.task),
            "source": ("images from", originals.source),
            "names": ("chosen images:", originals.names),
            **framed,
            "width": ("network width", profile.network.get("width")),
            "iterations": ("iterations:", profile.train.iterations),
            "learning_rate": ("learning rate", profile.train.learning_rate),
        }
        theirs = self.model_dump(exclude_none=True)
        return {
            key: f"{word} {_brief(value)} instead of {_brief(theirs[key])}"
            for key, (word, value) in ours.items()
            if key in theirs and value != theirs[key]
        }


def _weighed(task: Mapping[str, Any]) -> dict[str, tuple[str, object]]:
    """How much a task's regulariser counts, by its default unless the profile says; nothing of a task without one."""
    key = signature(TASKS[task["kind"]]).parameters.get("regularisation")
    return {"regularisation": ("regularisation", task.get("regularisation", key.default))} if key else {}


def _brief(value: object) -> str:
    if value is None:
        return "its own"
    if isinstance(value, list):
        return value[0] if len(value) == 1 else f"{len(value)} named"
    return f"{value:g}" if isinstance(value, float) else str(value)
