"""A fitted field, sampled at any resolution: it is a function of the plane, and pixels are only where one looks."""

from pathlib import Path

import numpy as np
import torch

from refield import codec, images
from refield import labels as label_maps
from refield.errors import UserError
from refield.fields.gated import Gated
from refield.samples import pixel_grid, values_to_image

AT_ONCE = 65_536  # points, whose activations must fit into memory


def render(
    field: Gated, weights: dict[str, np.ndarray], height: int, width: int, labels: np.ndarray | None
) -> np.ndarray:
    """The field as an image (height, width, c) uint8; `labels` (height, width) if it has a segment gate.

    `UserError` if the labels are of another size or name regions that the field does not have.
    """
    if field.needs_labels:
        if labels is None:
            raise UserError("this field follows a map of regions, and none is given")
        if labels.shape != (height, width):
            raise UserError(f"the map is {labels.shape[1]} x {labels.shape[0]} pixels; it must be {width} x {height}")
        if labels.max() >= (field.regions or 0):
            raise UserError(f"the map has region {labels.max()}; the field has regions 0 to {(field.regions or 0) - 1}")
    flat = labels.reshape(-1) if field.needs_labels and labels is not None else None
    points, tensors = pixel_grid(height, width), {name: torch.from_numpy(array) for name, array in weights.items()}
    parts = []
    with torch.no_grad():
        for start in range(0, len(points), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            parts.append(field.evaluate(tensors, points[part], None if flat is None else flat[part]).numpy())
    values = np.concatenate(parts)
    return values_to_image(values, (height, width, values.shape[1]))


def deviation(fit: Path) -> int:
    """The most grey levels by which a fit's picture differs from what its weights, in the same folder, decode to."""
    field, weights = codec.read_weights(fit / codec.WEIGHTS)
    picture = images.read(fit / codec.RECONSTRUCTION)
    regions = label_maps.read(fit / codec.LABELS) if field.needs_labels else None
    height, width = picture.shape[:2]
    return int(np.abs(render(field, weights, height, width, regions).astype(int) - picture).max())


def enlarge(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Labels of another size: at each new pixel the nearest old one's, both grids reaching the same edges."""
    rows, columns = (
        np.rint(np.linspace(0, old - 1, new)).astype(int)
        for old, new in zip(labels.shape, (height, width), strict=True)
    )
    return labels[np.ix_(rows, columns)]
