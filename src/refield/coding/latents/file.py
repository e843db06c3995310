"""The body of a compressed file of latents: grids of whole numbers, and the networks that draw and expect them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import ValidationError

from refield.coding.description import Description
from refield.coding.envelope import Reader, varint
from refield.coding.latents import entropy, grids, synthesis
from refield.coding.latents.entropy import LARGEST, SLANT, Entropy
from refield.coding.limits import MOST_SAMPLES, SAMPLES_PER_BYTE
from refield.coding.range_coder import Decoder, Encoder
from refield.coding.tensors import Prefix, Quantised
from refield.errors import UserError
from refield.fields.latents import Latents
from refield.settings import sentence
from refield.signals.image import Image

KIND = 3
MOST_SIDE = 2**15  # pixels
WAVES_PER_BYTE = 8  # in which latents are decoded: how long that takes is bounded by the file's size
WIDEST = 64  # of either network's hidden layers
MOST_LEVELS = 12


@dataclass(frozen=True, eq=False)
class CodedLatents:
    """What such a file holds."""

    shape: tuple[int, int]
    channels: int
    grids: Sequence[np.ndarray]  # whole numbers, from fine to coarse
    tensors: Mapping[str, Quantised]  # of both networks

    @property
    def about(self) -> Description:
        width = self.tensors["layers.0.weight"].symbols.shape[1]
        return Description(field_of(self.shape, len(self.grids), width), Image, 2, self.channels, "unit")

    @property
    def samples(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def labels(self) -> None:
        """It follows no map."""

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The field's, float32."""
        found = {f"latents.{level}": grid[None].astype(np.float32) for level, grid in enumerate(self.grids)}
        return found | self.network

    @property
    def network(self) -> dict[str, np.ndarray]:
        """The weights of the field's network."""
        return {name: each.values for name, each in self.tensors.items() if name not in entropy.NAMES}

    @property
    def entropy(self) -> Entropy:
        return Entropy({name: self.tensors[name].values for name in entropy.NAMES})

    def signal(self) -> Image:
        """The picture, of which no machine makes another."""
        return Image(synthesis.picture(self.grids, self.network, self.shape))


def field_of(shape: tuple[int, int], levels: int, width: int) -> Latents:
    """The field of a file: a grid of a node a pixel, and others of half as many, and a network of rectifiers."""
    gain = tuple(2.0**-level for level in range(levels))
    return Latents(finest=shape, levels=levels, gain=gain, deviation=0.0, width=width, activation="relu")


def shapes(field: Latents, channels: int, hidden: int) -> dict[str, tuple[int, ...]]:
    """Both networks' tensors, in their order in a file."""
    found: dict[str, tuple[int, ...]] = {}
    for number, (fan_in, fan_out) in enumerate(field.layers(channels)):
        found |= {f"layers.{number}.weight": (fan_in, fan_out), f"layers.{number}.bias": (fan_out,)}
    return found | entropy.shapes(hidden, field.levels)


def _least(height: int, width: int) -> int:
    """The bytes that a body of so many pixels has at least."""
    return max(-(-height * width // SAMPLES_PER_BYTE), -(-(width + SLANT * height) // WAVES_PER_BYTE))


def _size(shape: tuple[int, int]) -> str:
    return " x ".join(map(str, reversed(shape)))


def encode(coded: CodedLatents) -> bytes:
    """The body; `UserError` if a side or a latent is larger than any may be, or further from what is expected."""
    if max(coded.shape) > MOST_SIDE or coded.samples > MOST_SAMPLES:
        raise UserError(f"the image is {_size(coded.shape)} pixels; a file has sides of at most {MOST_SIDE:,}")
    width = coded.tensors["layers.0.weight"].symbols.shape[1]
    hidden = len(coded.tensors["entropy.0.bias"].symbols)
    order, encoder = shapes(field_of(coded.shape, len(coded.grids), width), coded.channels, hidden), Encoder()
    parts = [varint(each) for each in (*coded.shape, coded.channels, len(coded.grids), width, hidden)]
    parts += [coded.tensors[name].encode(encoder) for name in order]
    expecting = coded.entropy
    most = grids.largest(coded.grids, expecting)
    if most > LARGEST or max(int(np.abs(grid).max()) for grid in coded.grids) > LARGEST:
        raise UserError(f"a latent is beyond {LARGEST}, which no file holds; fewer bits a pixel help")
    grids.encode(coded.grids, expecting, most, encoder)
    body = b"".join([*parts, varint(most), encoder.finish()])
    return body + bytes(max(0, _least(*coded.shape) - len(body)))


def decode(body: bytes) -> CodedLatents:
    """What a body holds; `UserError` if it is damaged or asks for too much."""
    reader = Reader(body)
    height, width = (reader.number(MOST_SIDE, "a side") for _ in range(2))
    if height * width > MOST_SAMPLES or _least(height, width) > len(body):
        raise UserError(f"has {_size((height, width))} pixels in {len(body):,} bytes, which are too few for so many")
    channels = reader.number(3, "the number of channels")
    levels = reader.number(MOST_LEVELS, "the number of grids")
    wide, hidden = (reader.number(WIDEST, "a network's width") for _ in range(2))
    try:
        field = field_of((height, width), levels, wide)
    except ValidationError as error:
        raise UserError(f"has grids that cannot be ({sentence(error)})") from None
    if channels not in (1, 3):
        raise UserError(f"has {channels} channels; it must have 1 or 3")
    if not hidden:
        raise UserError("has a network of 0, which expects nothing")
    sizes = shapes(field, channels, hidden)
    prefixes = {name: Prefix.read(reader) for name in sizes}
    most = reader.number(LARGEST, "what a latent differs by")
    if not most:
        raise UserError("is damaged: all its latents are as expected")
    decoder = Decoder(reader.rest())
    tensors = {name: prefix.decode(sizes[name], decoder) for name, prefix in prefixes.items()}
    expecting = Entropy({name: tensors[name].values for name in entropy.NAMES})
    found = grids.decode(field.sizes(2), expecting, most, decoder)
    decoder.finish()
    return CodedLatents((height, width), channels, found, tensors)
