"""What each variant of a fit takes and shows: measured on files, decoded as others will decode them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from refield.coding import file
from refield.coding.description import Description
from refield.coding.search import Search
from refield.coding.settings import Coding
from refield.coding.variants import VARIANTS
from refield.scores.metrics import psnr_8bit
from refield.signals.image import Image, as_image
from refield.units.scoring import Checked


@dataclass(frozen=True)
class Rate:
    """One file of one image."""

    codec: str  # the variant's name
    setting: str
    bytes: int
    bpp: float  # of the whole file
    psnr: float  # dB, of 8-bit values
    encode_seconds: float  # from the fit to the file, all that is searched or learned included
    decode_seconds: float


def rates(fit: Checked, image: Image, coding: Coding, device: str) -> Iterator[Rate]:
    """The fit of an image in all variants; those that learn do so on a device, cpu or cuda."""
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
            size, psnr = len(found.data), psnr_8bit(image.pixels, shown.pixels)
            bpp = 8 * size / (image.shape[0] * image.shape[1])
            yield Rate(codec, words, size, bpp, psnr, coded - begun, decoded - coded)
