"""A fitted image: what it looks like, how good it is, at any size."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from refield.interface import folders
from refield.originals import MOST_PIXELS
from refield.scores.measure import Measure
from refield.settings import refused
from refield.signals import Image
from refield.signals.image import as_image, squeezed
from refield.units import decode, weights
from refield.units.names import CURVE, WEIGHTS, reconstruction
from refield.units.scoring import COSTS, decode_curve, score_files
from refield.units.unit import Unit


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """An image and the field that was fitted to it; `refield.fit` and `refield.load` make it.

    Arrays of pixels are uint8: (h, w, 3), or (h, w) of a grey image.
    """

    method: str  # of params.yaml
    unit: Unit  # what was asked for: signal, map, task, field, training, seed
    files: Mapping[str, bytes]  # weights, reconstruction, curve and map, as `refield fit` writes them
    provenance: Mapping[str, Any] = field(default_factory=dict)  # when, where and in how many seconds it was fitted

    @property
    def name(self) -> str:
        """The photograph's name without its suffix; "image" for an array."""
        return self.unit.name

    @property
    def original(self) -> np.ndarray:
        """The pixels that were fitted: the image as given, or as the profile frames it."""
        return squeezed(as_image(self.unit.signal).pixels)

    @cached_property
    def picture(self) -> np.ndarray:
        """What the field shows at the original's pixels."""
        return squeezed(Image.decode(self.files[reconstruction(Image)]).pixels)

    @property
    def labels(self) -> np.ndarray | None:
        """The region (h, w) uint8, 0 to K-1, of each pixel, for a field that follows a map."""
        return self.unit.labels

    @cached_property
    def scores(self) -> dict[str, float]:
        """The task's measures, such as `psnr_8bit` in dB, and what the fit costs: `parameters`; `bpp`, bits per pixel.

        `UserError` if the image cannot be scored.
        """
        row = score_files(self.name, self.unit.signal, self.files, self.unit.task)
        return {measure.name: float(row[measure.name]) for measure in self._measures()}

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Columns iteration, loss and psnr: in dB, before rounding to 8 bits, and of least squares only."""
        return decode_curve(self.files[CURVE])

    def render(self, scale: float = 1.0, labels: np.ndarray | None = None) -> np.ndarray:
        """The field's picture with `scale` times the pixels of each side, rounded.

        `labels` are the regions (h, w) uint8 at that size, for a field that follows a map; without them each new pixel
        takes the nearest one's. `UserError` if they fit neither size nor field, or the scale is not above 0 or huge.
        """
        unit, shape = self.unit, as_image(self.unit.signal).shape
        if not (scale > 0 and scale * shape[0] * scale * shape[1] <= MOST_PIXELS):
            raise refused("scale", scale, f"be more than 0, and make at most {MOST_PIXELS:,} pixels")
        height, width = (max(1, round(scale * side)) for side in shape)
        if unit.labels is not None and labels is None:
            labels = decode.enlarge(unit.labels, (height, width))
        values = decode.Model(**vars(weights.parse(self.files[WEIGHTS]))).render((height, width), labels)
        # A task may need the image to finish what the field leaves open, such as its brightness.
        channels = np.moveaxis(as_image(unit.signal).pixels, -1, 0)
        enlarged = Image(np.stack([decode.enlarge(channel, (height, width)) for channel in channels], axis=-1))
        return squeezed(as_image(unit.task.finish(values, enlarged)).pixels)

    def save(self, folder: str | PathLike[str]) -> Path:
        """Write weights, pictures (original, reconstruction, ten times the error), curve and map into a folder.

        It is made where there is none; `load` and `refield render` read it. `UserError` if it cannot be written.
        """
        path = folders.make(folder)
        folders.write(path, self.method, self.unit, self.files, self.provenance)
        return path

    def __str__(self) -> str:
        """Size and scores in words."""
        size = " x ".join(str(side) for side in reversed(self.unit.signal.shape))
        said = (f"{each.title} {self.scores[each.name]:,.{each.digits}f}" for each in self._measures())
        return f"{size} pixels, {', '.join(said)}"

    def __repr__(self) -> str:
        height, width = as_image(self.unit.signal).shape
        return f"<{self.name} by {self.method}, {width} x {height} pixels>"

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        return self.files[reconstruction(Image)]

    def _measures(self) -> Iterator[Measure]:
        yield from self.unit.task.measures
        yield from COSTS


def load(folder: str | PathLike[str]) -> Result:
    """The result in a folder of `Result.save` or `refield fit`; `UserError` names a file that is not as written."""
    return Result(*folders.read(Path(folder).expanduser()))
