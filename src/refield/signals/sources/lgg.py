"""Slices of brains with lower-grade gliomas: FLAIR, and masks of what is abnormal in them.

Buda et al. 2019 (https://doi.org/10.1016/j.compbiomed.2019.05.002) drew the masks, on scans of The Cancer Imaging
Archive; the data are for research, and not shipped here. A list names NAME.pgm, a slice, and NAME_mask.pgm, its mask,
white where it is. A PGM is its pixels and nothing else, so it has one sha256 whatever file they come in: a TIFF of
three channels, of which FLAIR is the second, or a PNG of one.
"""

import functools
import io
import os
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from refield.errors import UserError, one_line
from refield.files import read
from refield.signals.sources.addresses import DATA_DIRECTORY
from refield.signals.sources.download import download
from refield.signals.sources.sums import SUMS, Read, read_sums, verified

URL = (
    "https://raw.githubusercontent.com/TruongVanHien194276/Brain_Segmentation_data/"
    "40bfc1f393feb039a3d3742ba9f536dc6d50d2b0/kaggle_3m/{case}/{name}.tif"
)
FLAIR = 1  # of three channels
MASK = "_mask"


def originals(place: Path) -> dict[str, Read]:
    """The slices and masks of the list in a folder."""
    return {name: partial(original, name, sha256) for name, sha256 in read_sums(place / SUMS).items()}


def original(name: str, sha256: str) -> bytes:
    """One of them: from the folder that `REFIELD_DATA` names if that is set, else from the network.

    In such a folder it is NAME.tif or NAME_mask.tif as published, or flair/NAME.png or mask/NAME.png.
    """
    stem = Path(name).stem
    if not (directory := os.environ.get(DATA_DIRECTORY)):
        case = stem.removesuffix(MASK).rpartition("_")[0]
        return download(name, sha256, [URL.format(case=case, name=stem)], DATA_DIRECTORY, made_of=as_pgm)
    kind = "mask" if stem.endswith(MASK) else "flair"
    for path in _below(directory).get(f"{stem}.tif", []) + _below(directory).get(f"{stem.removesuffix(MASK)}.png", []):
        if path.suffix == ".tif" or path.parent.name == kind:
            data = read(path, links=True)
            try:
                pgm = as_pgm(data)
            except UserError as error:
                raise UserError(f"{path} {error}") from None
            return verified(pgm, sha256, path)
    raise UserError(f"{name} is nowhere below {directory}; {DATA_DIRECTORY} must name a folder that holds it")


def as_pgm(data: bytes) -> bytes:
    """The PGM of a slice's or a mask's TIFF or PNG; `UserError`, without its name, if it is none."""
    try:
        with Pillow.open(io.BytesIO(data), formats=["TIFF", "PNG"]) as picture:
            pixels = np.array(picture.convert("L") if picture.mode == "1" else picture)
    except Exception as error:  # a decoder may raise almost anything on a damaged file
        raise UserError(f"is no readable slice ({one_line(error)})") from None
    if pixels.dtype != np.uint8 or pixels.shape[2:] not in ((), (3,)):
        raise UserError(f"is no slice of 8 bits, grey or of three channels; it has {pixels.dtype} {pixels.shape}")
    buffer = io.BytesIO()
    Pillow.fromarray(pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., FLAIR])).save(buffer, "PPM")
    return buffer.getvalue()


@functools.lru_cache(maxsize=1)  # thousands of files, and a list asks for hundreds
def _below(directory: str) -> dict[str, list[Path]]:
    """The slices of a folder by their names, however deep they lie."""
    found: dict[str, list[Path]] = {}
    for path in sorted(path for suffix in ("tif", "png") for path in Path(directory).rglob(f"*.{suffix}")):
        found.setdefault(path.name, []).append(path)
    return found
