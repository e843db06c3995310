"""How methods come to their PSNR while their fits go on."""

from collections.abc import Iterable

import pandas as pd

from refield.papers import Gain, Paper
from refield.reports.results import pipe
from refield.scores.numbers import number

PARTS = [0.1, 0.2, 0.4, 0.6, 0.8, 1.0]  # of the iterations


def course(curves: pd.DataFrame, methods: Iterable[str], gain: Gain | None, paper: Paper, of: str = "") -> list[str]:
    """Markdown: mean PSNR over images at some iterations of those that most methods take, and at the last of methods
    that take more; and the gain there. `of` names the images. Nothing without one of the methods."""
    psnr = curves.pivot(index="iteration", columns="method", values="psnr")
    shown = [name for name in methods if name in psnr]
    if not shown:
        return []
    most = psnr.index[2 * psnr[shown].notna().sum(axis=1) > len(shown)]
    at = [most[(most - part * most.max()).map(abs).argmin()] for part in PARTS]
    at += sorted({psnr[name].last_valid_index() for name in shown if psnr[name].last_valid_index() > most.max()})
    heads, rows = ["iterations", *map(paper.label, shown)], [[f"{i:,}", *map(number, psnr.loc[i, shown])] for i in at]
    if gain and {*gain.pair} <= {*psnr}:
        heads.append(f"{paper.label(gain.better)} less {paper.label(gain.worse)}")
        gaps = (psnr[gain.better] - psnr[gain.worse])[at]
        rows = [[*row, number(gap, sign="+")] for row, gap in zip(rows, gaps, strict=True)]
    return [f"On the way there, before rounding to 8 bit{of and f', {of}'}:", pipe(heads, rows)]
