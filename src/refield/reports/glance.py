"""Published against reproduced at a glance: averages on one axis, the paper's gain with its intervals, its claims."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import MaxNLocator

from refield.config import Params
from refield.papers import Paper
from refield.reports.claims import examine, explained
from refield.reports.description import entry, has_some_images, kind, said, scale
from refield.reports.gain import Gain, gain_of
from refield.reports.results import Results, Scores, scores_of, unit
from refield.reports.statistics import comparable, published_measure, shown, tidy
from refield.scores.measure import Measure
from refield.scores.numbers import DASH, number


@dataclass(frozen=True)
class Column:
    """A profile beside the published numbers."""

    profile: str
    scores: Scores
    measure: str  # of its averages, where that is not the paper's
    scale: str  # what it is; nothing if it has not been run
    comparable: bool  # with the published numbers
    departs: Sequence[str]  # from what the paper's were measured on, in what


@dataclass(frozen=True)
class Axis:
    """Where values lie on a line, in percent of it."""

    low: float
    high: float
    ticks: Sequence[float]

    @classmethod
    def over(cls, values: Sequence[float]) -> "Axis":
        """From round number to round number."""
        ticks = [float(tick) for tick in MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(min(values), max(values))]
        return cls(ticks[0], ticks[-1], ticks)

    def at(self, value: float) -> float:
        return round(100 * (value - self.low) / (self.high - self.low), 2)

    @property
    def marked(self) -> list[tuple[float, str]]:
        """Each tick's place, and its number."""
        return [(self.at(tick), f"{tick + 0.0:g}") for tick in self.ticks]


def columns(results: Results, params: Params, paper: Paper) -> list[Column]:
    """The profiles whose averages and claims stand beside the published ones; of those not run, whose cards say what
    they need, the first alone."""
    names = [name for name in shown(results, params, paper) if not has_some_images(name, params, paper)]
    found = [_column(profile, results, params, paper) for profile in names]
    later = [column.profile for column in found if not column.scale][1:]
    return [column for column in found if column.profile not in later]


def glance(results: Results, params: Params, paper: Paper) -> dict[str, Any]:
    """What the template draws."""
    measure, sides = published_measure(paper), columns(results, params, paper)
    claims = _claims(params, paper, sides)
    return {
        "measure": measure.title,
        "unit": unit(measure),
        "columns": sides,
        "averages": list(_averages(results, params, paper, sides)),
        "gain": _gain(paper, sides, measure),
        "claims": claims,
        "chance": explained(holds for claim in claims for _, holds, _ in claim["here"]),
    }


def _column(profile: str, results: Results, params: Params, paper: Paper) -> Column:
    scores, known = scores_of(results, profile, params), profile in params.profiles
    task = kind(profile, params)
    about = paper.of(entry(profile, params))
    another = scores.ranking.name != published_measure(paper).name
    title = scores.ranking.title if another else f"{scores.ranking.title}, {task}"
    return Column(
        profile,
        scores,
        title if another or task != paper.protocol.task else "",
        scale(profile, scores, params) if len(scores.rows) else "",
        comparable(profile, params, paper),
        about.protocol.differences(params.profiles[profile]) if known else [f"{profile} is no profile any more"],
    )


def _averages(results: Results, params: Params, paper: Paper, sides: Sequence[Column]) -> Iterator[dict[str, Any]]:
    """Tables of one row a method, and of columns by their places in the key, which begins with what is published: first
    of the paper's own measure, on an axis; then of others, which have no place on it, the methods that have one."""
    statistics = tidy(results, params, paper)
    if statistics.empty:
        return
    found = statistics.drop_duplicates(["profile", "method"]).set_index(["method", "profile"])["average"]
    digits = [published_measure(paper).digits, *(side.scores.ranking.digits for side in sides)]
    values = {
        method: [paper.published.get(method, math.nan)]
        + [float(found.get((method, side.profile), math.nan)) for side in sides]
        for method in map(str, dict.fromkeys(statistics["method"]))
    }
    own = [0, *(place for place, side in enumerate(sides, 1) if not side.measure)]
    others = [place for place, side in enumerate(sides, 1) if side.measure]
    drawn = [row[place] for row in values.values() for place in own if math.isfinite(row[place])]
    axis = Axis.over(drawn) if drawn else None
    listed = paper.listed
    for places, line in ((own, axis), (others, None)):
        rows = []
        for method, row in values.items():
            marks = [(place, line.at(row[place])) for place in places if math.isfinite(row[place])] if line else []
            ends = [at for _, at in marks]
            rows.append(
                {
                    "label": paper.label(method),
                    "listed": method in listed,
                    "cells": [(place, number(row[place], digits[place])) for place in places],
                    "marks": marks,
                    "span": (min(ends), max(ends)) if ends else None,
                    "known": not all(math.isnan(row[place]) for place in places),
                }
            )
        if places == others:
            rows = [row for row in rows if row["known"]]
        if places:
            yield {"axis": line, "places": places, "rows": rows}


def _gain(paper: Paper, sides: Sequence[Column], measure: Measure) -> dict[str, Any] | None:
    """The paper's own difference of two methods, published and image by image in each profile of the paper's own
    measure; None if unknown."""
    if not paper.gain or not set(paper.gain.pair) <= {*paper.listed}:
        return None
    better, worse = paper.gain.pair
    there = paper.published.get(better, math.nan) - paper.published.get(worse, math.nan)
    own = {place: side for place, side in enumerate(sides, 1) if not side.measure}
    gains = {0: Gain(there, there, there)} | {place: gain_of(side.scores, better, worse) for place, side in own.items()}
    if not any(gain.known for gain in gains.values()):
        return None
    axis = Axis.over([0.0, *(end for gain in gains.values() if gain.known for end in (gain.low, gain.high))])
    rows = [
        {
            "place": place,
            "where": own[place].profile if place else "published",
            "text": number(gain.mean, measure.digits, sign="+") + (unit(measure) if gain.known else ""),
            "says": gain.says,
            "at": axis.at(gain.mean) if gain.known else None,
            "reach": (axis.at(gain.low), axis.at(gain.high)) if gain.known else None,
        }
        for place, gain in gains.items()
    ]
    return {"axis": axis, "zero": axis.at(0), "better": paper.label(better), "worse": paper.label(worse), "rows": rows}


def _claims(params: Params, paper: Paper, sides: Sequence[Column]) -> list[dict[str, Any]]:
    """Each claim, and where it can be asked: the place in the key, whether it holds there, and for which numbers."""
    asked = {
        place: examine(side.scores, said(side.profile, params, paper)).set_index("Claim")
        for place, side in enumerate(sides, 1)
        if len(side.scores.rows)
    }
    found = []
    for claim in paper.claims:
        answers = {place: answer.loc[claim.text] for place, answer in asked.items() if claim.text in answer.index}
        here = [(place, answer["Holds"], answer["Here"]) for place, answer in answers.items()]
        found.append({"text": claim.text, "here": [each for each in here if {*each[1:]} != {DASH}]})
    return found
