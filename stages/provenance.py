"""When, where and for how long a profile's fits were made: the only results that another run may change."""

from refield import config, papers
from refield.pipeline import provenance
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.reports import results
from refield.reports.plotting import save
from refield.reports.provenance import chart, page
from refield.reports.published_costs import table_of


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    published = papers.read(params.paper)
    provenance.update(layout, params, profile)
    past = results.read_provenance(layout.provenance_of_all, params).of(profile)
    scores = results.scores_of(results.read_scores(layout.scores_of_all, params), profile, params)
    curves = results.read_curves(layout.curves_of_all, params).of(profile)
    table = table_of(profile, params, published)
    drawn = chart(scores, past, curves, params, published, table)
    layout.provenance_report(profile, ".svg").unlink(missing_ok=True)
    if drawn:
        save(drawn, layout.provenance_report(profile, ".svg"))
    layout.provenance_report(profile, ".md").parent.mkdir(parents=True, exist_ok=True)
    text = page(profile, past, published, drawn is not None, table)
    layout.provenance_report(profile, ".md").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main)
