"""Differences of methods that a discussion names, image by image: Markdown tables, each with intervals."""

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from refield.papers import Discussion, Paper
from refield.papers.discussion import GAIN
from refield.reports.measures import difference_in
from refield.reports.results import Scores, pipe, unit
from refield.scores.measure import Measure
from refield.scores.numbers import DASH, number
from refield.scores.paired import FEWEST, difference

HEADS = ["95 %", "p", "images won"]


def named(scores: Scores, names: Iterable[str], plan: Discussion, paper: Paper) -> str:
    """Differences by their names, and what they say; nothing without one whose methods share enough images."""
    values, measure, rows = scores.by_image(), scores.ranking, []
    published = paper.published_in(measure.name) if measure.name in plan.measures else paper.published
    for name in names:
        first, second = paper.difference(name)
        if cells := _cells(values, first, second, measure):
            told = first in published and second in published
            there = number(published[first] - published[second], measure.digits, "+") if told else DASH
            says = str(plan.gain) if name == GAIN else plan.differences[name].says
            rows.append((_less(first, second, paper), says, *cells, there))
    return pipe(["difference", "what it says", difference_in(measure), *HEADS, "published"], rows, 2) if rows else ""


def less_the_best(scores: Scores, controls: Sequence[str], paper: Paper) -> Iterator[str]:
    """Each method less what is best on average without a field, of measures that say how well something else is.

    Nothing without such a measure, or a method that shares enough images with it.
    """
    known = scores.with_controls(controls)
    values, measure = known.by_image(), known.ranking
    means = values[[control for control in controls if control in values]].mean()
    if means.empty:
        return
    best = str(means.idxmax() if measure.higher_is_better else means.idxmin())
    rows = [
        (_less(method, best, paper), *cells)
        for method in map(str, scores.by_image())
        if (cells := _cells(values, method, best, measure))
    ]
    if rows:
        value = number(means[best], measure.digits) + unit(measure)
        yield f"The best without a field: {paper.label(best)}, {value} on average."
        yield pipe(["difference", difference_in(measure), *HEADS], rows)


def _less(first: str, second: str, paper: Paper) -> str:
    return f"{paper.label(first)} less {paper.label(second)}"


def _cells(values: pd.DataFrame, first: str, second: str, measure: Measure) -> tuple[str, ...]:
    """The mean difference, its interval, p, and who wins, of the images that both have; nothing of too few."""
    both = values[[first, second]].dropna() if {first, second} <= set(values) else values.iloc[:0]
    if len(both) < FEWEST:
        return ()
    found = difference(both[first], both[second])
    mean, low, high = (number(value, measure.digits, "+") for value in (found.mean, found.low, found.high))
    wins = found.wins if measure.higher_is_better else difference(both[second], both[first]).wins
    p = "< 0.001" if found.p < 0.001 else f"{found.p:.3f}"
    return mean, f"{low} to {high}", p, f"{wins} of {found.images}"
