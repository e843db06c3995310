"""A compressed file: a signal as a field's weights, and the map where the field follows one; or as latents.

docs/format.md is the specification of what `encode` writes and `decode` reads.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from refield.coding import description, maps
from refield.coding.description import Description
from refield.coding.envelope import Reader, unwrap, varint, wrap
from refield.coding.latents import file as latents
from refield.coding.latents.file import CodedLatents
from refield.coding.limits import EVALUATED_PER_BYTE, MOST_OF_TEXT, MOST_SAMPLES, SAMPLES_PER_BYTE
from refield.coding.range_coder import Decoder, Encoder
from refield.coding.tensors import Half, Prefix, Quantised
from refield.errors import UserError
from refield.signals.signal import Signal
from refield.units.decode import Model

HALF, QUANTISED = 1, 2  # kinds
WEIGHTS_PER_BYTE = 64  # of a file of a field: 1/8 bit for each at least, which bounds what a small file takes to decode


@dataclass(frozen=True, eq=False)
class Coded:
    """What a compressed file holds."""

    about: Description
    shape: tuple[int, ...]  # of the signal
    tensors: Mapping[str, Quantised] | Mapping[str, Half]
    labels: np.ndarray | None = None  # of the signal's shape, uint8, for a field that follows a map

    @property
    def samples(self) -> int:
        return math.prod(self.shape)

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The field's, float32."""
        return {name: tensor.values for name, tensor in self.tensors.items()}

    def signal(self) -> Signal:
        """The signal that the file shows, evaluated on the CPU; `UserError` if the field's values are no numbers."""
        about = self.about
        model = Model(about.field, self.weights, about.signal, about.dims, about.channels, about.target)
        return model.sample(self.shape, self.labels)


Content = Coded | CodedLatents


def encode(coded: Content) -> bytes:
    """The file's content; `UserError` if it is beyond what a file may hold."""
    if isinstance(coded, CodedLatents):
        return wrap(latents.KIND, latents.encode(coded))
    if coded.samples > MOST_SAMPLES:
        raise UserError(f"the signal has {coded.samples:,} samples; it must have at most {MOST_SAMPLES:,}")
    text, encoder = description.encode(coded.about), Encoder()
    parts = [varint(len(text)), text, *map(varint, coded.shape)]
    if coded.about.regions is not None and coded.labels is not None:
        maps.encode(coded.labels, coded.about.regions, encoder)
    shapes = coded.about.shapes()
    tensors = [coded.tensors[name] for name in shapes]
    parts += [each.encode() if isinstance(each, Half) else each.encode(encoder) for each in tensors]
    kind = HALF if any(isinstance(each, Half) for each in tensors) else QUANTISED
    body = b"".join([*parts, encoder.finish()])
    least = max(_least(coded.about, coded.shape), _least_of_weights(shapes))
    return wrap(kind, body + bytes(max(0, least - len(body))))


def _least(about: Description, shape: tuple[int, ...]) -> int:
    """The bytes that a body has at least for its samples, so that a small file never asks for much work."""
    if about.regions is None:
        return math.ceil(math.prod(shape) / EVALUATED_PER_BYTE)
    height, width = shape
    return math.ceil(max(height * width / SAMPLES_PER_BYTE, maps.waves(height, width) / latents.WAVES_PER_BYTE))


def _least_of_weights(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """The same for its weights."""
    return math.ceil(sum(map(math.prod, shapes.values())) / WEIGHTS_PER_BYTE)


def decode(data: bytes) -> Content:
    """What a file holds; `UserError`, without its name, if it is damaged, of another kind, or asks for too much."""
    kind, body = unwrap(data)
    if kind == latents.KIND:
        return latents.decode(body)
    if kind not in (HALF, QUANTISED):
        raise UserError(f"is of kind {kind}; this refield reads kinds {HALF} to {latents.KIND}")
    reader = Reader(body)
    about = description.decode(reader.take(reader.number(MOST_OF_TEXT, "the length of its description")))
    shape = tuple(reader.number(MOST_SAMPLES, "a side") for _ in range(about.dims))
    if not 0 < math.prod(shape) <= MOST_SAMPLES:
        raise UserError(f"has {math.prod(shape):,} samples; it must have 1 to {MOST_SAMPLES:,}")
    if (least := _least(about, shape)) > len(body):
        what = "samples" if about.regions is None else "labels"
        raise UserError(f"has {math.prod(shape):,} {what} in {len(body):,} bytes; it must have {least:,} at least")
    shapes = about.shapes()
    if (least := _least_of_weights(shapes)) > len(body):
        raise UserError(f"has too many weights for {len(body):,} bytes; it must have {least:,} at least")
    if kind == HALF:
        halves = {name: Half.read(each, reader) for name, each in shapes.items()}
        decoder = Decoder(reader.rest())
        return _finished(Coded(about, shape, halves, _labels(about, shape, decoder)), decoder)
    prefixes = {name: Prefix.read(reader) for name in shapes}
    decoder = Decoder(reader.rest())
    labels = _labels(about, shape, decoder)
    symbols = {name: prefix.decode(shapes[name], decoder) for name, prefix in prefixes.items()}
    return _finished(Coded(about, shape, symbols, labels), decoder)


def _labels(about: Description, shape: tuple[int, ...], decoder: Decoder) -> np.ndarray | None:
    return None if about.regions is None else maps.decode(shape, about.regions, decoder)


def _finished(coded: Coded, decoder: Decoder) -> Coded:
    decoder.finish()
    return coded
