"""Which activations a search chose for each layer of each image's network, and by how much: a page and a chart.

MIRE's search keeps of each stage's fits the one of lowest loss (`units/search`); here stands how near the next one was.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from refield.papers import Paper
from refield.reports.chosen import Sequences
from refield.reports.plotting import COLUMN, style
from refield.reports.results import pipe
from refield.scores.numbers import DASH, number
from refield.tasks.problem import mse_to_psnr

NARROW = 0.1  # dB
LEAD = (
    "Layer by layer, every activation of a dictionary is fitted behind the layers so far, and the one of lowest loss "
    "stays. A margin is how far the runner-up, in brackets, was behind: 10 log10 of its last loss over that of the "
    f"chosen one, in dB. A search is made from one seed: a choice by a margin below {NARROW} dB may turn with another, "
    "and with it what is chosen for the layers behind."
)
QUALITY = "PSNR is that of the last loss: of what a network is fitted to, before rounding."
PUBLISHED = "In brackets: for how many layers a search here has chosen what the paper's has."
CHANCE = "Where only their seeds differ, what they do not agree on is chance."


def page(profile: str, found: Sequences, least_squares: bool, paper: Paper) -> str:
    """Markdown; whether losses are squared errors of intensities, which have a PSNR."""
    blocks = [f"# {profile}: which activations were chosen", f"{LEAD} {QUALITY if least_squares else ''}".strip()]
    blocks.append(f"![On how many images each activation is chosen for each layer]({profile}.svg)")
    for method in found.tried:
        blocks += [f"## {paper.label(method)}", _summary(found, method), _list(found, method, least_squares)]
    if known := {image: each for image, each in paper.sequences.items() if image in set(found.rows["image"])}:
        blocks += ["## Beside the paper's", PUBLISHED, _published(found, known, paper)]
    for one, other in combinations(found.tried, 2):
        blocks += [f"## {paper.label(one)} and {paper.label(other)}", *_agreement(found, one, other)]
    return "\n\n".join(blocks) + "\n"


def chart(found: Sequences, paper: Paper) -> Figure:
    """A panel for each method: layers down, activations across, and in each cell the number of images."""
    tables, names = [found.counts(method) for method in found.tried], [*found.tried.values()]
    most, layers = max(int(table.to_numpy().max()) for table in tables), [len(table) for table in tables]
    with style():
        figure = Figure(figsize=(COLUMN, 0.6 + sum(0.3 + 0.2 * count for count in layers)), layout="constrained")
        panels = figure.subplots(len(tables), 1, squeeze=False, height_ratios=layers)[:, 0]
        for place, (axes, method, table) in enumerate(zip(panels, found.tried, tables, strict=True)):
            axes.imshow(table, cmap="Blues", vmin=0, vmax=most, aspect="auto")
            for (row, column), count in np.ndenumerate(table.to_numpy()):
                color = "white" if count > 0.6 * most else "black"
                axes.text(column, row, str(count or ""), ha="center", va="center", color=color)
            axes.set_xticks(range(len(names[place])), map(_words, names[place]))
            axes.set_yticks(range(len(table)), map(str, table.index))
            # The names stand once below panels that have the same.
            axes.tick_params(length=0, labelbottom=names[place + 1 : place + 2] != [names[place]])
            axes.tick_params(axis="x", rotation=45)
            for label in axes.get_xticklabels():
                label.set(ha="right", rotation_mode="anchor")
            axes.set_ylabel("Layer")
            axes.set_title(f"{paper.label(method)} ({_images(int(table.iloc[0].sum()))})", fontsize=7)
            axes.grid(visible=False)
            axes.spines[:].set_visible(True)
    return figure


def _sequences(found: Sequences, method: str) -> pd.Series:
    """The activations of each image's layers, in words."""
    return found.by_layer(method, "activation").map(_words).agg(", ".join, axis=1)


def _summary(found: Sequences, method: str) -> str:
    counted = Counter(_sequences(found, method))
    most, images = max(counted.values()), counted.total()
    first = [f"`{sequence}`" for sequence, count in counted.items() if count == most]
    often = f"{', '.join(first)}{', each' if len(first) > 1 else ''} on {most} of {_images(images)}"
    margins = found.by_layer(method, "margin")
    known = margins.to_numpy()[margins.notna()]
    return "\n".join(
        [
            f"* Different sequences: {len(counted)}, on {_images(images)}.",
            f"* Most frequent: {often if most > 1 or images == 1 else 'none, each image has its own'}.",
            f"* Median margins, layer by layer: {', '.join(map(number, margins.median()))} dB; "
            f"{int((known < NARROW).sum())} of {len(known)} are below {NARROW} dB.",
        ]
    )


def _list(found: Sequences, method: str, least_squares: bool) -> str:
    columns = {name: found.by_layer(method, name) for name in ("loss", "margin", "runner_up")}
    rows = []
    for place, (image, sequence) in enumerate(_sequences(found, method).items()):
        loss, margins, others = (columns[name].iloc[place] for name in columns)
        quality = number(mse_to_psnr(loss.iloc[-1])) if least_squares else f"{loss.iloc[-1]:.3g}"
        behind = [number(by) + (f" ({_words(name)})" if name else "") for by, name in zip(margins, others, strict=True)]
        rows.append((str(image), sequence, quality, *behind))
    layers = [f"margin, layer {layer}" for layer in columns["loss"]]
    return pipe(["Image", "sequence", "PSNR" if least_squares else "loss", *layers], rows, words=2)


def _published(found: Sequences, known: Mapping[str, list[str]], paper: Paper) -> str:
    """What the paper's searches chose, what ours did, and for how many layers that is the same."""
    rows = []
    for image, theirs in known.items():
        row = [image, ", ".join(map(_words, theirs))]
        for method in found.tried:
            chosen = found.by_layer(method, "activation")
            ours = [str(name) for name in chosen[chosen.index == image].to_numpy().reshape(-1)]
            same = sum(one == other for one, other in zip(theirs, ours, strict=False))
            row.append(f"{', '.join(map(_words, ours))} ({same} of {len(theirs)})" if ours else DASH)
        rows.append(row)
    return pipe(["Image", "paper", *map(paper.label, found.tried)], rows, words=2 + len(found.tried))


def _agreement(found: Sequences, one: str, other: str) -> Iterator[str]:
    """On how many of the images that both have."""
    first, second = (found.by_layer(method, "activation") for method in (one, other))
    images, layers = first.index.intersection(second.index), first.columns.intersection(second.columns)
    if images.empty:
        yield "They have no image in common."
        return
    same = first.loc[images, layers] == second.loc[images, layers]
    wide = pd.concat([found.by_layer(method, "margin").loc[images, layers] for method in (one, other)])
    clear = (wide >= NARROW).groupby(level=0).all()
    equal = (_sequences(found, one)[images] == _sequences(found, other)[images]).sum()
    yield f"The same sequence on {equal} of {_images(len(images))}. {CHANCE}"
    rows = [
        (
            str(layer),
            f"{same[layer].sum()} of {len(images)}",
            f"{same[layer][clear[layer]].sum()} of {clear[layer].sum()}",
        )
        for layer in layers
    ]
    yield pipe(["Layer", "same activation", f"of those by {NARROW} dB or more in both"], rows)


def _words(activation: str) -> str:
    return activation.replace("_", " ")


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"
