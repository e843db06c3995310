"""Tables and charts of all profiles, from the CSVs in git alone."""

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
    scores = results.read_scores(layout.scores_of_all, params)
    provenance = results.read_provenance(layout.provenance_of_all, params)
    curves = results.read_curves(layout.curves_of_all, params)

    layout.reports.mkdir(parents=True, exist_ok=True)
    for name, text in report.texts(params, published, scores, provenance).items():
        (layout.reports / name).write_text(text, encoding="utf-8")
    for folder in (layout.charts, layout.costs):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    for name, chart in report.comparisons(params, published, scores, curves):
        save(chart, layout.charts / f"{name}.svg")
    for profile, table, chart_of_costs in report.costs(params, published, scores, provenance, curves):
        table.to_csv(layout.costs / f"{profile}.csv", float_format="%.4f", lineterminator="\n")
        if chart_of_costs:
            save(chart_of_costs, layout.costs / f"{profile}.svg")


if __name__ == "__main__":
    run(main)
