"""All kinds of input, and how many of a hundred cases each has."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from fuzz import commands, fits, jobs, photographs, processes, settings, stores, values
from fuzz.judge import Try
from fuzz.materials import Materials
from fuzz.place import Place


@dataclass(frozen=True)
class Kind:
    """What is changed, in words, how often, and what makes a try of it."""

    words: str
    share: int
    make: Callable[[Random, Place, Materials], Try]


KINDS = (
    Kind("photographs: PNG, JPEG, TIFF, WebP, BMP, GIF, PPM", 19, photographs.photograph),
    Kind("params.yaml, studies, papers' numbers, lists of photographs", 17, settings.parameters),
    Kind("values of `-S`", 6, values.values),
    Kind("executor.yaml", 7, settings.executor),
    Kind("units in the store: records and files", 13, stores.unit),
    Kind("checkpoints of unfinished fits", 6, stores.checkpoint),
    Kind("wanted units, jobs and what workers say", 9, jobs.wanted),
    Kind("weights files", 8, fits.weights),
    Kind("folders of `refield fit`", 4, fits.fit_folder),
    Kind("command lines and environments", 9, commands.line),
    Kind("`dvc repro` and stages as processes", 2, processes.process),
)


def kind_of(number: int) -> Kind:
    """The kind of a case: each has its share of any hundred, the rare ones not all at its end."""
    shares = [(((place + 0.5) / kind.share), order) for order, kind in enumerate(KINDS) for place in range(kind.share)]
    return KINDS[sorted(shares)[number % len(shares)][1]]
