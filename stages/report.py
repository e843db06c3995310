"""Tables and charts of all profiles, from the CSVs in git alone."""

import shutil

from refield import charts, config, papers, results, tables
from refield.latex import latex
from refield.plotting import looks, save
from stages import layout
from stages.command import run

SCORES = ["image", "height", "width", "psnr_8bit", *results.MEASURES]


def main() -> None:
    params, paper = config.read(), papers.read()["oh_bae_2024"]
    scores = results.collect(layout.SCORES, params, SCORES)
    provenance = results.collect(layout.PROVENANCE, params, ["image", "device", "precision", "date", "torch", "seed"])
    curves = results.collect(layout.CURVES, params, ["iteration", "psnr"])

    layout.REPORTS.mkdir(exist_ok=True)
    statistics = tables.tidy(scores, params, paper)
    layout.TABLES.with_suffix(".md").write_text(tables.markdown(scores, provenance, params, paper))
    layout.TABLES.with_suffix(".csv").write_text(tables.csv(statistics))
    layout.TABLES.with_suffix(".tex").write_text(latex(statistics, params, paper))
    layout.METRICS.write_text(tables.metrics(scores))

    shutil.rmtree(layout.CHARTS, ignore_errors=True)
    layout.CHARTS.mkdir()
    labels = {method: paper.label(method) for method in [*paper.methods, *params.method_names]}
    look = looks(paper.methods, params.method_names)
    for profile in sorted(set(scores.rows["profile"])):
        folder, psnr = layout.CHARTS / profile, results.by_image(scores.of(profile))
        save(charts.per_image(psnr, look, labels), folder / "per_image.svg")
        if {"ours", "ftc"} <= set(psnr):
            save(charts.against(psnr, "ftc", "ours", look, labels), folder / "ours_against_ftc.svg")
        if len(curves.of(profile)):
            save(charts.over_iterations(curves.of(profile), look, labels), folder / "iterations.svg")


if __name__ == "__main__":
    run(main)
