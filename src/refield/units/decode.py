"""A fit's files read again: a model is a field with its weights, which can be evaluated anywhere."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64

from refield import files
from refield.errors import UserError
from refield.fitting.train import SPANS
from refield.signals.signal import Signal
from refield.signals.volume import Volume
from refield.units.names import WEIGHTS, reconstruction
from refield.units.scoring import read_signal
from refield.units.weights import Contents, parse


@dataclass(frozen=True)
class Model(Contents):
    """A fitted field that can be evaluated."""

    file: Path | None = None  # that it was read from

    def render(self, shape: tuple[int, ...], labels: np.ndarray | None = None) -> np.ndarray:
        """The intensities (n, c) at the points of a signal of this shape; labels of that shape if the field needs them.

        `UserError` if the labels are of another shape or name regions that the field does not have, or if the field's
        values are beyond all numbers.
        """
        flat = None
        if self.regions is not None:
            if labels is None:
                raise UserError("this field follows a map of regions, and none is given")
            if labels.shape != shape:
                raise UserError(f"the map is {_size(labels.shape)} pixels; it must be {_size(shape)}")
            if labels.max() >= self.regions:
                raise UserError(f"the map has region {labels.max()}; the field has regions 0 to {self.regions - 1}")
            flat = labels.reshape(-1)
        blank = self.signal.blank(shape, self.channels)
        if not isinstance(blank, Volume):
            return self._values(blank.points(), flat)
        # All points at once would take six times the memory of the values.
        values = np.empty((*shape, self.channels), np.float32)
        for slab in blank.slabs():
            values[slab] = self._values(blank.points_of(slab), None).reshape(values[slab].shape)
        return values.reshape(-1, self.channels)

    def _values(self, points: Float64[np.ndarray, "n d"], labels: np.ndarray | None) -> Float32[np.ndarray, "n c"]:
        from refield.fitting.evaluate import evaluate

        span = SPANS[self.target]
        with np.errstate(all="ignore"):
            values = evaluate(self.field, self.weights, points, labels)
            values = span * values - (span - 1)
        if not np.isfinite(values).all():
            raise UserError(f"{self.file or 'the model'}: the field has values that are no numbers")
        return values

    def sample(self, shape: tuple[int, ...], labels: np.ndarray | None = None) -> Signal:
        """The field as a signal of this shape."""
        return self.signal.blank(shape, self.channels).with_values(self.render(shape, labels))


def read_model(path: Path) -> Model:
    """The model of a weights file; `UserError` if it is missing, damaged, or holds other weights than its field has."""
    data = files.read(path, links=True)
    try:
        return Model(**vars(parse(data)), file=path)
    except UserError as error:
        raise UserError(f"{path} {error}") from None


def read_fit(folder: Path) -> tuple[Model, Signal]:
    """A fit's model and its estimate; `UserError` names the file that cannot be used."""
    model = read_model(folder / WEIGHTS)
    estimate = read_signal(folder / reconstruction(model.signal), model.signal)
    try:
        model.require(estimate)
    except UserError as error:
        raise UserError(f"{folder / WEIGHTS} {error}, as {reconstruction(model.signal)} has") from None
    return model, estimate


def _size(shape: tuple[int, ...]) -> str:
    """As one says it of pictures: width first."""
    return " x ".join(map(str, reversed(shape)))


def enlarge(labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Labels of another shape: at each new point the nearest old one's, both grids reaching the same edges."""
    nearest = [np.rint(np.linspace(0, old - 1, new)).astype(int) for old, new in zip(labels.shape, shape, strict=True)]
    return labels[np.ix_(*nearest)]
