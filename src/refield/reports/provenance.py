"""When, where and for how long a profile's fits were made, as a page and a chart: all that a clock or machine says."""

import pandas as pd
from matplotlib.figure import Figure

from refield.config import Params
from refield.papers import Paper, Table
from refield.reports import charts, published_costs
from refield.reports.report import appearance, differing
from refield.reports.results import Scores, pipe
from refield.scores.measure import PSNR
from refield.scores.numbers import DASH, number

LEAD = (
    "Seconds are those of a machine, and of whatever else it did at the time: the same fits, made anew, take others. "
    "Therefore no other report states them. Dates are those on which the bytes of these fits first came out; who gets "
    "the same bytes again leaves this page as it is. `{profile}/` has a row for each fit."
)
MACHINE = ["device", "threads", "together", "precision", "blas", "torch", "numpy", "python", "platform"]


def page(profile: str, past: pd.DataFrame, paper: Paper, drawn: bool, table: Table | None = None) -> str:
    """Markdown, from the columns of reports/provenance; whether the chart is `drawn`, and a table of published costs
    that stands beside."""
    blocks = [f"# {profile}: when, where and for how long", LEAD.format(profile=profile)]
    if past.empty:
        return "\n\n".join([*blocks, "Of the fits that are here it is not known."]) + "\n"
    blocks += [_seconds(past, paper), *([] if table is None else [published_costs.listing(table)])]
    if drawn:
        blocks.append(f"![Quality over the seconds of a fit]({profile}.svg)")
    return "\n\n".join([*blocks, _machines(past)]) + "\n"


def chart(
    scores: Scores, past: pd.DataFrame, curves: pd.DataFrame, params: Params, paper: Paper, table: Table | None = None
) -> Figure | None:
    """Quality over a fit's median seconds, of the methods that differ in costs; nothing if no time is known.

    Beside a table of published costs, these are drawn as well, and no curves.
    """
    average = scores.summary()["average"]
    if past.empty:
        return None
    seconds = past.groupby("method", sort=False)["seconds"].median().dropna()
    shown = seconds[seconds.index.isin(differing(params, paper)) & seconds.index.isin(average.index)]
    if shown.empty:
        return None
    looks = appearance(params, paper)
    if table is not None:
        return published_costs.chart("seconds", table, average, shown, *looks, scores.ranking)
    if scores.ranking != PSNR:
        curves = curves.iloc[:0]  # which would lead to another number than its fit's
    return charts.over_seconds(average, shown, curves, *looks, scores.ranking)


def _seconds(past: pd.DataFrame, paper: Paper) -> str:
    """A row for each method, and where its fits had other numbers of threads one for each of these."""
    known = past.assign(threads=past["threads"].astype(object).fillna("") if "threads" in past else "")
    rows = [
        [
            paper.label(str(method)),
            str(len(each)),
            f"{threads:.0f}" if threads != "" else DASH,
            *(number(value, 1) for value in (each.median(), each.min(), each.max())),
        ]
        for method, fits in known.groupby("method", sort=False)
        for threads, each in fits.groupby("threads", sort=False)["seconds"]
    ]
    return pipe(["Method", "fits", "threads", "seconds, median", "least", "most"], rows)


def _machines(past: pd.DataFrame) -> str:
    """How many fits come from each machine, and when."""
    columns = [column for column in MACHINE if column in past]
    rows = [
        [str(len(fits)), _days(fits["date"]), *map(str, machine)]
        for machine, fits in past.fillna("").astype({column: str for column in columns}).groupby(columns)
    ]
    return pipe(["fits", "date", *columns], rows)


def _days(dates: pd.Series) -> str:
    first, last = dates.min(), dates.max()
    return str(first) if first == last else f"{first} to {last}"
