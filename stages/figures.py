"""The paper's figures for one profile, as PDF and PNG, with their captions."""

import shutil
from functools import partial

from refield import config, papers
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.reports import results
from refield.reports.paper_figures import draw_all
from refield.reports.pictures import Pictures
from refield.reports.plotting import save


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    scores = results.scores_of(results.read_scores(layout.scores_of_all, params), profile, params)
    fits, maps = partial(layout.fits, profile), partial(layout.maps, profile)
    files = Pictures(layout.signals(profile), fits, maps, params.profiles[profile].signal)
    out = layout.figures(profile)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    captions = []
    for drawn in draw_all(profile, scores, files, params, papers.read(params.paper)):
        save(drawn.figure, out / f"{drawn.name}.pdf")
        save(drawn.figure, out / f"{drawn.name}.png")
        if drawn.animation is not None:
            (out / f"{drawn.name}_turntable.png").write_bytes(drawn.animation)
        captions.append(f"![]({drawn.name}.png)\n\n{drawn.caption}\n")
    (out / "captions.md").write_text("\n".join(captions))


if __name__ == "__main__":
    run(main)
