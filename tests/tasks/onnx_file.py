"""The tensors in an ONNX file: as much of protobuf's wire format as they take.

Numbers of fields are those of https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

GRAPH, INITIALIZER = 7, 5  # of a model, and of its graph
DIMS, DATA_TYPE, NAME, RAW_DATA = 1, 2, 8, 9  # of a tensor
FLOAT = 1  # a DATA_TYPE
VARINT, LENGTH = 0, 2  # how a field is written: of the other kinds these messages have none


def read_floats(file: Path) -> dict[str, np.ndarray]:
    """A model's float32 tensors that are stored as bytes, by name."""
    tensors = {}
    for graph in _values(memoryview(file.read_bytes()), GRAPH):
        for tensor in _values(graph, INITIALIZER):
            if list(_values(tensor, DATA_TYPE)) == [FLOAT]:
                (name,), (data,) = _values(tensor, NAME), _values(tensor, RAW_DATA)
                tensors[bytes(name).decode()] = np.frombuffer(data, "<f4").reshape([*_values(tensor, DIMS)])
    return tensors


def _values(message: memoryview, wanted: int) -> Iterator:
    """A field's values: numbers, or bytes, which may be messages themselves."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value, at = _varint(message, at)
        assert key & 7 in (VARINT, LENGTH)
        if key & 7 == LENGTH:
            value, at = message[at : at + value], at + value
        if key >> 3 == wanted:
            yield value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    number = shift = 0
    while True:
        byte, at = message[at], at + 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at
