"""A range coder: constriction's, with 24 bits of precision and words of 32, driven by whole numbers alone.

Frequencies reach it as multiples of 2^-24, which float32 holds exactly, and `perfect` models approximate them best by
themselves: no rounding of ours or of the library's is left for a decoder to differ in.
"""

from typing import Any

import numpy as np
from constriction import stream

from refield.coding.frequencies import TOTAL
from refield.errors import UserError

WORD = np.dtype("<u4")


class Model:
    """Frequencies (k,) that are used again and again, as the coder takes them."""

    def __init__(self, frequencies: np.ndarray) -> None:
        [self.own] = _model(frequencies)


class Encoder:
    """Symbols to bytes."""

    def __init__(self) -> None:
        self._coder = stream.queue.RangeEncoder()

    def encode(self, symbols: np.ndarray, frequencies: np.ndarray) -> None:
        """Symbols (n,), from 0, by frequencies (k,) of all or (n, k) of each, as `normalised` makes them."""
        self._coder.encode(symbols.astype(np.int32), *_model(frequencies))

    def encode_by(self, symbols: np.ndarray, model: Model) -> None:
        """Symbols (n,), from 0, all by the same frequencies."""
        self._coder.encode(symbols.astype(np.int32), model.own)

    def finish(self) -> bytes:
        return bytes(self._coder.get_compressed().astype(WORD).tobytes())


class Decoder:
    """Bytes to the symbols that an `Encoder` was given, if it is asked with the same frequencies."""

    def __init__(self, data: bytes) -> None:
        data = data.rstrip(b"\0")  # the coder reads zeros beyond the last word: those at the end say nothing
        data += bytes(-len(data) % WORD.itemsize)
        self._coder = stream.queue.RangeDecoder(np.frombuffer(data, WORD).astype(np.uint32))

    def decode(self, frequencies: np.ndarray, count: int | None = None) -> np.ndarray:
        """So many symbols by frequencies (k,), or one by each of (n, k), int32; `UserError` if the bytes have none."""
        return self._decode(*_model(frequencies), *([] if count is None else [count]))

    def decode_by(self, model: Model, count: int) -> np.ndarray:
        """So many symbols by the same frequencies, int32; `UserError` if the bytes have none."""
        return self._decode(model.own, count)

    def finish(self) -> None:
        """`UserError` if there are bytes left."""
        if not self._coder.maybe_exhausted():
            raise UserError("is damaged: it goes on after its last symbol")

    def _decode(self, *arguments: Any) -> np.ndarray:
        try:
            return np.asarray(self._coder.decode(*arguments))
        except AssertionError:  # constriction's, of impossible words
            raise UserError("is damaged: its coded symbols are not to be decoded") from None


def _model(frequencies: np.ndarray) -> tuple[Any, ...]:
    """What constriction takes after symbols, or in their place: a model; of a table for each symbol its family, too."""
    shares = (frequencies / TOTAL).astype(np.float32)
    own = stream.model.Categorical
    return (own(shares, perfect=True),) if shares.ndim == 1 else (own(perfect=True), shares)
