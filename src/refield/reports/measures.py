"""What a study's scores are of, and how differences in a measure are said."""

from collections.abc import Mapping, Sequence

import pandas as pd

from refield.errors import UserError
from refield.scores.measure import PSNR, Measure
from refield.scores.numbers import number
from refield.scores.paired import Difference
from refield.study import DROP
from refield.tasks import TASKS

FALL = Measure(DROP, "largest fall on the way", 2, higher_is_better=False, unit="dB")


def measures_of(scores: pd.DataFrame) -> Mapping[str, Measure]:
    """Those that a study's scores have, by their names; first that which ranks methods in its profile's task."""
    known = {each.name: each for each in (*(each for task in TASKS.values() for each in task.measures), FALL)}
    return {column: known[column] for column in map(str, scores) if column in known}  # as `pipeline/studies` has them


def ranking(scores: pd.DataFrame) -> Measure:
    """The measure by which a study ranks methods; `UserError` if its scores are of none."""
    if not (found := measures_of(scores)):
        raise UserError(f"a study has scores of no task's measures, but columns {', '.join(map(str, scores))}")
    return next(iter(found.values()))


def named(scores: pd.DataFrame, names: Sequence[str], study: str) -> list[Measure]:
    """Measures of a study's scores by their names; `UserError` if it has no such scores."""
    known = measures_of(scores)
    if missing := [name for name in names if name not in known]:
        raise UserError(f"the study {study} has no scores of {missing[0]}; its params.yaml must name it")
    return [known[name] for name in names]


def difference_in(measure: Measure) -> str:
    """What differences are in: in dB if of the PSNR, else in the measure."""
    return measure.unit if measure.name == PSNR.name else measure.title


def interval(found: Difference, measure: Measure) -> str:
    """A mean difference and its interval, without a unit."""
    mean, low, high = (number(value, measure.digits, "+") for value in (found.mean, found.low, found.high))
    return f"{mean} [{low}, {high}]"
