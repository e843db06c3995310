"""The front page of each pipeline leads to the others'."""

import re

import pytest
from pipeline import ROOT

from refield import config
from refield.pipeline.coding_layout import CodingLayout
from refield.pipeline.front import front
from refield.pipeline.layout import Layout, layouts
from refield.reports.results import read_scores


@pytest.fixture(autouse=True)
def within(monkeypatch):
    monkeypatch.chdir(ROOT)


def page(layout: Layout) -> str:
    params = config.read(path=layout.params)
    return front(layout, params, read_scores(layout.scores_of_all, params))


def links(layout: Layout) -> dict[str, str]:
    """Where a front page leads to, by name."""
    html = page(layout)
    section = re.search(r'<section id="neighbours".*?</section>', html, re.DOTALL)
    assert section
    return {name: link for link, name in re.findall(r'<h3><a href="([^"]+)">([^<]+)</a>', section[0])}


def test_the_first_leads_to_every_pipelines():
    found = links(Layout())
    assert all((Layout().reports / link).is_file() for link in found.values())
    folders = {(Layout().reports / link).parent for link in found.values()}
    assert folders == {layout.reports for layout in layouts() if layout.paper}


def test_a_papers_leads_back():
    assert links(Layout("coin")) == {"refield": "../index.html"}


@pytest.mark.parametrize(("paper", "coded"), [("coin", True), ("sinco", True), ("gaussian_image", False)])
def test_it_leads_to_what_coding_saves_where_fits_are_coded(paper, coded):
    layout = Layout(paper)
    assert ('<a href="gains.md">' in page(layout)) == coded == CodingLayout(paper).gains.is_file()
