"""Write what the studies and controls say of the paper's gain."""

from refield import config, papers
from refield.errors import UserError
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.reports import results
from refield.reports.discussion import discussion
from refield.scores.files import read_csv

ORIGIN = (
    "Made by `dvc repro studies/dvc.yaml:discussion`; every number is computed from `reports/scores` and "
    "`studies/*/scores.csv`."
)


def main(paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(path=layout.params)
    published = papers.read(params.paper)
    scores = results.read_scores(layout.scores_of_all, params)
    curves = results.read_curves(layout.curves_of_all, params)
    files = {name: layout.studies / name / "scores.csv" for name in published.studies}
    if missing := [file for file in files.values() if not file.exists()]:
        raise UserError(f"{missing[0]} is missing")
    studies = {name: read_csv(file) for name, file in files.items()}
    layout.discussion.write_text(discussion(ORIGIN, scores, curves, studies, params, published))


if __name__ == "__main__":
    run(main)
