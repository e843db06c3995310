"""Write what the studies and controls say of the paper's gain."""

import pandas as pd

from refield import config, papers, results
from refield.discussion import discussion
from stages import layout
from stages.command import run


def main() -> None:
    params, paper = config.read(), papers.read()["oh_bae_2024"]
    scores = results.collect(layout.SCORES, params, ["image", "psnr_8bit"])
    studies = {name: pd.read_csv(layout.STUDIES / name / "scores.csv") for name in ("seeds", "rates", "iterations")}
    curves = results.collect(layout.CURVES, params, results.CURVES)
    layout.DISCUSSION.write_text(discussion(scores, curves, studies, params, paper))


if __name__ == "__main__":
    run(main)
