"""Labels without loss, in fewer bytes than as a picture."""

import numpy as np
import pytest
import skimage.data
from coding import plain
from hypothesis import given, settings
from hypothesis import strategies as st

from refield.coding import maps
from refield.coding.range_coder import Decoder, Encoder
from refield.segmentation import labels as pictures
from refield.segmentation.multi_otsu import MultiOtsu


def coded(labels: np.ndarray, regions: int) -> bytes:
    encoder = Encoder()
    maps.encode(labels, regions, encoder)
    return encoder.finish()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(1, 9), st.sampled_from([2, 3, 4, 16, 33, 64]))
def test_labels_come_back(seed, height, width, regions):
    labels = np.random.default_rng(seed).integers(0, regions, (height, width), dtype=np.uint8)
    decoder = Decoder(coded(labels, regions))
    np.testing.assert_array_equal(maps.decode(labels.shape, regions, decoder), labels)
    decoder.finish()


@pytest.mark.parametrize(("shape", "regions"), [((7, 5), 4), ((1, 9), 2), ((9, 1), 3), ((6, 6), 33)])
def test_a_plain_decoder_finds_the_same(shape, regions):
    labels = (np.add.outer(np.arange(shape[0]) // 3, np.arange(shape[1]) // 2) % regions).astype(np.uint8)
    decoder = plain.RangeDecoder(coded(labels, regions))
    assert plain.labels(*shape, regions, decoder) == labels.tolist()


def test_a_photographs_map_takes_much_less_than_a_png():
    photograph = skimage.data.coffee()[100:164, 200:296]
    labels = MultiOtsu()(photograph, 4).labels
    assert len(coded(labels, 4)) < 0.65 * len(pictures.encode(labels))
