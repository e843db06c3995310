"""The range coder, held against one that is written plainly."""

import numpy as np
import pytest
from coding import plain
from hypothesis import given, settings
from hypothesis import strategies as st

from refield.coding.frequencies import TOTAL, normalised, of_symbols
from refield.coding.range_coder import Decoder, Encoder
from refield.errors import UserError


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(2, 300), st.integers(0, 30)), max_size=6))
def test_symbols_come_back_and_a_plain_decoder_finds_the_same(seed, parts):
    rng, encoder, wanted = np.random.default_rng(seed), Encoder(), []
    for size, count in parts:
        each = rng.integers(2) == 1
        shares = (rng.dirichlet(np.full(size, 0.1), count if each else None) * 2**30).astype(np.int64)
        frequencies = normalised(shares)
        symbols = rng.integers(0, size, count)
        encoder.encode(symbols, frequencies)
        wanted.append((symbols, frequencies, each))
    data = encoder.finish()
    decoder, other = Decoder(data), plain.RangeDecoder(data)
    for symbols, frequencies, each in wanted:
        found = decoder.decode(frequencies) if each else decoder.decode(frequencies, len(symbols))
        np.testing.assert_array_equal(found, symbols)
        rows = frequencies if each else [frequencies] * len(symbols)
        assert [other.decode(row.tolist()) for row in rows] == symbols.tolist()
    decoder.finish()


def test_symbols_take_their_information_and_no_more():
    symbols = np.rint(np.random.default_rng(0).normal(0, 20, 3000)).astype(int)
    largest = int(np.abs(symbols).max())
    table = of_symbols(largest, 150)
    encoder = Encoder()
    encoder.encode(symbols + largest, table)
    information = -np.log2(table[symbols + largest] / TOTAL).sum() / 8
    assert information <= len(encoder.finish()) <= 1.0005 * information + 8


def test_bytes_that_are_left_are_refused():
    encoder, table = Encoder(), of_symbols(50, 130)
    encoder.encode(np.arange(100), table)
    data = encoder.finish()
    decoder = Decoder(data + bytes([1, 2, 3, 4]) * 3)
    decoder.decode(table, 100)
    with pytest.raises(UserError, match="goes on after its last symbol"):
        decoder.finish()


def test_zeros_may_be_put_at_the_end():
    table = of_symbols(2, 0)
    for seed in range(40):
        symbols, encoder = np.random.default_rng(seed).integers(0, 5, 9), Encoder()
        encoder.encode(symbols, table)
        data = encoder.finish()
        for padded in (data, data + bytes(1), data + bytes(99)):
            decoder = Decoder(padded)
            np.testing.assert_array_equal(decoder.decode(table, 9), symbols)
            decoder.finish()
