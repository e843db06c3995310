import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as Pillow
from signals import handmade

from refield.errors import UserError
from refield.signals.image import Image, as_image, pixel_grid

pictures = arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 7), st.sampled_from([1, 3]))).map(Image)


@given(pictures)
def test_an_image_survives_its_values(image: Image) -> None:
    np.testing.assert_array_equal(image.with_values(image.values()).pixels, image.pixels)


@given(pictures)
def test_an_image_survives_its_file(image: Image) -> None:
    np.testing.assert_array_equal(Image.decode(image.encode()).pixels, image.pixels)


@pytest.mark.parametrize("data", [b"", b"no picture", Image(np.zeros((9, 9, 3), np.uint8)).encode()[:-30]])
def test_what_is_no_png_is_refused(data: bytes) -> None:
    with pytest.raises(UserError, match="is no readable PNG"):
        Image.decode(data)


DEEP = np.arange(99, dtype=np.uint16).reshape(9, 11)


def encoded(pixels: np.ndarray, mode: str | None = None) -> bytes:
    buffer, picture = io.BytesIO(), Pillow.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(buffer, "PNG")
    return buffer.getvalue()


OTHER = {
    "I;16B": encoded(DEEP),
    "1": encoded(DEEP > 50),
    "LA": encoded(DEEP.astype(np.uint8), "LA"),
    "RGBA": encoded(DEEP.astype(np.uint8), "RGBA"),
    "P": encoded(DEEP.astype(np.uint8), "P"),
    "RGB;16B": handmade.png(11, 9, 16, 2, bytes(9 * (1 + 11 * 6))),
    "L;4": handmade.png(11, 9, 4, 0, bytes(9 * (1 + 6))),
}


@pytest.mark.parametrize("stored", OTHER)
def test_other_pngs_than_ours_are_refused(stored: str) -> None:
    with pytest.raises(UserError, match=rf"^is no 8-bit grey or RGB PNG; its pixels are {stored}$"):
        Image.decode(OTHER[stored])


@pytest.mark.parametrize("limit", [98, 49])  # Pillow warns of more pixels, and refuses those of twice as many
def test_decompression_bombs_are_refused(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(UserError, match=f"^has more than {limit} pixels$"):
        Image.decode(encoded(DEEP.astype(np.uint8)))


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    """Without memory for 10 GB of pixels."""
    with pytest.raises(UserError, match="has more than 89478485 pixels"):
        Image.decode(handmade.png(100_000, 100_000, 8, 0, bytes(1000)))


def test_points_are_row_and_column_and_reach_both_ends() -> None:
    points = pixel_grid(3, 5).reshape(3, 5, 2)
    assert points[0, 0].tolist() == [-1, -1]
    assert points[2, 0].tolist() == [1, -1]
    assert points[0, 4].tolist() == [-1, 1]
    assert points[1, 1].tolist() == [0, -0.5]


def test_values_lie_in_minus_one_to_one_row_by_row_like_the_points() -> None:
    pixels = np.zeros((2, 3, 1), np.uint8)
    pixels[0, 2] = 255
    image = Image(pixels)
    assert image.values()[:, 0].tolist() == [-1, -1, 1, -1, -1, -1]
    assert image.points()[2].tolist() == [-1, 1]
    assert (image.shape, image.channels) == ((2, 3), 1)


def test_values_keep_the_channels_of_a_pixel_together() -> None:
    pixels = np.zeros((1, 2, 3), np.uint8)
    pixels[0, 1] = (0, 255, 51)
    np.testing.assert_allclose(Image(pixels).values(), [[-1, -1, -1], [-1, 1, -0.6]])


def test_values_beyond_the_range_are_clamped_and_rounded() -> None:
    row = Image(np.zeros((1, 3, 1), np.uint8))
    assert row.with_values(np.array([[-2.0], [2.0], [0.0]])).pixels.ravel().tolist() == [0, 255, 128]
    assert row.with_values(np.array([[0.4], [0.6], [254.6]]) / 127.5 - 1).pixels.ravel().tolist() == [0, 1, 255]


def test_a_digest_is_of_shape_and_pixels() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    digests = [
        Image(array).digest() for array in (pixels, pixels.copy(), pixels + np.uint8(1), pixels.reshape(4, 2, 3))
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_only_an_image_is_an_image() -> None:
    image = Image(np.zeros((1, 1, 1), np.uint8))
    assert as_image(image) is image

    members = {name: member for name, member in vars(Image).items() if not name.startswith("__")}
    Sound = type("Sound", (), {**members, "pixels": image.pixels})
    with pytest.raises(UserError, match="is no image but a sound"):
        as_image(Sound())
