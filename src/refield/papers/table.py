"""A published table: averages over images, and the best and the worst of them; what is not printed is left out."""

from typing import Annotated

from pydantic import Field, model_validator

from refield.strict import Name, Strict

Decibel = Annotated[float, Field(gt=0, lt=100)]
Pair = Annotated[tuple[Name, Name], Field(strict=False)]  # of methods: the first is the better, or said to be


class Row(Strict):
    """One line of a table: what ranks methods in its task, PSNR in dB, over the protocol's images."""

    method: Name
    label: str
    average: Decibel | None = None  # unknown where the paper draws it and does not print it
    highest: Decibel | None = None
    lowest: Decibel | None = None

    @model_validator(mode="after")
    def in_order(self) -> "Row":
        printed = [value for value in (self.lowest, self.average, self.highest) if value is not None]
        if printed != sorted(printed):
            raise ValueError(f"{self.method}: the average must lie between lowest and highest")
        return self


class Table(Strict):
    """A table with its number, and where it stands."""

    number: int = Field(ge=1)
    page: int | None = None  # of the publication
    caption: str
    task: Name | None = None  # what its numbers are of, where that is not the protocol's
    figure: int | None = None  # the figure that shows the same methods
    compare: Pair | None = None  # the pair whose median gain chooses the figure's image
    rows: list[Row] = Field(min_length=1)

    @model_validator(mode="after")
    def compares_own_methods(self) -> "Table":
        if self.figure and not self.compare:
            raise ValueError("compare is missing; it names the two methods that choose the figure's image")
        if missing := set(self.compare or ()) - set(self.methods):
            raise ValueError(f"compare names {min(missing)}, which is in no row")
        return self

    @property
    def methods(self) -> list[str]:
        return [row.method for row in self.rows]
