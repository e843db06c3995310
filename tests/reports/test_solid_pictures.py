"""Pictures of solids: where they are, how they are lit, and what their errors look like."""

import base64
import io

import numpy as np
import pytest
from PIL import Image as Pillow
from scipy import ndimage

from refield.reports import solids
from refield.reports.appearance import errors_of, pixels_of, size_of
from refield.reports.depths import FULL, depths
from refield.reports.pictures import Picture, encode
from refield.reports.solid_figure import Solid, solid_figure
from refield.signals import Image, Volume

SHAPE = (12, 20, 14)
X, Y, Z = np.indices(SHAPE)
BALL = (X - 5.5) ** 2 + (Y - 9.5) ** 2 + (Z - 6.5) ** 2 < 4.2**2
FRONT = ((0.0, 0.0),)


def shadow(pixels: np.ndarray) -> np.ndarray:
    return (pixels < 250).any(axis=2)


def test_directions_are_turned_as_said():
    turned = solids.rotation(30, 12)
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turned) == pytest.approx(1)
    assert turned[1] @ [0, 1, 0] == pytest.approx(np.cos(np.radians(12)))  # y is up
    np.testing.assert_allclose(solids.rotation(90, 0) @ [1, 0, 0], [0, 0, 1], atol=1e-12)  # x comes to who looks


def test_a_ball_is_a_disc_of_its_size_in_the_middle():
    seen = shadow(solids.picture(Volume.of(BALL), 80, FRONT))
    scale = 80 / (SHAPE[1] + 1)  # pixels of a voxel
    assert seen.shape == (80, round((SHAPE[0] + 1) / (SHAPE[1] + 1) * 80))
    assert seen.sum() == pytest.approx(np.pi * (4.2 * scale) ** 2, rel=0.06)
    rows, columns = np.nonzero(seen)
    assert (rows.mean(), columns.mean()) == pytest.approx((39.5, seen.shape[1] / 2 - 0.5), abs=0.5)


def test_no_pixel_within_a_flat_face_is_left_out():
    box = np.zeros(SHAPE, bool)
    box[2:10, 3:17, 4:10] = True
    seen = shadow(solids.picture(Volume.of(box), 150, FRONT))
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    assert seen[rows[3] : rows[-3], columns[3] : columns[-3]].all()  # its corners are cut


def test_what_is_near_hides_what_is_far_and_light_comes_from_above():
    both = np.zeros(SHAPE, bool)
    both[3:9, 6:14, 10:12] = True  # nearer to who looks from +z
    one = Volume.of(both)
    both = both | ((np.abs(X - 5.5) < 2) & (np.abs(Y - 9.5) < 2) & (Z < 4) & (Z > 1))
    found = solids.error_picture(one, Volume.of(both), 60, FRONT)
    assert (found == solids.picture(one, 60, FRONT)).mean() > 0.98  # but for how open it lies
    ball = solids.picture(Volume.of(BALL), 80, FRONT)
    assert ball[25:35].mean(where=shadow(ball)[25:35, :, None]) > ball[45:55].mean(where=shadow(ball)[45:55, :, None])


def test_errors_are_as_deep_as_they_are_far():
    true, found = np.zeros((2, 9, 5, 5), bool)
    true[2:7, 1:4, 1:4] = True
    found[4:9, 1:4, 1:4] = True
    line = np.array([[x, 2, 2] for x in range(-1, 10)])
    assert depths(true, found, line).tolist() == [0, 0, 0, -2, -1, 0, 0, 0, 1, 2, 0]
    assert (depths(true, np.zeros_like(true), np.argwhere(true)) == -FULL).all()


@pytest.mark.parametrize("shape", [(9, 11, 7), (1, 5, 3), (33, 8, 21)])
@pytest.mark.parametrize("share", [0.5, 0.02, 0.001])
def test_depths_are_those_of_distances_to_a_whole_volume(shape, share):
    true, found = np.random.default_rng(0).random((2, *shape)) < share
    expected = np.zeros(shape)
    for sign, one, other in ((1, found, true), (-1, true, found)):
        far = ndimage.distance_transform_edt(~other) if other.any() else np.full(shape, np.inf)
        expected += sign * np.minimum(far, FULL) * (one & ~other)
    found = depths(true, found, np.argwhere(np.ones(shape, bool)))
    assert found.tobytes() == expected.astype(np.float32).tobytes()


@pytest.mark.parametrize("at_once", [1, 1000, 10**9])
def test_parts_change_no_picture(at_once, monkeypatch):
    truth, noise = Volume.of(BALL), Volume.of(BALL ^ (np.random.default_rng(0).random(SHAPE) < 0.1))
    expected = solids.error_picture(truth, noise, 20)
    monkeypatch.setattr(solids, "AT_ONCE", at_once)
    assert (solids.error_picture(truth, noise, 20) == expected).all()


def test_what_is_added_is_red_and_what_is_missed_is_blue():
    more = Volume.of(BALL | ((np.abs(X - 5.5) < 2) & (Y > 3) & (Y < 19) & (np.abs(Z - 6.5) < 2)))
    truth = Volume.of(BALL)
    added = solids.error_picture(truth, more, 60).astype(int)
    missed = solids.error_picture(more, truth, 60).astype(int)
    right = solids.error_picture(truth, truth, 60).astype(int)
    assert (added[..., 0] > added[..., 2] + 60).any()
    assert (missed[..., 2] > missed[..., 0] + 60).any()
    assert np.abs(right[..., 0] - right[..., 2]).max() < 30
    assert (right == solids.picture(truth, 60)).all()
    assert (added == solids.error_picture(truth, more, 60)).all()  # the same each time


def test_all_estimates_have_pictures_of_one_size():
    truth, full, empty = Volume.of(BALL), Volume.of(~BALL), Volume.blank(SHAPE, 1)
    assert len({pixels_of(each).shape for each in (truth, full, empty)}) == 1
    assert (pixels_of(empty) == 255).all()
    assert errors_of(truth, empty).shape == pixels_of(truth).shape
    assert size_of(truth) == "12 x 20 x 14 voxels, from two sides"
    image = Image(np.zeros((4, 6, 3), np.uint8))
    assert (errors_of(image, image), size_of(image), pixels_of(image) is image.pixels) == (None, "", True)


def test_a_page_has_drawings_in_half_the_bytes_and_pictures_without_a_loss():
    truth, found = Volume.of(BALL), Volume.of(BALL ^ (np.random.default_rng(0).random(SHAPE) < 0.02))
    drawn = {"siren": errors_of(truth, found)}
    looks = Picture("ball", pixels_of(truth), {"siren": pixels_of(found)}, {}, None, drawn)
    exact = encode(Picture("ball", looks.original, looks.estimates, {}, None))
    small = encode(looks)
    for pixels, kept, least in [
        (looks.original, exact["original"], small["original"]),
        (looks.estimates["siren"], exact["estimates"]["siren"], small["estimates"]["siren"]),
    ]:
        assert len(least) < len(kept) / 2
        np.testing.assert_array_equal(seen(kept), pixels)
        assert np.abs(seen(least) - pixels.astype(int)).mean() < 2
    assert np.abs(seen(small["errors"]["siren"]) - drawn["siren"].astype(int)).mean() < 2


def seen(address: str) -> np.ndarray:
    return np.asarray(Pillow.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"))


def test_a_figure_has_every_method_and_its_quality():
    found = [Solid(f"Method {i} with a long name", Volume.of(BALL & (i < X)), f"IoU 0.{i}") for i in range(9)]
    figure = solid_figure(Volume.of(BALL), [*found, Solid("None", Volume.blank(SHAPE, 1), "IoU 0")])
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert len(figure.axes) == 2 * 11
    assert {"Truth", "IoU 0.8", "None", "empty"} <= set(texts)
