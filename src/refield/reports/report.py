"""All that is made of the CSVs in git alone, by the names of its files in the folder of reports."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from refield.config import Params
from refield.papers import Paper
from refield.reports import charts, tables
from refield.reports.index import index
from refield.reports.latex import latex
from refield.reports.plotting import Look, looks
from refield.reports.results import Results, scores_of
from refield.scores.measure import PSNR


def texts(params: Params, paper: Paper, scores: Results, provenance: Results) -> dict[str, str]:
    """What stands in each of the tables' files."""
    statistics, notes = tables.tidy(scores, params, paper), tables.profile_notes(scores, params, paper)
    profiles = tables.shown(scores, params, paper)
    measures = {profile: scores_of(scores, profile, params).ranking for profile in profiles}
    return {
        "tables.md": tables.markdown(scores, provenance, params, paper),
        "tables.csv": tables.csv(statistics),
        "tables.tex": latex(statistics, scores, params, paper),
        "metrics.json": tables.metrics(scores, params),
        "index.html": index(statistics, measures, paper, [note.replace("`", "") for note in notes]),
    }


def comparisons(params: Params, paper: Paper, scores: Results, curves: Results) -> Iterator[tuple[str, Figure]]:
    """The charts of quality, image by image and over the iterations, by `<profile>/<what>`.

    The paper's methods have charts of their own; those beyond it stand beside the most important of these.
    """
    look, labels = _looks(params, paper), _labels(params, paper)
    published = list(paper.published)
    more = [*paper.charts.beside, *(method for method in params.methods if method not in published)]
    for profile in sorted(set(scores.rows["profile"])):
        of = scores_of(scores, profile, params)
        values, curve = of.by_image(), curves.of(profile)
        if paper.gain and set(paper.gain.pair) <= set(values):
            better, worse = paper.gain.pair
            name = f"{profile}/{better}_against_{worse}"
            yield name, charts.against(values, worse, better, look, labels, of.ranking)
        for methods, suffix in ((published, ""), (more, "_more")):
            shown = [method for method in values if method in methods]
            if shown and (methods is published or set(shown) - set(published)):
                yield f"{profile}/per_image{suffix}", charts.per_image(values[shown], look, labels, of.ranking)
                if len(part := curve[curve["method"].isin(shown)]):
                    yield f"{profile}/iterations{suffix}", charts.over_iterations(part, look, labels)


def costs(
    params: Params, paper: Paper, scores: Results, provenance: Results, curves: Results
) -> Iterator[tuple[str, pd.DataFrame, Figure | None]]:
    """What the methods of each profile cost, and a chart of those that differ in it."""
    look, labels = _looks(params, paper), _labels(params, paper)
    chosen = params.methods if paper.charts.costs is None else paper.charts.costs
    for profile in sorted(set(scores.rows["profile"])):
        of = scores_of(scores, profile, params)
        table, curve = of.costs(provenance.of(profile)), curves.of(profile)
        if of.ranking != PSNR:
            curve = curve.iloc[:0]  # which would lead to another number than its fit's
        drawn = table[table.index.isin(chosen)].dropna()
        yield profile, table, charts.cost(drawn, curve, look, labels, of.ranking) if len(drawn) else None


def _looks(params: Params, paper: Paper) -> dict[str, Look]:
    return looks(paper.methods, params.methods)


def _labels(params: Params, paper: Paper) -> dict[str, str]:
    return {method: paper.label(method) for method in [*paper.methods, *params.methods]}
