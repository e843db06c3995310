"""The picture of a fitted field with a whole number of small pixels in the place of each of the image's own.

A pixel is a square, as filters have it: the small ones fill the large one that they come from, and the field is asked
at their centres. Those of the border lie up to half a pixel beyond the outermost points that the field was fitted at;
it is asked at the nearest of these, as filters repeat the border. `Result.render` has its end pixels on the ends
instead, which covers less of the picture and shows it stretched.
"""

import numpy as np
from jaxtyping import Float64, UInt8

from refield.errors import UserError
from refield.fitting.train import SPANS
from refield.interface.result import Result
from refield.signals import Image
from refield.signals.image import as_image
from refield.units.names import WEIGHTS
from refield.units.weights import parse

AT_ONCE = 2**18  # pixels whose values are in memory before they are rounded


def enlarged(result: Result, by: int, device: str) -> UInt8[np.ndarray, "H W c"]:
    """The field's picture with `by` times the image's pixels of each side, computed on auto, cpu or cuda.

    Each small pixel is of the region of its large one. `UserError` if the field's values are beyond all numbers.
    """
    from refield.fitting import devices  # torch, which takes a second
    from refield.fitting.evaluate import evaluate

    contents, image = parse(result.files[WEIGHTS]), as_image(result.unit.signal)
    height, width = image.shape
    grid = image.points().reshape(height, width, 2)
    rows, columns = centres(grid[:, 0, 0], by), centres(grid[0, :, 1], by)
    labels = None if result.labels is None else result.labels.repeat(by, axis=0).repeat(by, axis=1)
    span, device = SPANS[contents.target], devices.choose(device)
    picture, step = np.empty((len(rows), len(columns), image.channels), np.uint8), max(1, AT_ONCE // len(columns))
    for top in range(0, len(rows), step):
        band = slice(top, top + step)
        points = np.stack(np.meshgrid(rows[band], columns, indexing="ij"), axis=-1).reshape(-1, 2)
        regions = None if labels is None else labels[band].reshape(-1)
        with np.errstate(all="ignore"):
            values = span * evaluate(contents.field, contents.weights, points, regions, device) - (span - 1)
        if not np.isfinite(values).all():
            raise UserError(f"{result.name}: the field has values that are no numbers")
        picture[band] = Image(picture[band]).with_values(values).pixels
    return picture


def centres(at: Float64[np.ndarray, " n"], by: int) -> Float64[np.ndarray, " m"]:
    """The coordinates of the centres of `by` small pixels in the place of each large one, whose own are `at`."""
    # Between the ends there is nothing but the large pixels' grid; beyond them `interp` takes the ends.
    return np.interp((np.arange(by * len(at)) + 0.5) / by - 0.5, np.arange(len(at)), at)
