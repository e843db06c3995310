"""The numbers in the layers of networks of sines beside the laws that SIREN's initialisation promises: page and chart.

Sitzmann et al., NeurIPS 2020 (https://arxiv.org/abs/2006.09661), theorem 1.8; `scores/laws` says what it is a limit of.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from refield.fields.field import Field
from refield.fields.layerwise import layerwise
from refield.fields.mlp import Mlp
from refield.papers import Paper
from refield.reports.plotting import COLUMN, PAGE, style
from refield.reports.results import pipe
from refield.scores.fitted import Fitted
from refield.scores.laws import Law, distribution
from refield.scores.numbers import number

POINTS = 1024  # of all images together: more tell no more of some hundred neurons
BINS = 40
SPREAD = 99.5  # per cent of the arguments that a panel shows
INITIAL, FITTED = "initial", "fitted"
COLORS = {INITIAL: "#B8B8B8", FITTED: "#0072B2"}
WORDS = {**COLORS, INITIAL: "#707070"}  # grey that is read on white
SIDE, ROW, TOP = 0.6, 0.85, 0.5  # inches: left of the panels, a row of them, and above all
COLUMNS = ("mean", "deviation", "ks")
LAWS: dict[str, Law] = {"arguments": "normal", "activations": "arcsine"}
LEAD = (
    "Networks of sines begin with weights by which the arguments behind the first layer are normal, of mean 0 and "
    "standard deviation 1, and the activations of every layer have the arcsine law on [-1, 1], of standard deviation "
    "0.71. That is without biases: drawn from U(±1/√n), where a layer has n inputs, they add ω²/(3n) to the "
    "variance of its arguments, with ω for omega_0. KS is the distance of Kolmogorov and Smirnov from the law, the "
    "largest difference of both distribution functions; it is 0.05 of the sines of normal numbers, which have the "
    f"arcsine law only nearly. The numbers are those of all neurons at {POINTS:,} points, as many of each image, with "
    "the weights that the fits began with and with those that they ended with, which nothing keeps near a law."
)


@dataclass(frozen=True)
class Layer:
    """The numbers of one hidden layer with weights of one kind."""

    method: str
    weights: str  # INITIAL or FITTED
    number: int  # from 1
    arguments: Float[np.ndarray, " n"]  # of the sines
    activations: Float[np.ndarray, " n"]


def is_of_sines(field: Field) -> bool:
    """Whether the laws are about it: an MLP, all of whose hidden layers are of sines that no search chose."""
    return isinstance(field, Mlp) and not field.searched and set(field.activations) == {"sine"}


def layers(method: str, fits: Sequence[Fitted], seed: int) -> Iterator[Layer]:
    """Each hidden layer's numbers before and after a method's fits; `seed` is what they drew their weights from."""
    for kind in (INITIAL, FITTED):
        parts = [_numbers(_at_some(fit, -(-POINTS // len(fits))), kind, seed) for fit in fits]
        for place, of_images in enumerate(zip(*parts, strict=True), 1):
            yield Layer(method, kind, place, *(np.concatenate(each) for each in zip(*of_images, strict=True)))


def table(found: Iterable[Layer]) -> pd.DataFrame:
    """Mean, standard deviation and distance from its law of each layer's numbers, NaN where there is no law."""
    rows = []
    for layer in found:
        row: dict[str, str | int | float] = {"method": layer.method, "weights": layer.weights, "layer": layer.number}
        for what, law in LAWS.items():
            told = distribution(getattr(layer, what), law)
            distance = told.distance if is_promised(layer, what) else np.nan
            row |= {f"{what}_mean": told.mean, f"{what}_deviation": told.deviation, f"{what}_ks": distance}
        rows.append(row)
    return pd.DataFrame(rows)


def is_promised(layer: Layer, what: str) -> bool:
    """Whether numbers of a layer are to have their law."""
    return what == "activations" or layer.number > 1


def page(profile: str, told: pd.DataFrame, paper: Paper) -> str:
    """Markdown."""
    blocks = [f"# {profile}: the numbers in networks of sines", LEAD]
    blocks.append(f"![Distributions of arguments and activations in each layer]({profile}.svg)")
    heads = ["Weights", "layer", *(f"{what}: {each}" for what in LAWS for each in ("mean", "deviation", "KS"))]
    for method, rows in told.groupby("method", sort=False):
        lines = [
            (
                str(row["weights"]),
                str(row["layer"]),
                *(number(row[f"{what}_{each}"]) for what in LAWS for each in COLUMNS),
            )
            for row in rows.to_dict("records")
        ]
        blocks += [f"## {paper.label(str(method))}", pipe(heads, lines)]
    return "\n\n".join(blocks) + "\n"


def chart(found: Sequence[Layer], told: pd.DataFrame, paper: Paper) -> Figure:
    """Arguments above activations for each method, layer by layer, with both kinds of weights over their law."""
    methods = list(dict.fromkeys(layer.method for layer in found))
    columns = max(layer.number for layer in found)
    with style():
        size = (max(COLUMN, min(PAGE, SIDE + 1.6 * columns)), TOP + 2 * len(methods) * ROW)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(2 * len(methods), columns, squeeze=False)
        for axes in panels.flat:
            axes.set_axis_off()
        for (i, method), (j, what) in ((i, j) for i in enumerate(methods) for j in enumerate(LAWS)):
            row, own = panels[2 * i + j], [layer for layer in found if layer.method == method]
            for place, axes in enumerate(row[: max(layer.number for layer in own)], 1):
                both = [layer for layer in own if layer.number == place]
                _panel(axes, {layer.weights: getattr(layer, what) for layer in both}, what, is_promised(both[0], what))
                if is_promised(both[0], what):
                    rows = told[(told["method"] == method) & (told["layer"] == place)]
                    _print(axes, what, dict(zip(rows["weights"], rows[f"{what}_ks"], strict=True)))
                axes.set_title(f"Layer {place}" if 2 * i + j == 0 else "", fontsize=8, pad=3)
            row[0].set_ylabel(f"{paper.label(method)}\n{what}" if j == 0 else what, fontsize=7)
        handles = {
            name: line for axes in panels.flat for line, name in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=4)
    return figure


def _at_some(fitted: Fitted, count: int) -> Fitted:
    """The field at some of its points, the same at every time; a regular choice could meet but one column."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(fitted.points))[:count])
    labels = None if fitted.labels is None else fitted.labels[chosen]
    return replace(fitted, points=fitted.points[chosen], labels=labels)


def _numbers(fitted: Fitted, kind: str, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The arguments and activations of each hidden layer."""
    import torch

    field, weights = fitted.field, fitted.weights
    assert isinstance(field, Mlp)
    if kind == INITIAL:
        channels = weights[f"layers.{field.hidden}.weight"].shape[2]
        weights = field.initialise(fitted.points.shape[1], channels, np.random.default_rng(seed))
    tensors = {name: torch.tensor(array, dtype=torch.float32) for name, array in weights.items()}
    labels = None if fitted.labels is None else torch.tensor(fitted.labels)
    found = layerwise(field, tensors, torch.tensor(fitted.points), labels)
    return [(each.arguments.numpy().reshape(-1), each.activations.numpy().reshape(-1)) for each in found]


def _panel(axes: Axes, numbers: Mapping[str, np.ndarray], what: str, promised: bool) -> None:
    """Histograms over one range, and the law's share of each bin."""
    from scipy import stats

    axes.set_axis_on()
    widest = max(float(np.percentile(np.abs(each), SPREAD)) for each in numbers.values())
    reach = 1.0 if what == "activations" else max(3.0, widest)
    edges = np.linspace(-reach, reach, BINS + 1)
    step, centres = edges[1] - edges[0], (edges[1:] + edges[:-1]) / 2
    for kind, each in numbers.items():
        share = np.histogram(each, edges)[0] / len(each) / step
        if kind == INITIAL:
            axes.stairs(share, edges, fill=True, color=COLORS[kind], label=f"{kind} weights")
        else:
            axes.stairs(share, edges, color=COLORS[kind], lw=1.1, label=f"{kind} weights")
    if promised:
        fine = np.linspace(-reach, reach, 401)
        # The density of the arcsine law is infinite at its ends: of each bin its share.
        shares = np.diff(stats.arcsine(-1, 2).cdf(edges)) / step
        x, y = (centres, shares) if what == "activations" else (fine, stats.norm.pdf(fine))
        axes.plot(x, y, color="black", lw=0.8, ls=(0, (3, 1.5)), label="law")
    if what == "activations":
        axes.set_xticks([-1, 0, 1])
    axes.set_xlim(-reach, reach)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=2, pad=1)


def _print(axes: Axes, what: str, distances: Mapping[str, float]) -> None:
    """The distances, above each other in the colours of their weights, where the law leaves room."""
    place, side = (0.5, "center") if what == "activations" else (1.0, "right")
    for line, (kind, distance) in enumerate(distances.items()):
        style = {"color": WORDS[kind], "fontsize": 6.5}
        text = f"KS {number(distance)}"
        axes.text(place, 0.98 - 0.15 * line, text, transform=axes.transAxes, ha=side, va="top", fontdict=style)
