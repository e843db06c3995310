"""Tables and charts of all profiles, from the scores and curves in git alone."""

import shutil

from refield import config, papers
from refield.pipeline.coding_layout import CodingLayout
from refield.pipeline.command import run
from refield.reports import report, results
from refield.reports.plotting import save
from refield.scores.seen import read_looks


def main(paper: str | None = None) -> None:
    layout = CodingLayout(paper)
    params = config.read(path=layout.params)
    published = papers.read(params.paper)
    scores = results.read_scores(layout.scores_of_all, params, published.bits_per_weight)
    seen = {name: read_looks(file) for name in params.profiles if (file := layout.seen(name)).exists()}
    curves = results.read_curves(layout.curves_of_all, params)

    layout.reports.mkdir(parents=True, exist_ok=True)
    for name, text in report.texts(params, published, scores, seen).items():
        (layout.reports / name).write_text(text, encoding="utf-8")
    shutil.rmtree(layout.charts, ignore_errors=True)
    layout.charts.mkdir()
    for name, chart in report.comparisons(params, published, scores, curves):
        save(chart, layout.charts / f"{name}.svg")


if __name__ == "__main__":
    run(main)
