"""What published fits cost, on the page of a profile of the same images: their rows, and charts of theirs and ours.

Parameters are drawn into the page. Seconds are a machine's: their chart is the file that stands beside provenance, so
that the page is the same on any day.
"""

from dataclasses import dataclass

from refield.config import Params
from refield.papers import Paper, Table
from refield.reports.plotting import as_address
from refield.reports.published_costs import HEADS, rows_of, table_of
from refield.reports.report import over_parameters
from refield.reports.results import Scores


@dataclass(frozen=True)
class Costs:
    """A table of published costs, and the addresses of two charts."""

    table: Table
    heads: list[str]
    rows: list[list[str]]
    parameters: str  # an SVG itself
    seconds: str  # relative to the page, less .svg; less .md of the words beside


def costs_of(profile: str, scores: Scores, params: Params, paper: Paper) -> Costs | None:
    """What stands on a profile's page; None unless a table says what fits to the same images cost."""
    table, chart = table_of(profile, params, paper), over_parameters(profile, scores, params, paper)
    if table is None or chart is None:
        return None
    return Costs(table, HEADS, rows_of(table), as_address(chart), f"../provenance/{profile}")
