"""Rank a study's settings by their distance from the published numbers."""

import pandas as pd

from refield import papers
from refield.calibration import chart, ranking
from refield.plotting import save
from stages import layout
from stages.command import run

KODAK = 24  # images of the paper's averages


def main(name: str) -> None:
    paper, folder = papers.read()["oh_bae_2024"], layout.STUDIES / name
    scores = pd.read_csv(folder / "scores.csv")
    ranked = ranking(scores, paper, complete=scores["image"].nunique() == KODAK)
    ranked.to_csv(folder / "ranking.csv", index=False, float_format="%.4f", lineterminator="\n")
    save(chart(ranked), folder / "ranking.svg")


if __name__ == "__main__":
    run(main)
