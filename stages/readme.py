"""Rewrite the table of results in README.md, between two markers; with --check, fail if it is out of date."""

from pathlib import Path

from refield import config, papers, results, tables
from refield.errors import UserError
from stages import layout
from stages.command import run

README = Path("README.md")
BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"


def main(check: bool = False) -> None:
    text = rendered()
    if check and text != README.read_text():
        raise UserError(f"the results in {README} are out of date; run `python -m stages.readme`")
    if not check:
        README.write_text(text)


def rendered() -> str:
    """README.md with the table that the scores give."""
    params = config.read()
    scores = results.collect(layout.SCORES, params, results.SCORES)
    before, found, rest = README.read_text().partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not (found and closed):
        raise UserError(f"{README} has no {BEGIN} and {END}, between which the table belongs")
    table = tables.readme_table(scores, params, papers.read()["oh_bae_2024"])
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


if __name__ == "__main__":
    run(main)
