"""Weights as a file has them: whole multiples of a step, or half precision."""

import math
from dataclasses import dataclass

import numpy as np

from refield.coding import frequencies
from refield.coding.envelope import Reader, varint
from refield.coding.limits import LARGEST_SYMBOL
from refield.coding.range_coder import Decoder, Encoder
from refield.errors import UserError

STEPS = 256


def step_of(index: int) -> float:
    """The step of a byte, exact in float32: 8 to 15 times a power of two, 2^-24 to 2^7."""
    return math.ldexp(8 + (index & 7), (index >> 3) - 24)


def index_of(step: float) -> int:
    """The byte of the nearest step."""
    mantissa, exponent = math.frexp(step)  # 1/2 to 1
    return min(max(0, 8 * (exponent + 20) + round(16 * mantissa) - 8), STEPS - 1)


@dataclass(frozen=True, eq=False)
class Quantised:
    """A tensor of whole numbers, `LARGEST_SYMBOL` at most, times a step."""

    step: int  # its byte
    symbols: np.ndarray  # int32

    @property
    def values(self) -> np.ndarray:
        """The weights, float32."""
        return (self.symbols * step_of(self.step)).astype(np.float32)

    def encode(self, encoder: Encoder) -> bytes:
        """Append the symbols, and return the bytes by which `decode` finds them: step, largest and spread."""
        largest = int(np.abs(self.symbols).max(initial=0))
        if not largest:
            return bytes([self.step, 0])
        spread = frequencies.best_spread(self.symbols, largest)
        encoder.encode(self.symbols.ravel() + largest, frequencies.of_symbols(largest, spread))
        return bytes([self.step, *varint(largest), spread])


@dataclass(frozen=True)
class Prefix:
    """What stands of a quantised tensor before all coded symbols."""

    step: int
    largest: int
    spread: int

    @classmethod
    def read(cls, reader: Reader) -> "Prefix":
        [step] = reader.take(1)
        largest = reader.number(LARGEST_SYMBOL, "a symbol")
        return cls(step, largest, reader.take(1)[0] if largest else 0)

    def decode(self, shape: tuple[int, ...], decoder: Decoder) -> Quantised:
        """The tensor whose symbols come next; `UserError` if the bytes have none."""
        if not self.largest:
            return Quantised(self.step, np.zeros(shape, np.int32))
        table = frequencies.of_symbols(self.largest, self.spread)
        return Quantised(self.step, decoder.decode(table, math.prod(shape)).reshape(shape) - self.largest)


def step_of_bits(weights: np.ndarray, bits: int) -> float:
    """The finest step of which no weight is more than 2^(bits - 1) - 1 multiples."""
    largest, most = float(np.abs(weights).max(initial=0.0)), 2 ** (bits - 1) - 1
    index = max(0, index_of(largest / (most + 0.5)) - 1) if largest else 0
    while np.rint(largest / step_of(index)) > most and index < STEPS - 1:
        index += 1
    return step_of(index)


def quantise(weights: np.ndarray, step: float) -> Quantised:
    """Weights rounded to multiples of nearly this step; of a coarser one if their symbols would be too large."""
    largest = float(np.abs(weights).max(initial=0.0))
    index = index_of(max(step, largest / LARGEST_SYMBOL, step_of(0)))
    while largest / step_of(index) > LARGEST_SYMBOL + 0.5 and index < STEPS - 1:
        index += 1
    symbols = np.rint(weights.astype(np.float64) / step_of(index)).astype(np.int32)
    if np.abs(symbols).max(initial=0) > LARGEST_SYMBOL:
        raise UserError(f"the field has weights as large as {largest:g}, which no file holds")
    return Quantised(index, symbols)


@dataclass(frozen=True, eq=False)
class Half:
    """A tensor of half precision."""

    values: np.ndarray  # float32, each of which is a float16

    @classmethod
    def of(cls, weights: np.ndarray) -> "Half":
        """The nearest; `UserError` if one is too large."""
        with np.errstate(over="ignore"):
            halves = weights.astype(np.float16)
        if not np.isfinite(halves).all():
            raise UserError("the field has weights that half precision cannot hold")
        return cls(halves.astype(np.float32))

    @classmethod
    def read(cls, shape: tuple[int, ...], reader: Reader) -> "Half":
        halves = np.frombuffer(reader.take(2 * math.prod(shape)), "<f2").reshape(shape)
        if not np.isfinite(halves).all():
            raise UserError("is damaged: it holds a weight that is no number")
        return cls(halves.astype(np.float32))

    def encode(self) -> bytes:
        return self.values.astype("<f2").tobytes()
