"""The front page: pictures to compare, published against reproduced, a card per profile, what waits, other papers."""

from refield import config, papers
from refield.pipeline.command import run
from refield.pipeline.front import front
from refield.pipeline.layout import Layout
from refield.reports import results


def main(paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(path=layout.params)
    scores = results.read_scores(layout.scores_of_all, params, papers.read(params.paper).bits_per_weight)
    text = front(layout, params, scores)
    layout.index.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main)
