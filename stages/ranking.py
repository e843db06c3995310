"""Rank a study's settings by their distance from the published numbers."""

from refield import config, papers
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import study_folder
from refield.reports.calibration import chart, ranking
from refield.reports.plotting import save
from refield.scores.files import read_csv


def main(study: str, paper: str | None = None) -> None:
    layout = Layout(paper)
    published, folder = papers.read(config.read(path=layout.params).paper), study_folder(layout, study)
    ranked = ranking(read_csv(folder / "scores.csv"), published)
    ranked.to_csv(folder / "ranking.csv", index=False, float_format="%.4f", lineterminator="\n")
    save(chart(ranked), folder / "ranking.svg")


if __name__ == "__main__":
    run(main)
