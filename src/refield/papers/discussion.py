"""What our reports say of a paper's gain, if it has one: from which differences of methods, and in which words."""

from string import Formatter
from typing import Literal

from pydantic import Field, model_validator

from refield.papers.contest import Contest
from refield.papers.table import Pair
from refield.strict import Name, Strict

GAIN = "gain"  # the name of the paper's own difference
TOLD = {"", "verdict", "wins", "images"}  # what words may say of a difference


class Part(Strict):
    """A difference of two methods, the first less the second, and what it says."""

    of: Pair
    says: str


class Shown(Strict):
    """A section on a study: what outlasts other values of some parameters."""

    title: str
    study: Name  # a folder of studies/
    show: Literal[
        "settings", "seeds", "course", "choices", "table", "best", "sequences", "matched", "heatmap", "progress"
    ]
    words: str | None = None
    called: list[str] = Field(default_factory=list)  # its combinations in their order, where values say little of them
    differences: list[Name] = Field(default_factory=list)  # beside the gain; of a table, these alone
    # Of a table and its differences, beside what ranks: what the study's scores name.
    measures: list[Name] = Field(default_factory=list)
    # Of choices the values, and of what shows each method at its best the methods, that all others are compared with.
    against: list[Name] = Field(default_factory=list)

    @property
    def is_about_the_gain(self) -> bool:
        """Whether it says of all of a study what becomes of the gain there."""
        return self.show in ("settings", "seeds", "course")

    @property
    def is_drawn(self) -> bool:
        """Whether it has a chart beside the text."""
        return self.show in ("heatmap", "progress")


class Across(Strict):
    """A section on methods in several profiles: how well each does, and how much better than without a field."""

    title: str
    words: str
    methods: list[Name] = Field(min_length=1)
    # Profiles, and of each the measure that says how well its task is done without a field, if one does.
    profiles: dict[Name, Name | None] = Field(min_length=1)
    reach: float | None = None  # dB: after how many iterations a method's mean curve is there


class Discussion(Strict):
    """Names of differences are keys of `differences`, or `gain`."""

    title: str
    gain: str | None = None  # what the gain itself says, of a paper that has one
    differences: dict[Name, Part] = Field(default_factory=dict)
    parts: list[Name] = Field(default_factory=list)  # of the gain and what leads to it
    others: list[Name] = Field(default_factory=list)
    measures: list[Name] = Field(default_factory=list)  # the task's, in which they stand beside what ranks
    controls: list[Name] = Field(default_factory=list)  # measures of other tasks, which need no field
    words: str | None = None  # with {name}, {name.verdict}, {name.wins} and {name.images} of any difference
    course: list[Name] = Field(default_factory=list)  # methods that are followed over the iterations
    across: Across | None = None
    claims: list[Contest] = Field(default_factory=list)  # beside the paper's own, which are of one profile
    studies: list[Shown] = Field(default_factory=list)

    @model_validator(mode="after")
    def names_are_defined(self) -> "Discussion":
        if GAIN in self.differences:
            raise ValueError(f"differences must not define {GAIN}, which is the paper's own")
        known = {*([GAIN] if self.gain else []), *self.differences}
        named = [("parts", self.parts), ("others", self.others), ("words", self.told)]
        named += [(f"the study {shown.study}", shown.differences) for shown in self.studies]
        for where, names in named:
            if missing := [name for name in names if name not in known]:
                raise ValueError(f"{where} names {missing[0]}, which is not under differences")
        if not self.gain and (about := [shown.study for shown in self.studies if shown.is_about_the_gain]):
            raise ValueError(f"gain is missing; the study {about[0]} is shown by what becomes of it")
        shown = [section.study for section in self.studies]
        for study in (study for claim in self.claims for study in claim.studies):
            if study not in shown:
                raise ValueError(f"a claim names the study {study}, which studies does not show")
        return self

    @model_validator(mode="after")
    def words_can_be_filled_in(self) -> "Discussion":
        for field in self._fields:
            if field.partition(".")[2] not in TOLD:
                raise ValueError(f"words: {{{field}}} is not allowed; a difference has {', '.join(sorted(TOLD)[1:])}")
        return self

    @property
    def told(self) -> list[str]:
        """The differences that `words` names, each once."""
        return list(dict.fromkeys(field.partition(".")[0] for field in self._fields))

    @property
    def asked(self) -> list[str]:
        """The names of all differences that it asks of a profile, the gain's behind its parts."""
        return [*self.of_the_gain, *self.others]

    @property
    def of_the_gain(self) -> list[str]:
        """Those of the gain's parts, and its own, if there is one."""
        return [*self.parts, *([GAIN] if self.gain else [])]

    @property
    def methods(self) -> set[str]:
        """All methods that it names."""
        across = self.across.methods if self.across else []
        claimed = [each.method for claim in self.claims for each in claim.contestants.values()]
        paired = {method for part in self.differences.values() for method in part.of}
        return paired | {*self.course, *self.controls, *across, *claimed}

    @property
    def _fields(self) -> list[str]:
        try:
            return [field for _, field, _, _ in Formatter().parse(self.words or "") if field is not None]
        except ValueError as error:
            raise ValueError(f"words: {error}") from None
