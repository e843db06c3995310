"""The front page: pictures to compare, published against reproduced, a card per profile, what waits."""

from refield import config, papers
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.reports import results
from refield.reports.index import index
from refield.reports.showcase import read_pages
from refield.reports.waiting import waiting


def main(paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(path=layout.params)
    scores = results.read_scores(layout.scores_of_all, params)
    text = index(params, papers.read(params.paper), scores, read_pages(layout.pages), waiting(layout.waiting))
    layout.index.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main)
