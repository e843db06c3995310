import io

import numpy as np
import pytest
from PIL import Image

from refield.labels import encode, palette, read


@pytest.mark.parametrize(("regions", "bits"), [(2, 1), (4, 2), (5, 4), (16, 4), (17, 8), (64, 8)])
def test_labels_are_read_as_written_from_the_fewest_bits(tmp_path, regions, bits):
    labels = np.random.default_rng(0).permutation(np.arange(70, dtype=np.uint8) % regions).reshape(7, 10)
    path, content = tmp_path / "labels.png", encode(labels)
    path.write_bytes(content)
    np.testing.assert_array_equal(read(path), labels)
    assert read(path).dtype == np.uint8
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
