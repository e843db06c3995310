"""papers/<name>/paper.yaml: what a paper reports, and what our reports say of it; read strictly, as params.yaml is."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, HttpUrl, ValidationError, model_validator

from refield import yaml
from refield.papers.claim import Claim
from refield.papers.discussion import GAIN, Discussion
from refield.papers.protocol import Protocol
from refield.papers.table import Pair, Row, Table
from refield.settings import ConfigError, choices, sentence
from refield.strict import Name, Strict
from refield.tasks import TASKS

FILE = "paper.yaml"


class Gain(Strict):
    """What a paper is about: its own method, and the one that it is said to improve on."""

    better: Name
    worse: Name
    called: Annotated[tuple[str, str], Field(strict=False)]  # in a sentence

    @property
    def pair(self) -> Pair:
        return self.better, self.worse


class Charts(Strict):
    """Which methods the charts show that not all of them can show."""

    beside: list[Name] = Field(default_factory=list)  # beside the methods that are in no table
    costs: list[Name] | None = None  # all without
    gates: list[Name] = Field(default_factory=list)
    # Side by side in pictures, where tables do not say which are. Of those that were scored the gain of the first over
    # the last chooses the image, unless they have both that the paper is about.
    figure: list[Name] = Field(default_factory=list)


class Paper(Strict):
    """The content of a paper.yaml. Methods of params.yaml that it does not know go by their own names."""

    citation: str
    link: Annotated[HttpUrl, Field(strict=False)]
    protocol: Protocol
    unpublished: list[str] = Field(default_factory=list)  # what the paper leaves open
    # A clause on what ours differ in that no setting says, such as which weights are scored: at its own scale, too.
    measured_apart: str | None = None
    methods: dict[Name, str]  # how the report calls them
    elsewhere: str | None = None  # a sentence on what these labels mean where signals are not the protocol's
    gain: Gain | None = None
    tables: list[Table] = Field(min_length=1)
    claims: list[Claim] = Field(default_factory=list)
    sequences: dict[str, list[str]] = Field(default_factory=dict)  # activations that its searches chose, by image
    claims_by: Literal["paper", "us"] = "paper"  # who makes them: us, of what the paper does not ask
    bits_per_weight: Literal[16, 32] = 32  # as its bits per pixel count weights; 32 where it counts none
    # Whose files make one rate curve: all methods', as one network by its sizes, or those of each, as of rivals.
    curves_of: Literal["all", "each"] = "all"
    charts: Charts = Charts()
    credits: dict[str, str] = Field(default_factory=dict)  # a sentence that stands where a signal is shown, by its name
    discussion: Discussion | None = None
    pipeline: str | None = None  # the folder of its own params.yaml and dvc.yaml, unless these are the top level's

    @model_validator(mode="after")
    def methods_are_labelled(self) -> "Paper":
        for where, method in self._named():
            if method not in self.methods:
                raise ValueError(f"methods has no label for {method}, which {where} names")
        return self

    @model_validator(mode="after")
    def tables_are_told_apart(self) -> "Paper":
        figures = [table.figure for table in self.tables if table.figure]
        for what, numbers in (("tables", [table.number for table in self.tables]), ("figures", figures)):
            if len(set(numbers)) < len(numbers):
                raise ValueError(f"tables has two {what} of one number")
        return self

    @model_validator(mode="after")
    def discussion_is_of_the_gain(self) -> "Paper":
        if self.discussion and bool(self.discussion.gain) != bool(self.gain):
            raise ValueError(f"{'discussion.gain' if self.gain else 'gain'} is missing; the other says what it is")
        return self

    @model_validator(mode="after")
    def tasks_are_known(self) -> "Paper":
        for task in (*(table.task for table in self.tables), *(claim.task for claim in self.claims)):
            if task is not None and task not in TASKS:
                raise ValueError(f"task = {task!r} is not allowed; it must be one of {choices(TASKS)}")
        for table in self.tables:
            Protocol.model_validate({**self.protocol.model_dump(), **table.protocol})
        known = [measure.name for measure in TASKS[self.protocol.task].measures[1:]]
        for measure in self.discussion.measures if self.discussion else ():
            if measure not in known:
                raise ValueError(f"measures = {measure!r} is not allowed; it must be one of {choices(known)}")
        if len({claim.text for claim in self.claims}) < len(self.claims):
            raise ValueError("claims has one text twice")
        return self

    def of(self, task: Mapping[str, Any]) -> "Paper":
        """What the paper says of a profile's task, as if it were about nothing else; without tables, if nothing."""

        def about(each: Table | Claim) -> bool:
            same = (each.task or self.protocol.task) == task["kind"]
            return same and all(task.get(key) == value for key, value in each.where.items())

        tables = [table.model_copy(update={"task": None, "where": {}}) for table in self.tables if about(table)]
        departures = tables[0].protocol if tables else {}
        protocol = self.protocol.model_copy(update={**departures, "task": task["kind"]})
        claims = [claim.model_copy(update={"task": None, "where": {}}) for claim in self.claims if about(claim)]
        return self.model_copy(update={"protocol": protocol, "tables": tables, "claims": claims})

    @property
    def rows(self) -> list[Row]:
        """Every method's line, once: the last one that has its average, if one has."""
        lines = [row for table in self.tables for row in table.rows]
        known = [row for row in lines if row.average is not None]
        return list({row.method: row for row in (*lines, *known)}.values())

    @property
    def listed(self) -> list[str]:
        """The methods of its tables, printed numbers or not."""
        return [row.method for row in self.rows]

    @property
    def published(self) -> dict[str, float]:
        """Every method's average in the protocol's task, where it is known."""
        return {row.method: row.average for row in self.of(self._own_entry).rows if row.average is not None}

    def published_in(self, measure: str) -> dict[str, float]:
        """The same in another measure than the one that ranks there."""
        tables = self.of(self._own_entry).tables
        return {row.method: row.also[measure] for table in tables for row in table.rows if measure in row.also}

    @property
    def _own_entry(self) -> dict[str, Any]:
        """What `of` asks of a profile, of the one that the protocol is."""
        return {"kind": self.protocol.task, "names": self.protocol.names, "long": self.protocol.long}

    @property
    def studies(self) -> list[str]:
        """The folders of studies/ that the discussion shows."""
        return [section.study for section in self.discussion.studies] if self.discussion else []

    def label(self, method: str) -> str:
        """How the report calls a method: the paper's name for it, else its own."""
        return self.methods.get(method, method)

    def credit(self, signal: str) -> str:
        """What is owed to who made a signal, with a space before it, as whatever shows it ends; of most nothing."""
        return f" {self.credits[signal]}" if signal in self.credits else ""

    def difference(self, name: str) -> Pair:
        """The methods of a difference that the discussion names."""
        if name == GAIN and self.gain:
            return self.gain.pair
        if not self.discussion:
            raise ValueError(f"there is no difference {name}, as there is no discussion")
        return self.discussion.differences[name].of

    def _named(self) -> Iterator[tuple[str, str]]:
        """Where a method is named, and the method."""
        yield from (("gain", method) for method in (self.gain.pair if self.gain else ()))
        yield from (("a table", row.method) for row in self.rows)
        yield from (("a claim", method) for claim in self.claims for method in claim.methods)
        charts = [*self.charts.beside, *(self.charts.costs or []), *self.charts.gates, *self.charts.figure]
        yield from (("charts", method) for method in charts)
        yield from (("the discussion", method) for method in sorted(self.discussion.methods if self.discussion else ()))


def read(name: str, folder: Path = Path("papers")) -> Paper:
    """The paper of a folder of papers/; `ConfigError` if there is none, or it is wrong."""
    file = folder / name / FILE
    if not file.exists():
        known = sorted(path.parent.name for path in folder.glob(f"*/{FILE}"))
        there = f"papers are {choices(known)}" if known else "run from the repository's root"
        raise ConfigError(f"{file} is missing; {there}")
    try:
        return Paper.model_validate(yaml.load(file))
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{file}: ")) from None
