import io

import numpy as np
import pytest
from PIL import Image

from refield import codec
from refield.errors import UserError
from refield.fields.gated import Gated

FIELD = Gated(gates=(8.0, "segment"), width=5, regions=3)
WEIGHTS = {k: v.astype(np.float32) for k, v in FIELD.initialise(3, np.random.default_rng(0)).items()}


def test_weights_bring_their_field_along(tmp_path):
    (tmp_path / "w").write_bytes(codec.encode_weights(FIELD, WEIGHTS))
    field, weights = codec.read_weights(tmp_path / "w")
    assert field == FIELD
    assert weights.keys() == WEIGHTS.keys()
    for name, array in WEIGHTS.items():
        np.testing.assert_array_equal(weights[name], array)


def test_the_same_fit_is_the_same_bytes():
    image = np.random.default_rng(0).integers(0, 256, (5, 8, 3), dtype=np.uint8)
    curve = [(0, 0.5, 9.03), (10, 0.25, 12.04)]
    labels = np.random.default_rng(0).integers(0, 3, (5, 8), dtype=np.uint8)
    backwards = dict(reversed(WEIGHTS.items()))
    files = codec.encode(FIELD, WEIGHTS, image, curve, labels)
    assert files == codec.encode(FIELD, backwards, image, curve, labels)
    assert files.keys() == codec.encode(FIELD, WEIGHTS, image, curve, None).keys() | {codec.LABELS}


@pytest.mark.parametrize("channels", [1, 3])
def test_a_reconstruction_is_lossless(channels):
    image = np.random.default_rng(0).integers(0, 256, (5, 8, channels), dtype=np.uint8)
    decoded = np.asarray(Image.open(io.BytesIO(codec.encode_image(image))))
    np.testing.assert_array_equal(decoded.reshape(image.shape), image)


@pytest.mark.parametrize("content", [b"", b"\x80\x04.", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_damaged_weights_file_is_named(tmp_path, content):
    (tmp_path / "weights.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"weights\.safetensors"):
        codec.read_weights(tmp_path / "weights.safetensors")


def test_a_missing_weights_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"weights\.safetensors"):
        codec.read_weights(tmp_path / "weights.safetensors")


def test_the_curve_reads_back():
    lines = codec.encode_curve([(0, 0.5, 9.0309), (10, 1e-9, 96.02)]).decode().splitlines()
    assert lines == ["iteration,loss,psnr", "0,0.5,9.0309", "10,1e-09,96.0200"]
