"""What each variant of a fit takes and shows: measured on files, decoded as others will decode them."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from refield.coding import file
from refield.coding.description import Description
from refield.coding.search import Search
from refield.coding.settings import Coding
from refield.coding.variants import VARIANTS
from refield.scores.rates import Rate, rate
from refield.signals.image import Image, as_image
from refield.units.scoring import Checked


class Timed(NamedTuple):
    """A file of a fit, and how long it took."""

    rate: Rate  # `codec` is the variant's name
    data: bytes  # the file
    encode_seconds: float  # from the fit to the file, all that is searched or learned included
    decode_seconds: float


def rates(name: str, fit: Checked, image: Image, coding: Coding, device: str) -> Iterator[Timed]:
    """The fit of an image of this name in all variants; those that learn do so on a device, cpu or cuda."""
    contents = fit.contents
    about = Description(contents.field, contents.signal, contents.dims, contents.channels, contents.target)
    for codec in coding.variants:
        for words, setting in VARIANTS[codec].settings(coding).items():
            search = Search(about, contents.weights, image, fit.labels)  # nothing is left of another's search
            begun = time.perf_counter()
            found = VARIANTS[codec].code(search, setting, coding, device)
            coded = time.perf_counter()
            if found is None:
                continue
            shown = as_image(file.decode(found.data).signal())
            decoded = time.perf_counter()
            measured = rate(name, codec, words, len(found.data), image.pixels, shown.pixels)
            yield Timed(measured, found.data, coded - begun, decoded - coded)
