"""Occupancy grids in files of MATLAB 5, as WIRE and others publish them, brought to the size that is asked for.

Such a file is input from strangers: what it claims is looked at before anything of that size is read. scipy is imported
where it is used.
"""

import io
import math

import numpy as np
from jaxtyping import Bool

from refield.errors import UserError, one_line, shown
from refield.settings import choices

MOST = 2**29  # bytes of a file, and of its array: 512^3 numbers of single precision
BYTES = {"double": 8, "single": 4, "logical": 1} | {f"{sign}int{8 * n}": n for sign in ("", "u") for n in (1, 2, 4, 8)}


def decode(data: bytes) -> Bool[np.ndarray, "x y z"]:
    """The only array of three axes in a file, which holds 0 and one other number, such as 255, where it is occupied.

    `UserError`, without its name, if it is none.
    """
    from scipy.io import loadmat, whosmat

    if len(data) > MOST:
        raise UserError(f"has more than {MOST} bytes")
    try:
        listed = whosmat(io.BytesIO(data))
    except NotImplementedError:
        raise UserError("is of MATLAB's version 7.3; save it as -v7") from None
    except Exception as error:  # a reader may raise almost anything on a damaged file
        raise UserError(f"is no readable file of MATLAB ({one_line(error)})") from None
    grids = [(name, shape, kind) for name, shape, kind in listed if len(shape) == 3 and kind in BYTES]
    if len(grids) != 1:
        found = f"has {len(grids)}: {choices(name for name, *_ in grids)}" if grids else "has none"
        raise UserError(f"must hold one array of three axes; it {found}")
    ((name, shape, kind),) = grids
    if math.prod(shape) * BYTES[kind] > MOST:
        raise UserError(f"has {' x '.join(map(str, shape))} numbers of {BYTES[kind]} bytes; save fewer, or as uint8")
    try:
        array = np.asarray(loadmat(io.BytesIO(data), variable_names=[name])[name])
    except Exception as error:
        raise UserError(f"is no readable file of MATLAB ({one_line(error)})") from None
    if array.shape != shape or not array.size:
        raise UserError(f"has an empty or another array {shown(name)} than it says")
    occupied, highest = array != 0, array.max()
    if occupied.any() and not (highest > 0 and (array == highest).sum() == occupied.sum()):
        raise UserError(f"holds other numbers in {shown(name)} than 0 and one for what is occupied")
    return np.ascontiguousarray(occupied)


def reduced(occupied: Bool[np.ndarray, "x y z"], side: int) -> Bool[np.ndarray, "a b c"]:
    """The grid whose longest axis has `side` voxels: one is occupied where half of what it covers is, or more.

    `UserError`, without a file's name, unless `side` divides that axis.
    """
    longest = max(occupied.shape)
    if longest % side:
        raise UserError(f"has {longest} voxels along its longest axis; side = {side} must divide that")
    factor = longest // side
    if factor == 1:
        return occupied
    filled = np.pad(occupied, [(0, -length % factor) for length in occupied.shape])
    x, y, z = (length // factor for length in filled.shape)
    counts = filled.reshape(x, factor, y, factor, z, factor).sum(axis=(1, 3, 5), dtype=np.int64)
    return 2 * counts >= factor**3
