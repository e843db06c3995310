"""Which activations a profile's searches have chosen, and by how much."""

from collections.abc import Iterator
from pathlib import Path

from refield import config, papers
from refield.errors import UserError
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.reports.chosen import Sequences
from refield.reports.plotting import save
from refield.reports.sequences import chart, page
from refield.scores.files import read_csv
from refield.units.names import SEARCH
from refield.units.search import dictionary


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    published = papers.read(params.paper)
    methods = [method for method in params.methods_of(profile) if dictionary(params.field(profile, method))]
    if not methods:
        raise UserError(f"no method of {layout.params} chooses its activations from a dictionary in profile {profile}")
    files = [(method, file) for method in methods for file in _tables(layout.fits(profile, method))]
    found = Sequences.of({(method, file.parent.name): read_csv(file) for method, file in files})
    save(chart(found, published), layout.sequences(profile, ".svg"))
    text = page(profile, found, params.task(profile).least_squares, published)
    layout.sequences(profile, ".md").write_text(text, encoding="utf-8", newline="\n")
    found.rows.to_csv(layout.sequences(profile, ".csv"), index=False, float_format="%.9g", lineterminator="\n")


def _tables(fits: Path) -> Iterator[Path]:
    """The tables of a method's searches, an image each."""
    files = [folder / SEARCH for folder in sorted(fits.iterdir())] if fits.is_dir() else []
    if missing := [file for file in files or [fits / "*" / SEARCH] if not file.exists()]:
        raise UserError(f"{missing[0]} is missing, the table of a search; make these fits anew with `dvc repro`")
    yield from files


if __name__ == "__main__":
    run(main)
