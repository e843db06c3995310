"""Rates and distortions of all profiles, measured and published: a chart, tables, a page."""

import json

from refield import comparison
from refield.comparison import Comparison
from refield.errors import UserError
from refield.files import read
from refield.papers import curves
from refield.pipeline.command import run
from refield.pipeline.comparison_layout import FIELDS, ComparisonLayout
from refield.reports import rates_page, rates_seconds
from refield.reports.plotting import save
from refield.reports.rates import page
from refield.reports.rates_chart import chart
from refield.reports.rates_panel import read_panel
from refield.scores.files import read_csv


def main(paper: str | None = None) -> None:
    layout = ComparisonLayout(paper)
    compared, published = comparison.read(layout.params), curves.read(layout.published)
    found = (read_panel(name, compared, layout.measured_of_all / name, published) for name in compared.profiles)
    panels = [panel for panel in found if panel]
    if not panels:
        raise UserError(f"{layout.measured_of_all} has no rates; `dvc repro {layout.pipeline}` measures them")
    looks = {
        panel.profile: json.loads(read(layout.compared(panel.profile), links=True))
        for panel in panels
        if layout.compared(panel.profile).exists()
    }
    seconds = {panel.profile: link for panel in panels if (link := _tell_seconds(layout, panel.profile, compared))}
    for suffix, text in (
        (".md", page(panels, compared, seconds)),
        (".html", rates_page.page(panels, looks, compared, published.title, seconds)),
    ):
        layout.rate_report(suffix).write_text(text, encoding="utf-8", newline="\n")
    shown = next((panel for panel in panels if panel.published), panels[-1])
    save(chart(shown, compared.anchors), layout.rate_report(".svg"))


def _tell_seconds(layout: ComparisonLayout, profile: str, compared: Comparison) -> str | None:
    """Write how long a profile's files took; where that stands, beside the report, if it is known."""
    files = {codec: layout.provenance(profile, codec) for codec in compared.codecs}
    seconds = {codec: read_csv(file) for codec, file in files.items() if file.exists()}
    ours, page = layout.provenance(profile, FIELDS), layout.provenance_report(profile, ".md")
    if not seconds and not ours.exists():
        return None
    asked = compared.profiles[profile]
    text = rates_seconds.page(profile, seconds, read_csv(ours) if ours.exists() else None, asked)
    page.write_text(text, encoding="utf-8", newline="\n")
    return page.relative_to(layout.rate_report(".md").parent).as_posix()


if __name__ == "__main__":
    run(main)
