"""Which settings come nearest to what a paper has published, where it does not say its own."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from refield.errors import UserError
from refield.papers import Paper
from refield.reports.plotting import PAGE, looks, style
from refield.reports.results import STATISTICS
from refield.scores.measure import PSNR
from refield.study import brief, short, varied

RATE, TARGET = "profile.train.learning_rate", "profile.train.target"
# The column of the scores, and what the convention adds to it in dB. The last is a slip that is easily made: the error
# of values on [-1, 1], and the peak of values on [0, 1].
SLIP = "peak 1 on [-1, 1]"
CONVENTIONS = {"8 bit": (PSNR.name, 0.0), "unrounded": ("psnr_raw", 0.0), SLIP: ("psnr_raw", -20 * math.log10(2))}
DRAWN = ["8 bit", SLIP]


def ranking(scores: pd.DataFrame, paper: Paper) -> pd.DataFrame:
    """One row per combination of settings and PSNR convention, the nearest first, with each method's average in dB.

    `distance` is the root mean square, over methods, of ours minus the published; of the averages, and where the images
    are as many as the paper's of highest and lowest as well: those of a few images say nothing of many. `gaps` is the
    same without what all methods have in common, an easier set of images or a higher PSNR all over. `UserError` if the
    paper prints the average of none of the methods.
    """
    published = {row.method: row for row in paper.rows if row.average is not None}
    methods = [method for method in dict.fromkeys(scores["method"]) if method in published]
    if not methods:
        raise UserError("nothing can be ranked: the paper prints the average of none of the methods that were scored")
    complete = scores["image"].nunique() == paper.protocol.images
    printed = [name for name in STATISTICS if all(getattr(published[method], name) is not None for method in methods)]
    names = {name: STATISTICS[name] for name in printed} if complete else {"average": "mean"}
    theirs = np.array([[getattr(published[method], name) for name in names] for method in methods])
    rows = []
    for values, part in scores.groupby(varied(scores), sort=False, dropna=False):
        for convention, (column, shift) in CONVENTIONS.items():
            ours = part.groupby("method")[column].agg(list(names.values())).loc[methods].to_numpy() + shift
            off = ours - theirs
            row = dict(zip(varied(scores), values, strict=True)) | {"convention": convention}
            if convention == SLIP and row.get(TARGET) == "unit":
                continue
            row |= {"distance": _root_mean_square(off), "gaps": _root_mean_square(off - off.mean(axis=0))}
            rows.append(row | dict(zip(methods, ours[:, 0], strict=True)))
    return pd.DataFrame(rows).sort_values(["distance", "gaps"], kind="stable", ignore_index=True)


def chart(ranked: pd.DataFrame) -> Figure:
    """Distance over learning rate in two PSNR conventions; a line for every choice of the other settings."""
    columns = [str(column) for column in ranked]
    others = [name for name in columns[: columns.index("convention")] if name != RATE and ranked[name].nunique() > 1]
    nearest = ranked.sort_values("distance")
    named = (
        {_name(line, others): None for _, line in nearest.groupby(others, sort=False, dropna=False)}
        if others
        else {"": None}
    )
    style_of = looks(named, [])
    with style():
        figure = Figure(figsize=(PAGE, 3.0), layout="constrained")
        panels = figure.subplots(1, len(DRAWN), sharey=True)
        for axes, convention in zip(panels, DRAWN, strict=True):
            part = ranked[ranked["convention"] == convention].sort_values(RATE)
            for _, line in part.groupby(others, sort=False, dropna=False) if others else [("", part)]:
                name = _name(line, others)
                look = style_of[name]
                drawn = {"color": look.color, "marker": look.marker, "ls": look.dashes, "ms": 4, "label": name}
                axes.plot(line[RATE], line["distance"], **drawn)
            axes.set(xscale="log", xlabel="Learning rate", title=f"PSNR: {convention}")
        panels[0].set(ylabel="Distance from the published averages (dB)", ylim=(0, None))
        if others:
            title = ", ".join(map(short, others))
            handles = {line.get_label(): line for axes in panels for line in axes.get_lines()}
            ordered = [handles[name] for name in named]
            figure.legend(
                handles=ordered, loc="outside right upper", title=f"{title}; the nearest first", alignment="left"
            )
    return figure


def _name(line: pd.DataFrame, keys: list[str]) -> str:
    """What the rows of a line have in common."""
    return ", ".join(brief(line[key].iloc[0]) for key in keys)


def _root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
