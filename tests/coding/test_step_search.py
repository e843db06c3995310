"""Files of a size or a quality."""

import numpy as np
import pytest
from coding.examples import about

from refield.coding import file
from refield.coding.description import Description
from refield.coding.search import Search
from refield.coding.tensors import quantise
from refield.fields.mlp import Mlp
from refield.scores.metrics import psnr_8bit
from refield.signals import Image

SHAPE = (18, 27)


def drawn(field: Mlp) -> tuple[Search, Description, dict[str, np.ndarray], Image]:
    """A field that shows its own picture: every error is the quantisation's."""
    described = about(field)
    weights = {k: v.astype(np.float32) for k, v in field.initialise(2, 3, np.random.default_rng(0)).items()}
    tensors = {name: quantise(array, 1e-5) for name, array in weights.items()}
    labels = None if described.regions is None else np.tile(np.arange(3, dtype=np.uint8), (18, 9))
    image = file.Coded(described, SHAPE, tensors, labels).signal()
    assert isinstance(image, Image)
    return Search(described, weights, image, labels), described, weights, image


@pytest.fixture(scope="module")
def siren():
    return drawn(Mlp(gates=("dense",) * 3, width=12))


def test_a_size_is_kept_and_more_bytes_show_more(siren):
    search, *_, image = siren
    found = [search.within(size) for size in (220, 300, 400)]
    for size, each in zip((220, 300, 400), found, strict=True):
        assert 0.9 * size <= len(each.data) <= size
        assert each.psnr == psnr_8bit(image.pixels, file.decode(each.data).signal().pixels)
    assert sorted(each.psnr for each in found) == [each.psnr for each in found]
    assert search.within(len(search.coarsest().data) - 1) is None


def test_a_quality_is_kept_and_less_takes_fewer_bytes(siren):
    search = siren[0]
    found = [search.reaching(psnr) for psnr in (20.0, 30.0, 40.0)]
    for psnr, each in zip((20, 30, 40), found, strict=True):
        assert psnr <= each.psnr < psnr + 3
    assert len(found[0].data) < len(found[1].data) < len(found[2].data)
    assert found[2].psnr < search.finest().psnr


def test_steps_by_sensitivity_heed_what_a_weight_does_rather_than_its_size():
    """Layers of rectifiers may be scaled against each other without another picture."""
    _, described, weights, image = drawn(Mlp(gates=("dense",), width=20, activation="relu", init="pytorch"))
    factors = {"layers.0.weight": 16, "layers.0.bias": 16, "layers.1.weight": 1 / 16}
    scaled = {name: np.float32(factors.get(name, 1)) * array for name, array in weights.items()}
    found = [Search(described, each, image).within(160) for each in (weights, scaled)]
    assert found[0].psnr == pytest.approx(found[1].psnr, abs=1)
    by_one_step = [
        file.Coded(described, SHAPE, {name: quantise(array, step) for name, array in scaled.items()})
        for step in np.geomspace(0.001, 1, 40)
    ]
    small = [each for each in by_one_step if len(file.encode(each)) <= 160]
    assert max(psnr_8bit(image.pixels, each.signal().pixels) for each in small) < found[1].psnr - 5


def test_maps_are_kept_as_they_are_and_halves_are_almost_the_fit():
    search, *_, image = drawn(Mlp(gates=("dense", "segment"), width=8, regions=3))
    half = search.half()
    assert half.psnr > 45
    small = search.reaching(30)
    np.testing.assert_array_equal(small.coded.labels, half.coded.labels)
    assert len(small.data) < 0.6 * len(half.data)
    assert file.decode(half.data).signal().pixels.shape == image.pixels.shape
