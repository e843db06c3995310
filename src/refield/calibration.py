"""Which settings come nearest to what a paper has published, where it does not say its own."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from refield.papers import Paper
from refield.plotting import PAGE, looks, style

RATE = "profile.train.learning_rate"
CONVENTIONS = {"8 bit": "psnr_8bit", "unrounded": "psnr_raw"}
STATISTICS = {"average": "mean", "highest": "max", "lowest": "min"}


def settings_of(scores: pd.DataFrame) -> list[str]:
    """The columns of a study's scores that say what was varied."""
    columns = [str(column) for column in scores]
    return columns[: columns.index("method")]


def ranking(scores: pd.DataFrame, paper: Paper, complete: bool) -> pd.DataFrame:
    """One row per combination of settings and PSNR convention, the nearest first, with each method's average in dB.

    `distance` is the root mean square, over methods, of ours minus the published; of the averages, and where the images
    are `complete` (the paper's) of highest and lowest as well: those of a few images say nothing of many. `gaps` is the
    same without what all methods have in common, an easier set of images or a higher PSNR all over.
    """
    published = {row.method: row for row in paper.rows}
    methods = [method for method in dict.fromkeys(scores["method"]) if method in published]
    names = STATISTICS if complete else {"average": "mean"}
    theirs = np.array([[getattr(published[method], name) for name in names] for method in methods])
    rows = []
    for values, part in scores.groupby(settings_of(scores), sort=False):
        for convention, column in CONVENTIONS.items():
            ours = part.groupby("method")[column].agg(list(names.values())).loc[methods].to_numpy()
            off = ours - theirs
            row = dict(zip(settings_of(scores), values, strict=True)) | {"convention": convention}
            row |= {"distance": _root_mean_square(off), "gaps": _root_mean_square(off - off.mean(axis=0))}
            rows.append(row | dict(zip(methods, ours[:, 0], strict=True)))
    return pd.DataFrame(rows).sort_values(["distance", "gaps"], kind="stable", ignore_index=True)


def chart(ranked: pd.DataFrame) -> Figure:
    """Distance over learning rate, in the first PSNR convention; a line for every choice of the other settings."""
    columns = [str(column) for column in ranked]
    others = [name for name in columns[: columns.index("convention")] if name != RATE]
    others = [name for name in others if ranked[name].nunique() > 1]
    rounded = ranked[ranked["convention"] == next(iter(CONVENTIONS))].sort_values(RATE)
    lines = [line for _, line in rounded.groupby(others, sort=False)] if others else [rounded]
    with style():
        figure = Figure(figsize=(PAGE, 3.0), layout="constrained")
        axes = figure.add_subplot()
        lines.sort(key=lambda line: line["distance"].min())
        named = {", ".join(str(line[name].iloc[0]).replace("_", " ") for name in others): line for line in lines}
        for (name, line), look in zip(named.items(), looks(named, []).values(), strict=True):
            drawn = {"color": look.color, "marker": look.marker, "ls": look.dashes, "ms": 4, "label": name}
            axes.plot(line[RATE], line["distance"], **drawn)
        axes.set(xscale="log", xlabel="Learning rate", ylabel="Distance from the published averages (dB)")
        axes.set_ylim(bottom=0)
        title = ", ".join(name.rpartition(".")[2].replace("_", " ") for name in others)
        figure.legend(loc="outside right upper", title=f"{title}; the nearest first", alignment="left")
    return figure


def _root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
