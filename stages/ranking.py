"""Rank a study's settings by their distance from the published numbers."""

import pandas as pd

from refield import config, papers
from refield.pipeline.command import run
from refield.pipeline.layout import STUDIES, Layout
from refield.reports.calibration import chart, ranking
from refield.reports.plotting import save


def main(name: str, paper: str | None = None) -> None:
    published = papers.read(config.read(path=Layout(paper).params).paper)
    ranked = ranking(pd.read_csv(STUDIES / name / "scores.csv"), published)
    ranked.to_csv(STUDIES / name / "ranking.csv", index=False, float_format="%.4f", lineterminator="\n")
    save(chart(ranked), STUDIES / name / "ranking.svg")


if __name__ == "__main__":
    run(main)
