"""A fit's files read again: a model is a field with its weights, which can be evaluated anywhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field as Key
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from refield import fields, signals
from refield.errors import UserError
from refield.fields.field import Field, Weights
from refield.fitting.train import SPANS
from refield.settings import among, choices, sentence
from refield.signals.signal import Signal
from refield.strict import Strict


@dataclass(frozen=True)
class Model:
    """A fitted field, and what its values stand for."""

    field: Field
    weights: Weights
    signal: type[Signal]
    dims: int
    channels: int
    target: str  # as in `Train`

    def render(self, shape: tuple[int, ...], labels: np.ndarray | None = None) -> np.ndarray:
        """The intensities (n, c) at the points of a signal of this shape; labels of that shape if the field needs them.

        `UserError` if the labels are of another shape or name regions that the field does not have.
        """
        from refield.fitting.evaluate import evaluate

        flat = None
        if self.field.needs_labels:
            regions = self.field.model_dump()["regions"]
            if labels is None:
                raise UserError("this field follows a map of regions, and none is given")
            if labels.shape != shape:
                raise UserError(f"the map is {_size(labels.shape)} pixels; it must be {_size(shape)}")
            if labels.max() >= regions:
                raise UserError(f"the map has region {labels.max()}; the field has regions 0 to {regions - 1}")
            flat = labels.reshape(-1)
        span = SPANS[self.target]
        values = evaluate(self.field, self.weights, self.signal.blank(shape, self.channels).points(), flat)
        return span * values - (span - 1)

    def sample(self, shape: tuple[int, ...], labels: np.ndarray | None = None) -> Signal:
        """The field as a signal of this shape."""
        return self.signal.blank(shape, self.channels).with_values(self.render(shape, labels))


class About(Strict):
    """What a weights file says of itself, as `encode_weights` writes it."""

    field: dict[str, Any]
    signal: str
    dims: int = Key(ge=1, le=8)
    channels: int = Key(ge=1)
    target: Literal["symmetric", "unit"]


def read_model(path: Path) -> Model:
    """The model of a weights file; `UserError` if it is missing, damaged, or holds other weights than its field has."""
    try:
        with safe_open(path, framework="numpy") as file:
            about = About.model_validate_json((file.metadata() or {}).get("model", ""))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if not among(about.signal, signals.SIGNALS):
            raise UserError(f"signal = {about.signal!r} is not known; signals are {choices(signals.SIGNALS)}")
        field, kind = fields.build(about.field), signals.SIGNALS[about.signal]
        model = Model(field, weights, kind, about.dims, about.channels, about.target)
        _check_weights(model)
    except ValidationError as error:
        raise UserError(f"{path}: not a readable weights file ({sentence(error).strip()})") from None
    except (OSError, SafetensorError, TypeError, ValueError, MemoryError) as error:
        raise UserError(f"{path}: not a readable weights file ({' '.join(str(error).split())})") from None
    return model


def _check_weights(model: Model) -> None:
    expected = model.field.initialise(model.dims, model.channels, np.random.default_rng(0))
    if lacking := expected.keys() ^ model.weights.keys():
        raise UserError(f"its weights and its field differ in {min(lacking)}")
    for name, array in model.weights.items():
        if array.shape != expected[name].shape or array.dtype != np.float32:
            raise UserError(f"{name} is {array.dtype} {array.shape}; the field has float32 {expected[name].shape}")
        if not np.isfinite(array).all():
            raise UserError(f"{name} holds what is no number")


def _size(shape: tuple[int, ...]) -> str:
    """As one says it of pictures: width first."""
    return " x ".join(map(str, reversed(shape)))


def enlarge(labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Labels of another shape: at each new point the nearest old one's, both grids reaching the same edges."""
    nearest = [np.rint(np.linspace(0, old - 1, new)).astype(int) for old, new in zip(labels.shape, shape, strict=True)]
    return labels[np.ix_(*nearest)]
