"""A profile's results as one HTML page to look at, which opens from disk."""

from functools import partial

from refield import config, papers
from refield.originals import Images
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.reports import results
from refield.reports.page import page
from refield.reports.pictures import Pictures, look_at


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    published = papers.read(params.paper)
    known = results.read_scores(layout.scores_of_all, params, published.bits_per_weight)
    scores = results.scores_of(known, profile, params)
    curves = results.read_curves(layout.curves_of_all, params).of(profile)
    fits, maps = partial(layout.fits, profile), partial(layout.maps, profile)
    files = Pictures(layout.signals(profile), fits, maps, params.profiles[profile].signal)
    pictures = look_at(
        files, scores.by_image(), params.maps if params.profiles[profile].originals.kind == Images.kind else ()
    )
    text = page(profile, scores, curves, pictures, params, published)
    file = layout.page(profile)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main)
