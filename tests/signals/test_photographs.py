import os
import warnings
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import EpsImagePlugin, Image
from signals import handmade

from refield.errors import UserError
from refield.signals import photographs, png
from refield.signals.image import luma

RNG = np.random.default_rng(0)
COLOR = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (20, 30), dtype=np.uint8)
SMOOTH = np.stack(np.meshgrid(*[np.linspace(0, 255, n) for n in (20, 30)], indexing="ij"), -1).mean(-1).astype(np.uint8)


def saved(path: Path, pixels: np.ndarray, mode: str | None = None, **options: object) -> Path:
    picture = Image.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(path, **options)
    return path


def bilinear(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Rows, then columns, each weighed by a triangle that is as wide as the reduction asks for, and rounded."""
    return _bilinear(_bilinear(image.swapaxes(0, 1), width).swapaxes(0, 1), height)


def _bilinear(image: np.ndarray, size: int) -> np.ndarray:
    scale = len(image) / size
    distance = (np.arange(size)[:, None] + 0.5) * scale - (np.arange(len(image)) + 0.5)
    weights = np.maximum(0, 1 - np.abs(distance) / max(scale, 1))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.rint(np.tensordot(weights, image.astype(float), 1)).astype(np.uint8)


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))))
def test_what_is_written_is_read(tmp_path_factory, image):
    path = tmp_path_factory.mktemp("images") / "deep" / "er.png"
    png.write(path, image)
    np.testing.assert_array_equal(png.read(path), image)
    first = path.read_bytes()
    png.write(path, image.copy())
    assert path.read_bytes() == first


class TestLuma:
    def test_is_bt601_rounded_half_up(self):
        pixels = [[(255, 0, 0), (0, 255, 0), (0, 0, 255)], [(1, 1, 0), (0, 0, 0), (255, 255, 255)]]
        # 76.245, 149.685, 29.07; 0.886, 0, 255
        np.testing.assert_array_equal(luma(np.array(pixels, np.uint8)), [[76, 150, 29], [1, 0, 255]])
        # 0.299 * 2 + 0.587 * 6 + 0.114 * 12 = 5.488; 0.299 * 10 + 0.587 * 5 + 0.114 * 5 = 6.495; 0.114 * 250 = 28.5
        np.testing.assert_array_equal(luma(np.array([[(2, 6, 12), (10, 5, 5), (0, 0, 250)]], np.uint8)), [[5, 6, 29]])

    def test_agrees_with_pillow_to_rounding(self):
        theirs = np.asarray(Image.fromarray(COLOR).convert("L"))
        assert np.abs(luma(COLOR).astype(int) - theirs).max() <= 1

    def test_grey_is_its_own_luma(self):
        np.testing.assert_array_equal(luma(GREY[..., None]), GREY)
        np.testing.assert_array_equal(luma(np.repeat(GREY[..., None], 3, axis=2)), GREY)


class TestLoad:
    @pytest.mark.parametrize(
        ("name", "options"),
        [("a.png", {}), ("a.tiff", {}), ("a.bmp", {}), ("a.ppm", {}), ("a.webp", {"lossless": True})],
    )
    def test_lossless_formats_exactly(self, tmp_path, name, options):
        path = saved(tmp_path / name, COLOR, **options)
        np.testing.assert_array_equal(photographs.load(path, "rgb"), COLOR)
        np.testing.assert_array_equal(photographs.load(path, "grey"), luma(COLOR)[..., None])

    def test_jpeg_closely(self, tmp_path):
        image = photographs.load(saved(tmp_path / "a.jpg", SMOOTH, quality=95), "rgb")
        assert image.shape == (20, 30, 3)
        assert np.abs(image[..., 1].astype(int) - SMOOTH).max() <= 3

    @pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tiff"])
    @pytest.mark.parametrize(
        ("orientation", "upright"),
        [
            (1, lambda a: a),
            (2, lambda a: a[:, ::-1]),
            (3, lambda a: a[::-1, ::-1]),
            (4, lambda a: a[::-1]),
            (5, lambda a: a.T),
            (6, lambda a: a[::-1].T),
            (7, lambda a: a[::-1, ::-1].T),
            (8, lambda a: a[:, ::-1].T),
        ],
    )
    def test_exif_orientation_is_applied(self, tmp_path, name, orientation, upright):
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = saved(tmp_path / name, SMOOTH, exif=exif)
        np.testing.assert_allclose(photographs.load(path, "grey")[..., 0], upright(SMOOTH), atol=4)

    def test_grey_in_color_mode_has_three_equal_channels(self, tmp_path):
        path = saved(tmp_path / "a.png", GREY)
        np.testing.assert_array_equal(photographs.load(path, "rgb"), np.repeat(GREY[..., None], 3, axis=2))
        np.testing.assert_array_equal(photographs.load(path, "grey"), GREY[..., None])

    def test_black_and_white(self, tmp_path):
        image = photographs.load(saved(tmp_path / "a.png", GREY > 99), "grey")
        np.testing.assert_array_equal(image[..., 0], np.where(GREY > 99, 255, 0))

    def test_palette(self, tmp_path):
        few = COLOR // 128 * 255
        path = tmp_path / "a.gif"
        Image.fromarray(few).quantize(8, dither=Image.Dither.NONE).save(path)
        with Image.open(path) as picture:
            assert picture.mode == "P"
        np.testing.assert_array_equal(photographs.load(path, "rgb"), few)

    @pytest.mark.parametrize("name", ["a.png", "a.tiff"])
    def test_16_bit_grey_is_scaled_with_rounding(self, tmp_path, name):
        deep = np.arange(65536, dtype=np.uint16).reshape(128, 512)
        image = photographs.load(saved(tmp_path / name, deep), "grey")[..., 0]
        np.testing.assert_array_equal(image, (deep.astype(int) + 128) // 257)

    @pytest.mark.parametrize("deflate", [False, True])
    def test_12_bit_grey_is_scaled_with_rounding(self, tmp_path, deflate):
        deep = np.arange(4095).reshape(65, 63)
        (tmp_path / "a.tiff").write_bytes(handmade.tiff(deep, 12, 1, deflate=deflate))
        image = photographs.load(tmp_path / "a.tiff", "grey")[..., 0]
        np.testing.assert_array_equal(image, np.rint(deep * 255 / 4095))

    @pytest.mark.parametrize("deflate", [False, True])
    def test_of_16_bit_grey_zero_may_be_white(self, tmp_path, deflate):
        deep = np.arange(65536).reshape(128, 512)
        (tmp_path / "a.tiff").write_bytes(handmade.tiff(deep, 16, 0, deflate=deflate))
        image = photographs.load(tmp_path / "a.tiff", "grey")[..., 0]
        np.testing.assert_array_equal(image, 255 - np.rint(deep / 257))

    @pytest.mark.parametrize("largest", [100, 255, 1023, 65535])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_values_of_a_ppm_are_scaled_with_rounding(self, tmp_path, largest, channels):
        deep = RNG.integers(0, largest + 1, (21, 13, channels))
        (tmp_path / "a.ppm").write_bytes(handmade.ppm(deep.squeeze(), largest))
        image = photographs.load(tmp_path / "a.ppm", "grey" if channels == 1 else "rgb")
        np.testing.assert_array_equal(image, np.rint(deep * 255 / largest))

    def test_a_grey_that_is_transparent_but_not_there(self, tmp_path):
        deep = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
        path = saved(tmp_path / "a.png", deep, transparency=63)
        np.testing.assert_array_equal(photographs.load(path, "grey")[..., 0], np.rint(deep / 257))

    def test_opaque_alpha_is_dropped(self, tmp_path):
        path = saved(tmp_path / "a.png", np.dstack([COLOR, np.full((20, 30), 255, np.uint8)]))
        np.testing.assert_array_equal(photographs.load(path, "rgb"), COLOR)

    def test_photograph_of_a_camera_with_previews(self, tmp_path):
        path = tmp_path / "a.jpg"
        Image.fromarray(SMOOTH).save(path, format="MPO", save_all=True, append_images=[Image.fromarray(GREY[:9])])
        with Image.open(path) as picture:
            assert (picture.format, picture.n_frames) == ("MPO", 2)
        np.testing.assert_allclose(photographs.load(path, "grey")[..., 0], SMOOTH, atol=4)


class TestLoadRefuses:
    def refuses(self, path: Path, reason: str) -> None:
        with pytest.raises(UserError, match=reason) as caught:
            photographs.load(path, "rgb")
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
    def test_transparency(self, tmp_path, mode):
        alpha = np.full((20, 30), 255, np.uint8)
        alpha[3, 4] = 254
        picture = Image.fromarray(np.dstack([COLOR // 128 * 255, alpha // 254 * 254]))
        if mode == "P":
            picture.convert("RGB").quantize(8).save(tmp_path / "a.png", transparency=0)
        else:
            Image.fromarray(np.dstack([COLOR, alpha])).convert(mode).save(tmp_path / "a.png")
        self.refuses(tmp_path / "a.png", "transparent in places; flatten")

    @pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
    def test_a_transparent_grey(self, tmp_path, bits):
        value = (2**bits - 1) // 2
        row = b"\0" + int(f"{value:0{bits}b}" * 16, 2).to_bytes(2 * bits)
        (tmp_path / "a.png").write_bytes(handmade.png(16, 12, bits, 0, 12 * row, value.to_bytes(2)))
        self.refuses(tmp_path / "a.png", "transparent in places; flatten")

    def test_cmyk(self, tmp_path):
        self.refuses(saved(tmp_path / "a.jpg", COLOR, "CMYK"), "CMYK; save it as")

    def test_several_pictures(self, tmp_path):
        second = [Image.fromarray(GREY[::-1])]
        for name in ("a.gif", "a.tiff", "a.webp", "a.png"):
            self.refuses(saved(tmp_path / name, GREY, save_all=True, append_images=second), "several pictures")

    def test_numbers_that_are_no_8_bit_levels(self, tmp_path):
        self.refuses(saved(tmp_path / "a.tiff", np.full((9, 8), np.nan, np.float32)), "mode F")
        self.refuses(saved(tmp_path / "b.tiff", np.full((9, 8), 70000, np.int32)), "mode I;")

    def test_16_bit_colors(self, tmp_path):
        deep = RNG.integers(0, 65536, (9, 8, 3), dtype=np.uint16)
        tifffile.imwrite(tmp_path / "a.tiff", deep, photometric="rgb")
        self.refuses(tmp_path / "a.tiff", "16 bits per colour")
        planes = np.moveaxis(deep, 2, 0)
        tifffile.imwrite(tmp_path / "b.tiff", planes, photometric="rgb", planarconfig="separate")
        self.refuses(tmp_path / "b.tiff", "16 bits per colour")
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
        (tmp_path / "a.png").write_bytes(handmade.png(8, 9, 16, 2, rows))
        self.refuses(tmp_path / "a.png", "16 bits per colour")

    def test_pixels_with_a_sign(self, tmp_path):
        tifffile.imwrite(tmp_path / "a.tiff", GREY.astype(np.int8), photometric="minisblack")
        self.refuses(tmp_path / "a.tiff", "pixels with a sign")

    def test_the_preview_of_a_raw_photograph(self, tmp_path):
        tifffile.imwrite(tmp_path / "a.tiff", COLOR, photometric="rgb", subfiletype=1)
        self.refuses(tmp_path / "a.tiff", "only the preview of a raw photograph; develop")

    @pytest.mark.parametrize("format", ["JPEG2000", "AVIF", "TGA", "ICO", "PCX"])
    def test_formats_that_do_not_tell_all_or_that_no_photograph_has(self, tmp_path, format):
        Image.fromarray(COLOR).save(tmp_path / "a.png", format)
        self.refuses(tmp_path / "a.png", "not an image of a kind that is read .*; save it as 8-bit PNG")

    @pytest.mark.parametrize("order", ["12 bit", "white"])
    def test_greys_that_pillow_does_not_read(self, tmp_path, order):
        bits, zero = (12, 1) if order == "12 bit" else (16, 0)
        (tmp_path / "a.tiff").write_bytes(handmade.tiff(GREY, bits, zero, order=">"))
        self.refuses(tmp_path / "a.tiff", "not an image of a kind that is read .*; save it as 8-bit PNG")

    @pytest.mark.parametrize("name", ["a.eps", "a.png"])
    def test_eps_and_starts_no_program(self, tmp_path, monkeypatch, name):
        ghostscript = tmp_path / "gs"
        ghostscript.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
        ghostscript.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)  # which Pillow looks for once
        lines = ["%!PS-Adobe-3.0 EPSF-3.0", "%%BoundingBox: 0 0 20 20", "%%EndComments", "showpage", ""]
        (tmp_path / name).write_text("\n".join(lines))
        self.refuses(tmp_path / name, "not an image of a kind that is read")
        assert not (tmp_path / "started").exists()

    def test_what_is_no_image(self, tmp_path):
        (tmp_path / "a.png").touch()
        self.refuses(tmp_path / "a.png", "is empty")
        (tmp_path / "b.png").write_text("no image")
        self.refuses(tmp_path / "b.png", "not an image")
        self.refuses(tmp_path / "c.png", "cannot be read: No such file")
        self.refuses(tmp_path, "cannot be read: Is a directory")

    @pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tiff", "a.bmp"])
    def test_damaged_files(self, tmp_path, name):
        whole = saved(tmp_path / name, COLOR).read_bytes()
        for end in range(1, len(whole) - 64, 97):
            (tmp_path / name).write_bytes(whole[:end])
            self.refuses(tmp_path / name, "cannot be read|not an image")

    @pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tiff", "a.gif"])
    def test_or_reads_files_with_wrong_bytes(self, tmp_path, name):
        path = saved(tmp_path / name, COLOR)
        whole = path.read_bytes()
        for seed in range(100):
            rng, damaged = np.random.default_rng(seed), bytearray(whole)
            for _ in range(4):
                damaged[rng.integers(min(len(whole), 400))] = rng.integers(256)
            path.write_bytes(damaged)
            with warnings.catch_warnings(action="ignore"):
                try:
                    image = photographs.load(path, "rgb")
                except UserError:
                    continue
            assert image.dtype == np.uint8

    @pytest.mark.parametrize("limit", [599, 299])
    def test_decompression_bombs(self, tmp_path, monkeypatch, limit):
        path = saved(tmp_path / "a.png", COLOR)
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        self.refuses(path, f"more than {limit} pixels")


class TestFrame:
    def test_native_is_the_image(self):
        assert photographs.frame(COLOR, "native") is COLOR

    @pytest.mark.parametrize("shape", [(20, 30), (30, 20), (21, 21), (21, 31)])
    def test_crop_is_the_centre(self, shape):
        height, width = shape
        image = np.arange(height * width, dtype=np.uint16).astype(np.uint8).reshape(height, width, 1)
        cropped = photographs.frame(image, "crop", long=12, short=9)
        assert cropped.shape == ((9, 12, 1) if width > height else (12, 9, 1))
        top, left = (height - cropped.shape[0]) // 2, (width - cropped.shape[1]) // 2
        np.testing.assert_array_equal(cropped, image[top:, left:][: cropped.shape[0], : cropped.shape[1]])

    def test_crop_of_the_whole_size_is_the_image(self):
        np.testing.assert_array_equal(photographs.frame(COLOR, "crop", long=30, short=20), COLOR)

    @pytest.mark.parametrize(("long", "short"), [(31, 20), (30, 21)])
    def test_crop_refuses_smaller_images(self, long, short):
        with pytest.raises(UserError, match=f"30x20 pixels, too small for a crop of {long}x{short}"):
            photographs.frame(COLOR, "crop", long=long, short=short)

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("shape", [(40, 90), (90, 40), (50, 50)])
    def test_resize_keeps_the_aspect_and_the_centre(self, shape, channels):
        height, width = shape
        rows, columns = np.mgrid[:height, :width]
        disc = np.hypot(rows - (height - 1) / 2, columns - (width - 1) / 2) < 15
        image = np.repeat(np.where(disc, 255, 0).astype(np.uint8)[..., None], channels, axis=2)
        small = photographs.frame(image, "resize", long=24, short=16)
        assert small.shape == ((16, 24, channels) if width > height else (24, 16, channels))
        scale = 16 / 40 if height != width else 24 / 50
        rows, columns = np.nonzero(small[..., 0] > 127)
        assert rows.mean() == pytest.approx((small.shape[0] - 1) / 2, abs=0.1)
        assert columns.mean() == pytest.approx((small.shape[1] - 1) / 2, abs=0.1)
        assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == pytest.approx(30 * scale, abs=1)

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize(
        ("shape", "long", "short", "part"),
        [
            ((60, 90), 24, 24, (60, 60)),
            ((90, 60), 24, 24, (60, 60)),
            ((60, 95), 24, 16, (60, 90)),
            ((95, 60), 24, 16, (90, 60)),
            ((60, 70), 24, 16, (47, 70)),  # 46.7 rows
            ((15, 22), 66, 30, (10, 22)),  # and enlarged
            ((16, 40), 24, 16, (16, 24)),  # and as it is
        ],
    )
    def test_corner_is_the_top_left_part_of_the_right_aspect(self, shape, long, short, part, channels):
        image = RNG.integers(0, 256, (*shape, channels), dtype=np.uint8)
        framed = photographs.frame(image, "corner", long=long, short=short)
        size = (short, long) if shape[1] > shape[0] else (long, short)
        assert framed.shape == (*size, channels)
        expected = bilinear(image[: part[0], : part[1]], *size)
        np.testing.assert_allclose(framed.astype(int), expected.astype(int), atol=1)  # Pillow's weights are rounded
        beyond = image.copy()
        beyond[part[0] :], beyond[:, part[1] :] = 0, 255
        np.testing.assert_array_equal(photographs.frame(beyond, "corner", long=long, short=short), framed)

    def test_a_sliver_of_a_corner_has_a_pixel(self):
        assert photographs.frame(COLOR, "corner", long=900, short=11).shape == (11, 900, 3)
        assert photographs.frame(COLOR[:11, :12], "corner", long=6000, short=11).shape == (11, 6000, 3)

    @pytest.mark.parametrize("shape", [(7, 30, 3), (30, 7, 3)])
    @pytest.mark.parametrize("fit", get_args(photographs.Frame))
    def test_refuses_slivers(self, shape, fit):
        with pytest.raises(UserError, match="at least 11"):
            photographs.frame(np.zeros(shape, np.uint8), fit, long=11, short=11)
