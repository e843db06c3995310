"""Bits of latents against the same by automatic differentiation, and against the files."""

import numpy as np
import pytest
import torch
from torch import nn

from refield.coding.latents import grids, rate
from refield.coding.latents.entropy import NEIGHBOURS, Entropy
from refield.coding.latents.rate import Rate, vector_of
from refield.coding.range_coder import Encoder
from refield.fitting.workers import Workers

SIZES, HIDDEN = [(26, 44), (13, 22), (7, 11)], 5


def some(spread=1.0):
    rng = np.random.default_rng(0)
    vector = vector_of(HIDDEN, len(SIZES), rng)
    vector += rng.normal(0, 0.1, vector.shape).astype(np.float32)
    return vector, [rng.laplace(0, spread, size).astype(np.float32) for size in SIZES]


def plainly(vector, values):
    """The bits, as torch says them."""
    seen, at, bits = len(NEIGHBOURS), 0, torch.zeros((), dtype=torch.float64)
    parts = []
    for shape in ((seen + 1, HIDDEN), (HIDDEN + seen + 1, 2), (len(SIZES),)):
        size = int(np.prod(shape))
        parts.append(vector[at : at + size].reshape(shape))
        at += size
    first, second, levels = parts
    for level, grid in enumerate(values):
        height, width = grid.shape
        padded = nn.functional.pad(grid, (3, 2, 3, 0))
        c = torch.stack([padded[3 + dy :, 3 + dx :][:height, :width].reshape(-1) for dy, dx in NEIGHBOURS], 1)
        ones = torch.ones_like(c[:, :1])
        h = torch.relu(torch.cat([c, ones], 1) @ first)
        mean, octaves = (torch.cat([h, c, ones], 1) @ second).T
        b = 2 ** (octaves + levels[level]).clamp(-4, 8)
        distribution = torch.distributions.Laplace(mean, b)
        x = grid.reshape(-1)
        p = distribution.cdf(x + 0.5) - distribution.cdf(x - 0.5)
        bits = bits - torch.log2(p + 1e-9).sum()
    return bits


def run(vector, values, threads=2):
    workers = Workers(threads)
    with workers:
        found = Rate(SIZES, vector, HIDDEN, workers)
        for level, grid in enumerate(values):
            found.put(level, slice(0, len(grid)), grid)
        bits = found.run(back=True)
    return bits, [found.by_grid(level).copy() for level in range(len(SIZES))], found.by_network()


@pytest.mark.parametrize("spread", [0.2, 1.0, 10.0])
def test_bits_and_derivatives_are_those_of_automatic_differentiation(spread, monkeypatch):
    monkeypatch.setattr(rate, "CHUNK", 60)
    vector, values = some(spread)
    bits, by_grids, by_network = run(vector, values)
    own = torch.tensor(vector, dtype=torch.float64, requires_grad=True)
    grids_ = [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in values]
    wanted = plainly(own, grids_)
    wanted.backward()
    assert bits == pytest.approx(wanted.item(), rel=1e-4)
    for found, grid in zip(by_grids, grids_, strict=True):
        np.testing.assert_allclose(found, grid.grad.numpy(), rtol=2e-2, atol=2e-3)
    wanted_network = own.grad.numpy()
    np.testing.assert_allclose(by_network, wanted_network, rtol=2e-2, atol=2e-2 * np.abs(wanted_network).max())


def test_threads_change_no_bit(monkeypatch):
    monkeypatch.setattr(rate, "CHUNK", 60)
    vector, values = some()
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        one, two = run(vector, values, 1), run(vector, values, 3)
    finally:
        torch.set_num_threads(before)
    assert one[0] == two[0]
    assert all(np.array_equal(a, b) for a, b in zip([*one[1], one[2]], [*two[1], two[2]], strict=True))


def test_files_of_whole_latents_have_as_many_bits():
    vector, values = some()
    whole = [np.rint(each) for each in values]
    bits, _, _ = run(vector, whole)
    entropy, symbols = Entropy(rate.Network.of(vector, HIDDEN).weights()), [each.astype(np.int64) for each in whole]
    encoder = Encoder()
    grids.encode(symbols, entropy, grids.largest(symbols, entropy), encoder)
    assert 8 * len(encoder.finish()) == pytest.approx(bits, rel=0.02, abs=40)
