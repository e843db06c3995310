"""The front page of a pipeline, from what git holds; the top level's leads to those of all papers."""

import os
from collections.abc import Set
from pathlib import Path

from refield import papers
from refield.config import Params
from refield.papers import Paper, curves
from refield.pipeline.clone import git
from refield.pipeline.comparison_layout import ComparisonLayout
from refield.pipeline.layout import Layout
from refield.reports.index import Neighbour, index
from refield.reports.results import Results
from refield.reports.showcase import read_pages
from refield.reports.waiting import waiting


def front(layout: Layout, params: Params, scores: Results) -> str:
    """Its HTML."""
    pages = {name: text for name, text in read_pages(layout.pages).items() if name in kept(layout.pages)}
    paper = papers.read(params.paper)
    if not is_discussed(layout, paper):
        paper = paper.model_copy(update={"discussion": None})  # which is what the page leads to
    return index(params, paper, scores, pages, waiting(layout.waiting), neighbours(layout))


def is_discussed(layout: Layout, paper: Paper) -> bool:
    """Whether the discussion can be made here: some study that it shows has scores, if it shows any.

    It comes from these scores, in a stage of another dvc.yaml. Whether that has run before this page is made is left
    out of account, so that the page has the same bytes either way.
    """
    files = [layout.studies / study / "scores.csv" for study in paper.studies]
    return paper.discussion is not None and (not files or any(file.exists() for file in files))


def kept(folder: Path) -> Set[str]:
    """The names, without suffix, of files that git holds or would: not those it ignores, whose pictures may not be
    given away. `UserError` outside of a repository."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", str(folder))
    return {Path(name).stem for name in os.fsdecode(listed).split("\0") if name}


def neighbours(layout: Layout) -> list[Neighbour]:
    """The other front pages that one leads to, relative to its folder: from a paper's back to the top level's."""
    if layout.paper:
        return [Neighbour("refield", "The front page of all papers.", _from(layout, Layout().index))]
    found = []
    for file in sorted(Path("papers").glob("*/paper.yaml")):
        paper, name = papers.read(file.parent.name), file.parent.name
        if paper.pipeline:
            found.append(Neighbour(name, paper.citation, _from(layout, Layout(name).index)))
    for file in sorted(Path("papers").glob("*/published.yaml")):
        shown, page = curves.read(file), ComparisonLayout(file.parent.name).rate_report(".html")
        found.append(Neighbour(shown.title, shown.about, _from(layout, page)))
    return found


def _from(layout: Layout, page: Path) -> str:
    return Path(os.path.relpath(page, layout.reports)).as_posix()
