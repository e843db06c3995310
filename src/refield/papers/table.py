"""A published table: averages over images, and the best and the worst of them; what is not printed is left out."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from refield.strict import Name, Strict

Decibel = Annotated[float, Field(gt=0, lt=100)]
Pair = Annotated[tuple[Name, Name], Field(strict=False)]  # of methods: the first is the better, or said to be


class Row(Strict):
    """One line of a table: what ranks methods in its task, PSNR in dB, over the protocol's images.

    A task that scores an image by other means as well, such as a bicubic enlargement, has a measure of it: its name may
    stand for a method.
    """

    method: Name
    label: str
    average: Decibel | None = None  # unknown where the paper draws it and does not print it
    highest: Decibel | None = None
    lowest: Decibel | None = None
    also: dict[Name, float] = Field(default_factory=dict)  # averages of the task's other measures
    parameters: int | None = Field(None, ge=1)  # of a fit
    seconds: float | None = Field(None, gt=0)  # of a fit, on the table's hardware

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
    # Which of that task's profiles: keys of their task, and values; or `names` of the images, `long`, `width`,
    # `iterations`.
    where: dict[Name, Any] = Field(default_factory=dict)
    protocol: dict[Name, Any] = Field(default_factory=dict)  # what its numbers were measured on, where that differs
    figure: int | None = None  # the figure that shows the same methods
    hardware: str | None = None  # on which its fits took their seconds
    compare: Pair | None = None  # the pair whose median gain chooses the figure's image
    rows: list[Row] = Field(min_length=1)

    @model_validator(mode="after")
    def compares_own_methods(self) -> "Table":
        if self.figure and not self.compare:
            raise ValueError("compare is missing; it names the two methods that choose the figure's image")
        if missing := set(self.compare or ()) - set(self.methods):
            raise ValueError(f"compare names {min(missing)}, which is in no row")
        return self

    @model_validator(mode="after")
    def seconds_are_of_a_machine(self) -> "Table":
        if self.hardware is None and any(row.seconds for row in self.rows):
            raise ValueError("hardware is missing; it says what took the rows' seconds")
        return self

    @property
    def methods(self) -> list[str]:
        return [row.method for row in self.rows]
