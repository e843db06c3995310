"""What fits cost beside what published ones did: parameters, which are the same on any day, or seconds of a machine."""

from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from refield.config import Params
from refield.papers import Paper, Table
from refield.reports.charts import Labels, Looks, beside_published
from refield.reports.description import entry
from refield.reports.results import pipe
from refield.scores.measure import Measure
from refield.scores.numbers import DASH, number

Cost = Literal["parameters", "seconds"]
TITLES: dict[Cost, str] = {"parameters": "Parameters", "seconds": "Seconds, median fit"}


def table_of(profile: str, params: Params, paper: Paper) -> Table | None:
    """The published table that says what fits to a profile's own signals cost; None if there is none."""
    if profile not in params.profiles:
        return None
    said = paper.of(entry(profile, params))
    if not said.protocol.has_signals_of(params.profiles[profile]):
        return None
    return next((table for table in said.tables if any(row.parameters for row in table.rows)), None)


def chart(
    cost: Cost, table: Table, average: pd.Series, costs: pd.Series, looks: Looks, labels: Labels, ranking: Measure
) -> Figure:
    """Mean quality over a cost, both by method, and the table's rows that have both."""
    rows = [row for row in table.rows if getattr(row, cost) is not None and row.average is not None]
    published = pd.DataFrame(
        {
            "label": [row.label for row in rows],
            "average": [row.average for row in rows],
            "cost": [float(getattr(row, cost)) for row in rows],
        },
        index=[row.method for row in rows],
    )
    machine = f", on {table.hardware}" if cost == "seconds" else ""
    return beside_published(
        average, costs, TITLES[cost], published, f"Hollow: published{machine}", looks, labels, ranking
    )


HEADS = ["Published", "average", "parameters", "seconds"]


def rows_of(table: Table) -> list[list[str]]:
    """What the table says of each fit whose parameters it tells, under `HEADS`."""
    return [
        [
            row.label,
            DASH if row.average is None else number(row.average),
            f"{row.parameters:,}",
            DASH if row.seconds is None else f"{row.seconds:,.0f}",
        ]
        for row in table.rows
        if row.parameters
    ]


def listing(table: Table) -> str:
    """The table's costs in Markdown, and the machine that its seconds are of."""
    return f"Published (Table {table.number}), on {table.hardware}:\n\n{pipe(HEADS, rows_of(table))}"


def pointer(profile: str) -> str:
    """Where the charts of a profile with published costs lie, from its tables in Markdown."""
    return (
        "Beside what published fits cost:\n\n"
        f"![Quality over parameters, here and published](charts/{profile}/parameters.svg)\n\n"
        f"The same [over seconds](provenance/{profile}.svg), each of its own machine."
    )
