"""Tables and charts of all profiles, from the CSVs in git alone."""

import shutil
from pathlib import Path

from refield import charts, config, papers, results, tables
from refield.config import Params
from refield.index import index
from refield.latex import latex
from refield.papers import Paper
from refield.plotting import looks, save
from refield.results import Results
from stages import layout
from stages.command import run

PRICED = ["siren", "siren_region", "siren_wide", "ftc", "ours_2", "ours", "random_map", "ours_8"]


def main() -> None:
    params, paper = config.read(), papers.read()["oh_bae_2024"]
    scores = results.collect(layout.SCORES, params, results.SCORES)
    provenance = results.collect(layout.PROVENANCE, params, results.PROVENANCE)
    curves = results.collect(layout.CURVES, params, results.CURVES)

    layout.REPORTS.mkdir(exist_ok=True)
    for file, text in texts(params, paper, scores, provenance).items():
        file.write_text(text, encoding="utf-8")

    shutil.rmtree(layout.CHARTS, ignore_errors=True)
    layout.CHARTS.mkdir()
    shutil.rmtree(layout.COSTS, ignore_errors=True)
    layout.COSTS.mkdir()
    labels = {method: paper.label(method) for method in [*paper.methods, *params.method_names]}
    look = looks(paper.methods, params.method_names)
    published = [row.method for row in paper.rows]
    more = ["siren", "ftc", "ours", *(method for method in params.method_names if method not in published)]
    for profile in sorted(set(scores.rows["profile"])):
        folder, psnr, curve = layout.CHARTS / profile, results.by_image(scores.of(profile)), curves.of(profile)
        costs = results.costs(scores.of(profile), provenance.of(profile))
        costs.to_csv(layout.COSTS / f"{profile}.csv", float_format="%.4f", lineterminator="\n")
        # Those that differ in it.
        if len(costs := costs[costs.index.isin(PRICED)].dropna()):
            save(charts.cost(costs, curve, look, labels), layout.COSTS / f"{profile}.svg")
        if {"ours", "ftc"} <= set(psnr):
            save(charts.against(psnr, "ftc", "ours", look, labels), folder / "ours_against_ftc.svg")
        # The paper's methods, and those beyond it beside the most important of these.
        for methods, suffix in ((published, ""), (more, "_more")):
            shown = [method for method in psnr if method in methods]
            if shown and (methods is published or set(shown) - set(published)):
                save(charts.per_image(psnr[shown], look, labels), folder / f"per_image{suffix}.svg")
                if len(part := curve[curve["method"].isin(shown)]):
                    save(charts.over_iterations(part, look, labels), folder / f"iterations{suffix}.svg")


def texts(params: Params, paper: Paper, scores: Results, provenance: Results) -> dict[Path, str]:
    """What stands in each of the tables' files."""
    statistics, notes = tables.tidy(scores, params, paper), tables.profile_notes(scores, params, paper)
    return {
        layout.TABLES.with_suffix(".md"): tables.markdown(scores, provenance, params, paper),
        layout.TABLES.with_suffix(".csv"): tables.csv(statistics),
        layout.TABLES.with_suffix(".tex"): latex(statistics, params, paper),
        layout.METRICS: tables.metrics(scores),
        layout.INDEX: index(statistics, paper, [note.replace("`", "") for note in notes]),
    }


if __name__ == "__main__":
    run(main)
