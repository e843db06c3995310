"""What a paper concludes from its numbers, and whether numbers bear it out."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from refield.strict import Name, Strict


class Claim(Strict):
    """A statement of order: each method is better than the next one, or only the first than all others."""

    text: str
    of: Literal["average", "highest", "lowest", "images", "each"]  # images: on most of them; each: on every one
    methods: list[Name] = Field(min_length=2)  # best first
    order: Literal["chain", "first"] = "chain"
    task: Name | None = None  # of the profiles that it is about, where that is not the protocol's
    where: dict[Name, Any] = Field(default_factory=dict)  # which of that task's profiles, as of a table
    measure: Name | None = None  # what it is about, where that is not the measure that ranks

    @model_validator(mode="after")
    def images_have_two_methods(self) -> "Claim":
        if self.of == "images" and len(self.methods) != 2:
            raise ValueError("of: images compares two methods")
        if len(set(self.methods)) < len(self.methods):
            raise ValueError("methods names one twice")
        return self

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each method with one that is said to be below it."""
        best, *rest = self.methods
        return list(zip([best, *rest[:-1]] if self.order == "chain" else [best] * len(rest), rest, strict=True))

    def holds(self, values: Mapping[str, float]) -> bool | None:
        """Whether it holds for values of which more is better; None if a method has none. A tie does not hold."""
        if any(method not in values for method in self.methods):
            return None
        return all(values[above] > values[below] for above, below in self.pairs)
