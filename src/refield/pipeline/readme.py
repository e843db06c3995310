"""The table of results in README.md, between two markers."""

from pathlib import Path

from refield import config, papers
from refield.errors import UserError
from refield.pipeline.layout import Layout
from refield.reports import results, tables

README = Path("README.md")


def main(check: bool = False) -> None:
    """Rewrite the table; with CHECK, `UserError` if it is out of date."""
    text = rendered()
    if check and text != README.read_text():
        raise UserError(f"the results in {README} are out of date; run `refield readme`")
    if not check:
        README.write_text(text)


def rendered() -> str:
    """README.md with the table that the scores give."""
    params, layout = config.read(), Layout()
    scores = results.read_scores(layout.scores_of_all, params)
    return placed(README.read_text(), "results", tables.readme_table(scores, params, papers.read(params.paper)))


def placed(text: str, name: str, block: str) -> str:
    """A text with this block between the markers of a name; `UserError` where it has none."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise UserError(f"{README} has no {begin} and {end}, between which a table belongs")
    return f"{before}{begin}\n{block}\n{end}{after}"
