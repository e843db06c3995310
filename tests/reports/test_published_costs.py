"""What fits cost stands beside published costs where the images are the same, and nowhere else."""

import base64
import re

import pandas as pd
import pytest
from markupsafe import escape
from pipeline import ROOT

from refield import config, papers
from refield.papers import Table
from refield.pipeline.layout import Layout
from refield.reports import provenance, report, tables
from refield.reports.glance import glance
from refield.reports.page import page
from refield.reports.published_costs import chart, listing, table_of
from refield.reports.report import appearance
from refield.reports.results import Results, Scores
from refield.scores.measure import PSNR
from refield.tasks.represent import Represent
from refield.units.scoring import COSTS

PARAMS = config.read(path=ROOT / Layout("gaussian_image").params)
PAPER = papers.read("gaussian_image", ROOT / "papers")
PROFILES = ["crops", "kodak_full"]
OURS = pd.DataFrame(
    {"average": [45.5, 42.0], "parameters": [525_123.0, 295_761.0], "seconds": [30.0, 20.0]},
    index=pd.Index(["latents_560k", "latents_300k"], name="method"),
)


@pytest.fixture
def table() -> Table:
    found = table_of("kodak_full", PARAMS, PAPER)
    assert found
    return found


def scores() -> pd.DataFrame:
    same = {measure.name: 40.0 for measure in (*Represent.measures, *COSTS)}
    rows = [{"method": method, "image": "a", "height": 512, "width": 768} | same for method in OURS.index]
    return pd.DataFrame(rows)


def test_published_costs_are_of_the_same_images_only(table: Table) -> None:
    assert table.number == 1
    assert [table_of(name, PARAMS, PAPER) for name in ("quick", "crops", "hidden_10", "former")] == [None] * 4
    other = config.read(path=ROOT / "params.yaml")
    assert table_of("paper", other, papers.read(other.paper, ROOT / "papers")) is None  # its table says no costs


@pytest.mark.parametrize("cost", ["parameters", "seconds"])
def test_the_chart_has_a_dot_for_each_method_and_a_hollow_one_for_each_published_fit(cost: str, table: Table) -> None:
    figure = chart(cost, table, OURS["average"], OURS[cost], *appearance(PARAMS, PAPER), PSNR)
    (axes,), (legend,) = figure.axes, figure.legends
    dots = {line.get_label(): (*line.get_xdata(), *line.get_ydata()) for line in axes.lines}
    published = {row.label: (getattr(row, cost), row.average) for row in table.rows if getattr(row, cost)}
    assert dots == {PAPER.label(method): (row[cost], row["average"]) for method, row in OURS.iterrows()} | {
        f"{label}, published": values for label, values in published.items()
    }
    assert [text.get_text() for text in legend.get_texts()] == list(dots)
    hollow = {line.get_label() for line in axes.lines if line.get_markerfacecolor() == "none"}
    assert hollow == {label for label in dots if label.endswith(", published")}
    assert axes.get_xscale() == "log"
    low, high = axes.get_xlim()
    assert all(low < x < high for x, _ in dots.values())
    assert ("V100" in axes.get_title()) == (cost == "seconds")  # parameters are the same anywhere


def test_the_listing_says_what_is_known_and_on_which_machine(table: Table) -> None:
    text = listing(table)
    assert text.startswith("Published (Table 1), on one V100 GPU:")
    assert "| WIRE | 41.47 | 136,700 | 14,339 |" in text
    assert "| GaussianImage, 240K | 38.57 | 240,000 | — |" in text


def test_reports_of_parameters_know_no_seconds_which_stand_in_provenance(table: Table) -> None:
    found = Results(scores().assign(profile="kodak_full"), [])
    curves = Results(pd.DataFrame(columns=["profile", "method", "iteration", "psnr"]), [])
    names = [name for name, _ in report.comparisons(PARAMS, PAPER, found, curves)]
    assert "kodak_full/parameters" in names
    assert not any("seconds" in name for name in names)
    past = pd.DataFrame([{"method": m, "seconds": 9.0, "date": "2026-11-29", "device": "CPU"} for m in OURS.index])
    own = Scores(scores(), Represent.measures)
    drawn = provenance.chart(own, past, curves.rows, PARAMS, PAPER, table)
    assert drawn
    assert "GaussianImage, 560K, published" in {line.get_label() for line in drawn.axes[0].lines}
    text = provenance.page("kodak_full", past, PAPER, True, table)
    assert "| GaussianImage, 560K | 44.08 | 560,000 | 107 |" in text
    assert "Published" not in provenance.page("kodak_full", past, PAPER, True)


def test_a_page_has_the_published_rows_and_both_charts_where_the_images_are_the_same() -> None:
    curves = pd.DataFrame(columns=["method", "iteration", "psnr"])
    pages = {name: page(name, Scores(scores(), Represent.measures), curves, [], PARAMS, PAPER) for name in PROFILES}
    row = "<td>I-NGP</td><td>43.88</td><td>300,100</td><td>491</td>"
    assert {name: row in html for name, html in pages.items()} == {"kodak_full": True, "crops": False}
    html = pages["kodak_full"]
    assert f'Table 1 of {escape(PAPER.citation)} (<a href="{PAPER.link}">' in html
    assert "its seconds are of one V100 GPU" in html
    (drawn,) = re.findall('src="data:image/svg[+]xml;base64,([^"]+)"', html)
    assert b"<svg" in base64.b64decode(drawn)
    assert 'src="../provenance/kodak_full.svg"' in html  # a machine's seconds are no part of a page


def test_tables_lead_to_the_charts_and_the_front_page_has_what_is_published() -> None:
    found = Results(pd.concat([scores().assign(profile=name) for name in PROFILES]), [])
    sections = dict(section.split("\n", 1) for section in tables.markdown(found, PARAMS, PAPER).split("\n## ")[1:])
    for address in ("charts/kodak_full/parameters.svg", "provenance/kodak_full.svg"):
        assert {name: f"({address})" in text for name, text in sections.items()} == {"crops": False, "kodak_full": True}
    table = glance(found, PARAMS, PAPER)["averages"][0]
    assert {row["label"]: row["cells"][0] for row in table["rows"]}["I-NGP"] == (0, "43.88")
