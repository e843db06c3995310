import io

import numpy as np
import pytest
from PIL import Image

from refield.errors import UserError
from refield.segmentation.files import read_labels
from refield.segmentation.labels import encode, palette


@pytest.mark.parametrize(("regions", "bits"), [(2, 1), (4, 2), (5, 4), (16, 4), (17, 8), (64, 8)])
def test_labels_are_read_as_written_from_the_fewest_bits(tmp_path, regions, bits):
    labels = np.random.default_rng(0).permutation(np.arange(70, dtype=np.uint8) % regions).reshape(7, 10)
    path, content = tmp_path / "labels.png", encode(labels)
    path.write_bytes(content)
    np.testing.assert_array_equal(read_labels(path), labels)
    assert read_labels(path).dtype == np.uint8
    assert (content[24], content[25]) == (bits, 3)  # bit depth; colour type 3 is indexed
    assert encode(labels.copy()) == content


def test_labels_look_like_the_image(tmp_path):
    labels = np.array([[0, 1, 2], [3, 3, 0]], np.uint8)
    with Image.open(io.BytesIO(encode(labels))) as picture:
        shown = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(shown, palette(4)[labels])


@pytest.mark.parametrize("regions", [2, 4, 9, 64])
def test_palette_grows_lighter(regions):
    colors = palette(regions)
    assert colors.shape == (regions, 3)
    assert np.all(np.diff(colors @ [0.299, 0.587, 0.114]) > 0)


def test_what_is_no_map_of_labels_is_named(tmp_path):
    path, content = tmp_path / "labels.png", encode(np.arange(70, dtype=np.uint8).reshape(7, 10))
    with pytest.raises(UserError, match=r"labels\.png is missing"):
        read_labels(path)
    for damaged in (b"", b"no picture", content[:60], content[:-30]):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"labels\.png is no readable map of labels"):
            read_labels(path)
    Image.fromarray(np.zeros((7, 10, 3), np.uint8)).save(path)
    with pytest.raises(UserError, match=r"labels\.png holds colours, not labels"):
        read_labels(path)
