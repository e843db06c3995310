"""Weights as whole multiples of a step, or in half precision."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refield.coding.envelope import Reader
from refield.coding.range_coder import Decoder, Encoder
from refield.coding.tensors import Half, Prefix, Quantised, index_of, quantise, step_of
from refield.errors import UserError


def test_steps_are_exact_rise_and_are_found_again():
    steps = [step_of(index) for index in range(256)]
    assert steps[0] == 2**-21
    assert steps[-1] == 1920
    assert all(float(np.float32(step)) == step for step in steps)
    assert 1 < min(np.divide(steps[1:], steps[:-1])) <= max(np.divide(steps[1:], steps[:-1])) <= 9 / 8
    assert [index_of(step) for step in steps] == list(range(256))
    assert all(abs(step_of(index_of(step)) / step - 1) <= 1 / 16 for step in np.geomspace(2**-21, 1920, 999))
    assert (index_of(1e-30), index_of(1e30)) == (0, 255)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.floats(1e-4, 1e3), st.floats(0, 2))
def test_weights_are_off_by_half_a_step_at_most_and_symbols_come_back(seed, dims, size, relative):
    rng = np.random.default_rng(seed)
    weights = (size * rng.normal(size=rng.integers(1, 6, dims))).astype(np.float32)
    tensor = quantise(weights, size * relative)
    assert np.abs(tensor.values - weights).max() <= step_of(tensor.step) / 2 * (1 + 1e-6)
    encoder = Encoder()
    prefix, decoder = tensor.encode(encoder), Decoder(encoder.finish())
    found = Prefix.read(Reader(prefix)).decode(weights.shape, decoder)
    decoder.finish()
    assert found.step == tensor.step
    np.testing.assert_array_equal(found.symbols, tensor.symbols)
    np.testing.assert_array_equal(found.values, tensor.values)


def test_what_is_all_zero_takes_two_bytes():
    encoder = Encoder()
    assert len(Quantised(9, np.zeros((3, 2), np.int32)).encode(encoder)) == 2
    assert encoder.finish() == b""


def test_weights_beyond_every_step_are_refused():
    with pytest.raises(UserError, match="weights as large as 1e"):
        quantise(np.array([1e9]), 1.0)


def test_halves_are_numpys_and_finite():
    weights = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    half = Half.of(weights)
    np.testing.assert_array_equal(half.values, weights.astype(np.float16))
    np.testing.assert_array_equal(Half.read((5, 3), Reader(half.encode())).values, half.values)
    with pytest.raises(UserError, match="half precision cannot hold"):
        Half.of(np.array([1e6]))
    with pytest.raises(UserError, match="no number"):
        Half.read((1,), Reader(np.array([np.nan], "<f2").tobytes()))
