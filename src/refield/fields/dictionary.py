"""A dictionary of activations, from which a greedy search chooses one for each layer.

"MIRE: Matched Implicit Neural Representations" (CVPR 2025): for each layer in turn, a network of the layers so far is
fitted with each activation of the dictionary behind its last layer; the one of lowest loss stays, with what its layers
have learned, and the next layer is added. No code is published; where the paper is silent, keys say what is done.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from refield.fields.activations import ACTIVATIONS
from refield.strict import Strict


class Dictionary(Strict):
    """In the place of an MLP's activations: those to choose from, and how long each is tried."""

    dictionary: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    # How long the fits for the first, the second, ... layer are, in relation to each other: 100, 100 and 200 iterations
    # in the paper. All of them together take the `iterations` of `train`.
    stages: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, strict=False)] = (1, 1, 2)
    # "Restart the network with the earlier choices (type and learned parameters) kept": of the earlier layers all that
    # was learned, weights included; or the parameters of their activations only.
    keep: Literal["layers", "activations"] = "layers"

    @field_validator("dictionary")
    @classmethod
    def activations_are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in names if name not in ACTIVATIONS]:
            raise ValueError(f"{unknown[0]} is no activation; there are {', '.join(ACTIVATIONS)}")
        if len(set(names)) < len(names):
            raise ValueError("it names an activation twice")
        return names

    def iterations(self, total: int) -> list[int]:
        """How many each fit of each stage takes of all iterations; at least one."""
        parts = len(self.dictionary) * sum(self.stages)
        return [max(1, total * stage // parts) for stage in self.stages]
