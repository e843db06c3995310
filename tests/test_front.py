"""The front page of each pipeline leads to the others'."""

import contextlib
import re
import subprocess
from pathlib import Path

import pytest
from pipeline import ROOT

from refield import config, papers
from refield.pipeline.coding_layout import CodingLayout
from refield.pipeline.front import front, is_discussed, kept
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


@pytest.mark.parametrize("paper", [None, "coin", "gaussian_image", "mire", "sinco", "siren_polito"])
def test_it_leads_to_a_discussion_where_there_is_one(paper):
    layout = Layout(paper)
    assert ('href="discussion.md"' in page(layout)) == layout.discussion.is_file()


def test_what_is_asked_of_weights_has_a_place_on_the_axis():
    """SINCO's PSNR is of halved weights, and has the name and title of the published one."""
    html = page(Layout("sinco"))
    assert "no place on this axis" not in html
    row = re.search(r'<th scope="row">COIN</th><td class="line".*?</td>', html, re.DOTALL)
    assert row
    assert "mark m1" in row[0]
    assert "longer side: its own instead of 240" in html


def test_it_leads_to_a_discussion_from_when_a_study_of_it_has_scores(tmp_path):
    """Before the discussion itself is made, too; of studies that it does not show none counts."""
    layout, paper = Layout("gaussian_image"), papers.read("gaussian_image")
    with contextlib.chdir(tmp_path):
        for study, found in (("another", False), (paper.studies[1], True)):
            (layout.studies / study).mkdir(parents=True)
            (layout.studies / study / "scores.csv").touch()
            assert is_discussed(layout, paper) == found
        assert not is_discussed(layout, paper.model_copy(update={"discussion": None}))
        alone = paper.discussion.model_copy(update={"studies": []})
        assert is_discussed(Layout("of_no_study"), paper.model_copy(update={"discussion": alone}))


def test_it_shows_no_picture_that_git_leaves_out(tmp_path):
    (tmp_path / "reports" / "pages").mkdir(parents=True)
    for name in ("kept", "left_out"):
        (tmp_path / "reports" / "pages" / f"{name}.html").write_text("")
    (tmp_path / ".gitignore").write_text("/reports/pages/left*\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    with contextlib.chdir(tmp_path):
        assert kept(Path("reports/pages")) == {"kept"}


def test_committed_ones_show_pages_that_are_in_git():
    for layout in layouts():
        if layout.index.is_file():
            shown = re.findall(r'data-original="(\w+)/', layout.index.read_text(encoding="utf-8"))
            assert set(shown) <= kept(layout.pages), layout.index
