"""The gates themselves, as the paper's Figure 1 explains them: which expert of each layer every pixel uses."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from refield.fields.mlp import Mlp
from refield.reports.plotting import PAGE, style
from refield.segmentation.labels import palette
from refield.signals.image import luma, pixel_grid

ORDINALS = ["First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth"]
BLEND = 0.65  # how much of a pixel's colour is its expert's; the rest is its luminance


def expert_maps(field: Mlp, shape: tuple[int, ...], labels: np.ndarray | None) -> list[np.ndarray]:
    """The expert (h, w) of every pixel, for each gated layer; `labels` (h, w) for a segment gate."""
    height, width = shape[:2]
    points, flat = pixel_grid(height, width), None if labels is None else labels.reshape(-1)
    layers = field.layers(dims=2, channels=1)[: len(field.gates)]
    return [field.experts(layer, points, flat).reshape(height, width) for layer in layers]


def gate_figure(image: np.ndarray, methods: Sequence[tuple[str, Mlp, np.ndarray | None]]) -> Figure:
    """One row per method (its name, field, and labels if it needs them), one column per gated layer."""
    maps = [expert_maps(field, image.shape, labels) for _, field, labels in methods]
    columns, aspect = max(map(len, maps)), image.shape[0] / image.shape[1]
    grey = luma(image)[..., None] / 255
    cell = (PAGE - 0.2) / columns
    with style():
        layout = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.01)
        figure = Figure(figsize=(PAGE, len(maps) * (cell * aspect + 0.2)), layout=layout)
        axes = figure.subplots(len(maps), columns, squeeze=False)
        for axis in axes.flat:
            axis.set_axis_off()
        for row, (name, field, _), experts in zip(axes, methods, maps, strict=True):
            row[0].text(-0.04, 0.5, name, transform=row[0].transAxes, rotation=90, ha="right", va="center", fontsize=8)
            for i, (axis, labels) in enumerate(zip(row, experts, strict=False)):
                colors = palette(max(2, int(labels.max()) + 1))[labels] / 255
                axis.imshow(BLEND * colors + (1 - BLEND) * grey, interpolation="nearest")
                axis.set_title(f"{ORDINALS[i]} layer: {_words(field, i)}", fontsize=7, pad=2)
    return figure


def _words(field: Mlp, layer: int) -> str:
    gate = field.gates[layer]
    if isinstance(gate, str):
        return {"dense": "one expert", "segment": "regions"}[gate]
    return f"A = {field.a(gate):g}"
