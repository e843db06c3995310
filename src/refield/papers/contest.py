"""What a paper concludes of numbers that no profile has side by side."""

from typing import Any

from pydantic import Field, model_validator

from refield.papers import claim
from refield.strict import Name, Strict

BEST = "best"  # of a key's values that with which a contestant does best, by the same signals


class Contestant(Strict):
    """A method, or a measure that stands for one, in a profile, or where what a study varies has some values."""

    method: Name
    profile: Name | None = None
    at: dict[str, Any] = Field(default_factory=dict)  # keys of the study's grids, and a value of each, or `BEST`


class Contest(Strict):
    """A statement of order or level, of methods in several profiles, or at several values of what studies vary."""

    text: str
    words: str | None = None  # who says so, and of what
    contestants: dict[str, Contestant] = Field(min_length=2)  # best first, by what they are called beside each other
    order: claim.Order = "chain"
    least: float | None = None  # the level that all of them reach, of whom no order is claimed then
    studies: list[Name] = Field(default_factory=list)  # it is asked of each; without any, contestants have profiles
    measure: Name | None = None  # what it is about, where that is not the measure that ranks

    @model_validator(mode="after")
    def contestants_are_told_apart(self) -> "Contest":
        for name, each in self.contestants.items():
            if self.studies and each.profile:
                raise ValueError(f"{name} has a profile, and the claim has studies; one of both says where it stands")
            if not self.studies and not each.profile:
                raise ValueError(f"{name} has no profile, and the claim no studies; one of both says where it stands")
            if each.profile and each.at:
                raise ValueError(f"{name} has at, which are values of a study, and a profile")
        if self.least is not None and self.order != "chain":
            raise ValueError("least is a level of all contestants; remove order")
        contestants = list(self.contestants.values())
        if any(each in contestants[:place] for place, each in enumerate(contestants)):
            raise ValueError("contestants has one twice")
        return self

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The name of each with that of one that is said to be below it; none of a level."""
        return [] if self.least is not None else claim.pairs(self.order, list(self.contestants))
