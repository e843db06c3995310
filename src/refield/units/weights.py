"""The content of a weights file, checked: a field that it describes, and that field's own weights.

Anyone may have written it, so nothing is taken on trust: neither memory that it asks for nor a number that it holds.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field as Key
from pydantic import ValidationError
from safetensors import SafetensorError, deserialize

from refield import fields, signals
from refield.errors import UserError, one_line, shown
from refield.fields.field import Field, Weights
from refield.settings import among, choices, key_shown, sentence
from refield.signals.signal import Signal
from refield.strict import Strict
from refield.units.shapes import Shapes, TooMany

MOST_OF_HEADER, MOST_OF_TEXT = 2**20, 2**16  # bytes: thousands of layers
MORE = 1000  # weights of a field than a file has: enough to say which are missing
LARGEST = 2**20  # number of a description: no layer is wider, and no network deeper


@dataclass(frozen=True)
class Contents:
    """A fitted field, and what its values stand for."""

    field: Field
    weights: Weights
    signal: type[Signal]
    dims: int
    channels: int
    target: str  # as in `Train`

    @property
    def regions(self) -> int | None:
        """How many regions a map has that the field follows; None if it follows none."""
        return int(self.field.model_dump()["regions"]) if self.field.needs_labels else None

    def require(self, signal: Signal) -> None:
        """`UserError`, without a file's name, unless the field has a signal's axes and channels."""
        if (self.dims, self.channels) != (len(signal.shape), signal.channels):
            found, wanted = (
                f"{channels} channels on {dims} axes"
                for dims, channels in ((self.dims, self.channels), (len(signal.shape), signal.channels))
            )
            raise UserError(f"holds a field of {found}, not {wanted}")


class About(Strict):
    """What a weights file says of itself, as `encode_weights` writes it."""

    field: dict[str, Any]
    signal: str
    dims: int = Key(ge=1, le=8)
    channels: int = Key(ge=1)
    target: Literal["symmetric", "unit"]


def parse(data: bytes) -> Contents:
    """What a weights file holds; `UserError`, without its name, if it is damaged or its field has other weights."""
    try:
        header = int.from_bytes(data[:8], "little")
        if header > MOST_OF_HEADER:
            raise UserError(f"its header has more than {MOST_OF_HEADER} bytes")
        tensors = sorted(deserialize(data))  # type: ignore[no-untyped-call]
        metadata = json.loads(data[8 : 8 + header]).get("__metadata__") or {}
        return _contents(metadata.get("model", ""), tensors)
    except ValidationError as error:
        no_json = error.errors()[0]["type"] == "json_invalid"
        reason = "its description of a field is missing or no JSON" if no_json else sentence(error)
        raise UserError(f"is no readable weights file ({reason})") from None
    except (SafetensorError, TypeError, ValueError, OverflowError) as error:
        raise UserError(f"is no readable weights file ({one_line(error)})") from None


def _contents(text: str, tensors: list[tuple[str, dict[str, Any]]]) -> Contents:
    if len(text) > MOST_OF_TEXT:
        raise UserError(f"its description has more than {MOST_OF_TEXT} characters")
    about = About.model_validate_json(text)
    _require_small(about.model_dump(), "")
    for name, table in (("signal", signals.SIGNALS), ("field", fields.FIELDS)):
        value = about.signal if name == "signal" else about.field.get("field")
        if not among(value, table):
            raise UserError(f"{name} = {shown(value)} is not known; {name}s are {choices(table)}")
    field = fields.build(about.field)
    try:
        expected = field.initialise(about.dims, about.channels, Shapes(len(tensors) + MORE))
    except TooMany:
        raise UserError("its field has more weights than it holds") from None
    if other := expected.keys() ^ {name for name, _ in tensors}:
        raise UserError(f"its weights and its field differ in {key_shown(min(other))}")
    for name, tensor in tensors:
        if tensor["dtype"] != "F32" or tuple(tensor["shape"]) != expected[name].shape:
            found = f"{tensor['dtype']} {tuple(tensor['shape'])}"
            raise UserError(f"{key_shown(name)} is {found}; the field has F32 {expected[name].shape}")
    weights = {name: np.frombuffer(tensor["data"], "<f4").reshape(tensor["shape"]) for name, tensor in tensors}
    if odd := [name for name, array in weights.items() if not np.isfinite(array).all()]:
        raise UserError(f"{key_shown(odd[0])} holds what is no number")
    return Contents(field, weights, signals.SIGNALS[about.signal], about.dims, about.channels, about.target)


def _require_small(value: object, key: str) -> None:
    """No whole number of a description may be absurd: some fields' lists of layers are as long as one says."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        _require_small(each, f"{key}.{name}".lstrip("."))
    if isinstance(value, int) and value > LARGEST:
        raise UserError(f"{key_shown(key)} is above {LARGEST}")
