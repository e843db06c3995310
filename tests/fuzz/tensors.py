"""Files of safetensors, changed where their format says what is what: arrays, header, and our description."""

import json
import struct
from random import Random
from typing import Any

import numpy as np
import safetensors.numpy
from fuzz import octets, odd, trees
from safetensors import SafetensorError

NO_NUMBERS = [np.nan, np.inf, -np.inf, 3e38, 1e-45, -0.0]
TYPES = ["F64", "F32", "F16", "BF16", "I64", "I32", "U32", "U8", "BOOL", "F8_E4M3", "C64", "f32", "", "F4", "E8M0"]
SHAPES: list[list[Any]] = [[], [0], [1], [-1], [2**62, 4], [2**32, 2**32], [1] * 70, [1.5], ["1"]]


def changed(rng: Random, data: bytes, other: bytes, described: str = "") -> bytes:
    """The file with some changes; `described`: what of its metadata is JSON itself."""
    for _ in range(rng.choice([1, 1, 1, 2])):
        try:
            data = _changed(rng, data, other, described)
        except (
            LookupError,
            TypeError,
            ValueError,
            SafetensorError,
            struct.error,
            RecursionError,
        ):  # by an earlier change
            data = octets.changed(rng, data, other)
    return data


def _changed(rng: Random, data: bytes, other: bytes, described: str) -> bytes:
    (length,) = struct.unpack_from("<Q", data)
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    about = header.get("__metadata__") or {}
    match rng.randrange(10):
        case 0 | 1 | 2 if described:
            text = trees.as_json(rng, trees.changed(rng, json.loads(about[described])))
            about[described] = text.decode(errors="replace")
            return _with(json.dumps(header).encode(), body)
        case 0 | 1 | 2 | 3 | 4 | 5:
            arrays = _arrays(rng, safetensors.numpy.load(data), safetensors.numpy.load(other))
            return safetensors.numpy.save(arrays, about or None)
        case 6:
            return _with(trees.as_json(rng, trees.changed(rng, header)), body)
        case 7:
            return _with(json.dumps(_layout(rng, header, len(body))).encode(), body)
        case 8:
            lengths = [*octets.INTEGERS, length + 1, length - 1]
            return struct.pack("<Q", rng.choice(lengths) % 2**64) + data[8:]
        case _:
            return octets.changed(rng, data, other)


def _with(header: bytes, body: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + body


def _arrays(rng: Random, arrays: dict[str, np.ndarray], others: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Other numbers, another type or shape, one less or one more."""
    name = rng.choice(sorted(arrays))
    array = arrays[name]
    match rng.randrange(6):
        case 0 | 1:
            flat = array.copy().reshape(-1)
            at = rng.randrange(max(1, flat.size))
            with np.errstate(all="ignore"):
                flat[at : at + rng.choice([1, 5, flat.size])] = np.array(rng.choice(NO_NUMBERS)).astype(array.dtype)
            arrays[name] = flat.reshape(array.shape)
        case 2:
            with np.errstate(all="ignore"):
                arrays[name] = array.astype(
                    rng.choice([np.float64, np.float16, np.int64, np.uint8, np.bool_, np.complex64])
                )
        case 3:
            arrays[name] = rng.choice([array.T, array[:-1], array[..., None], array.reshape(-1), array[:0]])
        case 4:
            del arrays[name]
        case 5:
            arrays |= {rng.choice([*odd.NAMES, *sorted(arrays)]): others[rng.choice(sorted(others))]}
    return {key: np.ascontiguousarray(each) for key, each in arrays.items()}


def _layout(rng: Random, header: dict[str, Any], size: int) -> dict[str, Any]:
    """Another type, shape or place of one array."""
    names = [name for name in header if name != "__metadata__"]
    name = rng.choice(names)
    about = header[name]
    match rng.randrange(5):
        case 0:
            about["dtype"] = rng.choice(TYPES)
        case 1:
            about["shape"] = rng.choice([*SHAPES, about["shape"][::-1]])
        case 2:
            offsets = [0, 1, 4, size, size + 4, 2**63, -4, *about["data_offsets"]]
            about["data_offsets"] = rng.choices(offsets, k=2)
        case 3:
            header[rng.choice(["", "layers.9.weight", "x" * 900, "../x", "\0", name.upper()])] = header.pop(name)
        case 4:
            other = rng.choice(names)
            header[name], header[other] = header[other], header[name]
    return header
