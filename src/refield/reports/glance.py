"""Published against reproduced at a glance: averages on one axis, the paper's gain with its intervals, its claims."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import MaxNLocator

from refield.config import Params
from refield.papers import Paper
from refield.reports.claims import examine, explained
from refield.reports.description import entry, has_some_images, kind, said, scale
from refield.reports.gain import NO_GAIN, Gain, gain_of
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
        "averages": _averages(results, params, paper, sides),
        "gain": _gain(paper, sides, measure),
        "claims": claims,
        "chance": explained(holds for claim in claims for holds, _ in claim["here"]),
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


def _averages(results: Results, params: Params, paper: Paper, sides: Sequence[Column]) -> dict[str, Any] | None:
    """One row a method; only averages of the paper's own measure have a place on the axis."""
    statistics = tidy(results, params, paper)
    if statistics.empty:
        return None
    found = statistics.drop_duplicates(["profile", "method"]).set_index(["method", "profile"])["average"]
    digits = [published_measure(paper).digits, *(side.scores.ranking.digits for side in sides)]
    values = {
        method: [
            paper.published.get(method, math.nan),
            *(float(found.get((method, side.profile), math.nan)) for side in sides),
        ]
        for method in map(str, dict.fromkeys(statistics["method"]))
    }
    placed = {
        method: [
            (place, value)
            for place, value in enumerate(row)
            if math.isfinite(value) and not (place and sides[place - 1].measure)
        ]
        for method, row in values.items()
    }
    drawn = [value for row in placed.values() for _, value in row]
    axis = Axis.over(drawn) if drawn else None
    rows, listed = [], paper.listed
    for method, row in values.items():
        marks = [(place, axis.at(value)) for place, value in placed[method]] if axis else []
        places = [at for _, at in marks]
        rows.append(
            {
                "label": paper.label(method),
                "listed": method in listed,
                "cells": [number(value, places) for value, places in zip(row, digits, strict=True)],
                "marks": marks,
                "span": (min(places), max(places)) if places else None,
            }
        )
    return {"axis": axis, "rows": rows}


def _gain(paper: Paper, sides: Sequence[Column], measure: Measure) -> dict[str, Any] | None:
    """The paper's own difference of two methods, published and image by image in each profile; None if unknown."""
    if not paper.gain or not set(paper.gain.pair) <= {*paper.listed}:
        return None
    better, worse = paper.gain.pair
    there = paper.published.get(better, math.nan) - paper.published.get(worse, math.nan)
    gains = [Gain(there, there, there), *(gain_of(side.scores, better, worse) for side in sides)]
    gains = [NO_GAIN if place and sides[place - 1].measure else gain for place, gain in enumerate(gains)]
    if not any(gain.known for gain in gains):
        return None
    axis = Axis.over([0.0, *(end for gain in gains if gain.known for end in (gain.low, gain.high))])
    rows = [
        {
            "text": number(gain.mean, measure.digits, sign="+") + (unit(measure) if gain.known else ""),
            "says": gain.says,
            "at": axis.at(gain.mean) if gain.known else None,
            "reach": (axis.at(gain.low), axis.at(gain.high)) if gain.known else None,
        }
        for gain in gains
    ]
    return {"axis": axis, "zero": axis.at(0), "better": paper.label(better), "worse": paper.label(worse), "rows": rows}


def _claims(params: Params, paper: Paper, sides: Sequence[Column]) -> list[dict[str, Any]]:
    """Each claim, and by profile whether it holds and for which numbers."""
    asked = {
        side.profile: examine(side.scores, said(side.profile, params, paper)).set_index("Claim")
        for side in sides
        if len(side.scores.rows)
    }
    return [
        {
            "text": claim.text,
            "here": [
                tuple(asked[side.profile].loc[claim.text, ["Holds", "Here"]])
                if side.profile in asked and claim.text in asked[side.profile].index
                else (DASH, "")
                for side in sides
            ],
        }
        for claim in paper.claims
    ]
