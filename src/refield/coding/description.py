"""What a compressed file says of its field: the same words as a weights file, deflated against a dictionary.

Nothing that is a default is left out, so that a default may change. The dictionary holds what most descriptions have in
common, which then takes a few bytes.
"""

import json
import math
import zlib
from dataclasses import dataclass
from typing import NoReturn

from pydantic import ValidationError

from refield import fields, signals
from refield.coding.limits import LARGEST_NUMBER, MOST_OF_TEXT, MOST_REGIONS, MOST_TENSORS, MOST_WEIGHTS
from refield.errors import UserError, one_line, shown
from refield.fields.field import Field
from refield.settings import among, choices, sentence
from refield.signals.image import Image
from refield.signals.signal import Signal
from refield.units.shapes import Shapes, TooMany
from refield.units.weights import About

CHANNELS = (1, 3)
# Part of the format: another dictionary is another version. What is most likely stands last.
DICTIONARY = (
    b'"alpha":"beta":"filter":"gabor""input_scale":"weight_scale":"layers":"form":"real""complex""sigma_0":"mfn""wire"'
    b'"cosmo""incode""hidden_layers":"roll_off":"bandwidth":"trained":"base""residual":true"encoding":{"factor":"pi",'
    b'"octaves":10}"first_bias":"gaussian""sinc""raised_cosine""root_raised_cosine""prolate""finer""leaky_relu""relu"'
    b'"per_expert""pytorch""gated""region_input":true"segment"[128.0,8.0,4.0,2.0,"segment"],"regions":4,"target":"unit"}'
    b'"largest_a":32.0{"channels":1,"dims":2,"field":{"activation":"sine","bias":"shared","field":"mlp","gates":["dense",'
    b'"dense","dense","dense"],"init":"siren","largest_a":null,"omega_0":30.0,"output":"dense","region_input":false,'
    b'"regions":null,"width":32},"signal":"images","target":"symmetric"}{"channels":3,"dims":2,"field":{"activation":"sine"'
)


@dataclass(frozen=True)
class Description:
    """A field without its weights, and what its values stand for."""

    field: Field
    signal: type[Signal]
    dims: int
    channels: int
    target: str  # as in `Train`

    @property
    def regions(self) -> int | None:
        """How many regions a map has that the field follows; None if it follows none."""
        return int(self.field.model_dump()["regions"]) if self.field.needs_labels else None

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The weights' shapes by name, in their order in a file; `UserError` if they are more than any file's."""
        try:
            with_zeros = self.field.initialise(self.dims, self.channels, Shapes(MOST_TENSORS))
        except (TooMany, ValueError):  # numpy's, of shapes beyond all memory
            raise UserError(f"has a field of more weights than {MOST_WEIGHTS:,}, or none that can be") from None
        shapes = {name: array.shape for name, array in with_zeros.items()}
        if sum(map(math.prod, shapes.values())) > MOST_WEIGHTS:
            raise UserError(f"has a field of more than {MOST_WEIGHTS:,} weights")
        return shapes


def encode(description: Description) -> bytes:
    """The description as canonical JSON, deflated."""
    signal = next(name for name, kind in signals.SIGNALS.items() if kind is description.signal)
    about = {"field": fields.describe(description.field), "signal": signal}
    about |= {key: getattr(description, key) for key in ("dims", "channels", "target")}
    text = json.dumps(about, sort_keys=True, separators=(",", ":")).encode()
    if len(text) > MOST_OF_TEXT:
        raise UserError(f"the field has a description of {len(text):,} bytes; it must have at most {MOST_OF_TEXT:,}")
    packer = zlib.compressobj(9, wbits=-15, zdict=DICTIONARY)
    return packer.compress(text) + packer.flush()


def decode(data: bytes) -> Description:
    """The description of `encode`; `UserError`, without the file's name, if it is none that can be."""
    unpacker = zlib.decompressobj(-15, zdict=DICTIONARY)
    try:
        text = unpacker.decompress(data, MOST_OF_TEXT)
        if not unpacker.eof or unpacker.unused_data:
            raise UserError(f"has a description that is damaged, or has more than {MOST_OF_TEXT:,} bytes")
        about = About.model_validate(json.loads(text, parse_int=_small, parse_constant=_no_number))
        if not among(about.signal, signals.SIGNALS):
            raise UserError(f"signal = {shown(about.signal)} is not known; signals are {choices(signals.SIGNALS)}")
        found = Description(
            fields.build(about.field), signals.SIGNALS[about.signal], about.dims, about.channels, about.target
        )
        if found.regions is not None and found.regions > MOST_REGIONS:
            raise UserError(f"regions = {found.regions} is above {MOST_REGIONS}")
    except ValidationError as error:
        raise UserError(f"has a description that cannot be ({sentence(error)})") from None
    except (zlib.error, ValueError, RecursionError) as error:
        raise UserError(f"has a description that cannot be read ({one_line(error)})") from None
    if not issubclass(found.signal, Image) or found.dims != len(Image.axes) or found.channels not in CHANNELS:
        axes = f"{found.channels} channels on {found.dims} axes"
        raise UserError(f"holds {about.signal} of {axes}; it must hold an image, of 1 or 3 channels on 2 axes")
    return found


def _small(digits: str) -> int:
    number = int(digits)
    if abs(number) > LARGEST_NUMBER:
        raise ValueError(f"a number is above {LARGEST_NUMBER:,}")
    return number


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
