"""The file of true masks: where in each image of a profile lies what is looked for, such as a tumour.

It is one of safetensors, an array of 0 and 1 for each image under the sha256 of its pixels: so a task, which is not
told an image's name, finds its mask, and none can be taken for another's.
"""

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from refield.errors import UserError, one_line
from refield.signals.image import Image
from refield.structure.files import read_known


def encode(masks: Mapping[str, np.ndarray]) -> bytes:
    """A file's content: masks (h, w) by the sha256 of their images' pixels."""
    from safetensors.numpy import save

    return save({digest: mask.astype(np.uint8) for digest, mask in sorted(masks.items())})


def mask_of(image: Image, file: str, sha256: str | None, key: str) -> Bool[np.ndarray, "h w"]:
    """The mask of an image; `UserError`, without the image's name, if the file has none of it, or of another size."""
    mask = _read(file, sha256, key).get(image.digest())
    if mask is None:
        raise UserError(f"has no mask in {key} = {file}")
    if mask.shape != image.shape:
        sides = " x ".join(map(str, mask.shape))
        raise UserError(f"has {image.shape[0]} x {image.shape[1]} pixels, and its mask in {key} = {file} has {sides}")
    return mask == 1


@functools.lru_cache(maxsize=4)
def _read(file: str, sha256: str | None, key: str) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = read_known(Path(file), sha256, key)
    try:
        masks = load(data)
    except (SafetensorError, ValueError) as error:
        raise UserError(f"{key}: {file} is no readable file of masks ({one_line(error)})") from None
    if odd := [name for name, mask in masks.items() if mask.ndim != 2 or not np.isin(mask, (0, 1)).all()]:
        raise UserError(f"{key}: {file} holds {odd[0]}, which is no mask of 0 and 1")
    return masks
