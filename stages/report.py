"""Tables and charts of all profiles, from the scores and curves in git alone."""

import shutil

from refield import config, papers
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.reports import report, results
from refield.reports.plotting import save


def main(paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(path=layout.params)
    published = papers.read(params.paper)
    scores = results.read_scores(layout.scores_of_all, params, published.bits_per_weight)
    curves = results.read_curves(layout.curves_of_all, params)

    layout.reports.mkdir(parents=True, exist_ok=True)
    for name, text in report.texts(params, published, scores).items():
        (layout.reports / name).write_text(text, encoding="utf-8")
    shutil.rmtree(layout.charts, ignore_errors=True)
    layout.charts.mkdir()
    for name, chart in report.comparisons(params, published, scores, curves):
        save(chart, layout.charts / f"{name}.svg")


if __name__ == "__main__":
    run(main)
