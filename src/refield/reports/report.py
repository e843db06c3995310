"""All that the scores and curves in git give, by the names of its files in the folder of reports; no times."""

from collections.abc import Iterator, Mapping

import pandas as pd
from matplotlib.figure import Figure

from refield.config import Params
from refield.papers import Paper
from refield.reports import charts, published_costs, statistics, tables
from refield.reports.latex import latex
from refield.reports.plotting import Look, looks
from refield.reports.results import PARAMETERS, Results, Scores, scores_of


def texts(
    params: Params, paper: Paper, scores: Results, seen: Mapping[str, pd.DataFrame] | None = None
) -> dict[str, str]:
    """What stands in each of the tables' files; `seen` are the `Look`s at profiles' coded files."""
    rows = statistics.tidy(scores, params, paper)
    return {
        "tables.md": tables.markdown(scores, params, paper, seen),
        "tables.csv": tables.csv(rows),
        "tables.tex": latex(rows, scores, params, paper),
        "metrics.json": tables.metrics(scores, params),
    }


def comparisons(params: Params, paper: Paper, scores: Results, curves: Results) -> Iterator[tuple[str, Figure]]:
    """The charts of quality, image by image, over the iterations, over bits and beside published costs, by
    `<profile>/<what>`.

    The paper's methods have charts of their own; those beyond it stand beside the most important of these.
    """
    look, labels = appearance(params, paper)
    listed = paper.listed
    more = [*paper.charts.beside, *(method for method in params.methods if method not in listed)]
    for profile in sorted(set(scores.rows["profile"])):
        of = scores_of(scores, profile, params)
        values, curve = of.by_image(), curves.of(profile)
        if paper.gain and set(paper.gain.pair) <= set(values):
            better, worse = paper.gain.pair
            name = f"{profile}/{better}_against_{worse}"
            yield name, charts.against(values, worse, better, look, labels, of.ranking)
        for methods, suffix in ((listed, ""), (more, "_more")):
            shown = [method for method in values if method in methods]
            if shown and (methods is listed or set(shown) - set(listed)):
                yield f"{profile}/per_image{suffix}", charts.per_image(values[shown], look, labels, of.ranking)
                # A loss that is not of values has no PSNR on the way.
                if len(part := curve[curve["method"].isin(shown) & curve["psnr"].notna()]):
                    yield f"{profile}/iterations{suffix}", charts.over_iterations(part, look, labels)
        summary = of.summary()
        drawn = summary[summary.index.isin(differing(params, paper))]
        if len(drawn) and of.bits:
            yield f"{profile}/bits", charts.over_bits(drawn, of.bits, look, labels, of.ranking)
        if chart := over_parameters(profile, of, params, paper):
            yield f"{profile}/parameters", chart


def over_parameters(profile: str, scores: Scores, params: Params, paper: Paper) -> Figure | None:
    """Quality over parameters beside the published costs of fits to the same images; None if there are none."""
    table, summary = published_costs.table_of(profile, params, paper), scores.summary()
    drawn = summary[summary.index.isin(differing(params, paper))]
    if table is None or drawn.empty:
        return None
    costs = drawn["average"], drawn[PARAMETERS.name]
    return published_costs.chart("parameters", table, *costs, *appearance(params, paper), scores.ranking)


def differing(params: Params, paper: Paper) -> list[str]:
    """The methods that charts of costs show: those that differ in them."""
    return list(params.methods if paper.charts.costs is None else paper.charts.costs)


def appearance(params: Params, paper: Paper) -> tuple[dict[str, Look], dict[str, str]]:
    """Each method's look, and how the report calls it."""
    labels = {method: paper.label(method) for method in [*paper.methods, *params.methods]}
    return looks(paper.methods, params.methods), labels
