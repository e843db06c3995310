"""What a paper concludes from its numbers, and whether numbers bear it out."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, model_validator

from refield.strict import Name, Strict

Order = Literal["chain", "first", "last"]  # each above the next one, the first above all others, or all above the last


class Claim(Strict):
    """A statement of order of methods, or of a level that they reach on the protocol's own signals."""

    text: str
    of: Literal["average", "highest", "lowest", "images", "each"]  # images: on most of them; each: on every one
    methods: list[Name] = Field(min_length=1)  # best first
    least: float | None = None  # the level: a value of what ranks, of which more is better
    most: float | None = None  # another level, which none of them passes; it is asked of whatever signals
    parameters: int | None = Field(None, ge=1)  # the most that a method which reaches it may have
    order: Order = "chain"
    task: Name | None = None  # of the profiles that it is about, where that is not the protocol's
    where: dict[Name, Any] = Field(default_factory=dict)  # which of that task's profiles, as of a table
    measure: Name | None = None  # what it is about, where that is not the measure that ranks

    @model_validator(mode="after")
    def a_level_is_reached_by_values(self) -> "Claim":
        for name in ("least", "most"):
            if getattr(self, name) is not None and (self.of == "images" or self.order != "chain"):
                raise ValueError(
                    f"{name} is a level of an average, highest or lowest value; remove of: images, and order"
                )
        return self

    @model_validator(mode="after")
    def images_have_two_methods(self) -> "Claim":
        if self.of == "images" and len(self.methods) != 2:
            raise ValueError("of: images compares two methods")
        if len(self.methods) < 2 and not self.is_of_a_level:
            raise ValueError("methods names one, and order is of two; a claim about one has least, a level")
        if self.parameters and self.least is None:
            raise ValueError("parameters bounds what methods that reach a level have; least is missing")
        if len(set(self.methods)) < len(self.methods):
            raise ValueError("methods names one twice")
        return self

    @property
    def is_of_a_level(self) -> bool:
        return self.least is not None or self.most is not None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each method with one that is said to be below it; none of a level."""
        return [] if self.is_of_a_level else pairs(self.order, self.methods)

    def holds(self, values: Mapping[str, float]) -> bool | None:
        """Whether it holds for values of which more is better; None if a method has none. A tie does not hold."""
        if any(method not in values for method in self.methods):
            return None
        if self.is_of_a_level:
            least, most = (
                -math.inf if self.least is None else self.least,
                math.inf if self.most is None else self.most,
            )
            return all(least <= values[method] <= most for method in self.methods)
        return all(values[above] > values[below] for above, below in self.pairs)


def pairs(order: Order, names: Sequence[str]) -> list[tuple[str, str]]:
    """Of names from the best to the worst each with one that the order has below it."""
    match order:
        case "chain":
            return list(pairwise(names))
        case "first":
            return [(names[0], name) for name in names[1:]]
        case "last":
            return [(name, names[-1]) for name in names[:-1]]
