"""The table of results in README.md, between two markers."""

from pathlib import Path

from refield import config, papers
from refield.errors import UserError
from refield.pipeline.layout import Layout
from refield.reports import results, tables

README = Path("README.md")
BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"


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
    before, found, rest = README.read_text().partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not (found and closed):
        raise UserError(f"{README} has no {BEGIN} and {END}, between which the table belongs")
    table = tables.readme_table(scores, params, papers.read(params.paper))
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
