"""Write what the studies and controls say of the paper's gain."""

import shutil

from refield import config, papers
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.reports import results
from refield.reports.discussion import charts, discussion
from refield.reports.heatmap import FOLDER
from refield.reports.plotting import save
from refield.study import read_scores, read_study


def main(paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(path=layout.params)
    published = papers.read(params.paper)
    scores = results.read_scores(layout.scores_of_all, params)
    curves = results.read_curves(layout.curves_of_all, params)
    files = {name: layout.studies / name / "scores.csv" for name in published.studies}
    found = {name: read_scores(file) for name, file in files.items() if file.exists()}
    studies = {
        name: rows for name, rows in found.items() if read_study(files[name].with_name("params.yaml")).is_whole(rows)
    }
    origin = (
        f"Made by `dvc repro {layout.studies}/dvc.yaml:discussion`; every number is computed from "
        f"`{layout.scores_of_all}` and `{layout.studies}/*/scores.csv`."
    )
    layout.discussion.write_text(discussion(origin, scores, curves, studies, params, published))
    folder = layout.discussion.with_name(FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    for name, figure in charts(studies, published).items():
        save(figure, folder / f"{name}.svg")


if __name__ == "__main__":
    run(main)
