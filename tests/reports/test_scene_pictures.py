"""How scenes are shown: which views, as greys, and from where a turntable looks."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow
from signals import scene

from refield.reports.appearance import errors_of, pixels_of, size_of
from refield.reports.scene_figure import Scene, caption, scene_figure
from refield.reports.scenes import LARGEST, animation, greys, mosaic, orbit, shown, small
from refield.signals.cameras import is_pose
from refield.signals.views import Views
from refield.units.rendered import Rendered

VIEWS = scene.views(2, 6, 11)


def seen(views: Views = VIEWS) -> Rendered:
    """Depths that grow along rows, by the scene's own pixels."""
    count, height, width = views.shape
    return Rendered(views.held_out, np.tile(np.arange(width, dtype=np.float32), (count, height, 1)))


def test_pictures_of_a_scene_are_some_of_its_held_out_views():
    assert shown(VIEWS) == [0, 2, 3, 5]
    assert shown(scene.views(2, 3, 4)) == [0, 1, 2]
    picture, held_out = pixels_of(VIEWS), VIEWS.held_out.pixels[..., :3]
    assert picture.shape == (22, 22, 3)
    assert (picture[:11, 11:] == held_out[2]).all()
    assert (picture[11:, :11] == held_out[3]).all()
    assert (pixels_of(VIEWS.held_out) == picture).all()  # as an estimate is
    assert errors_of(VIEWS, VIEWS.held_out) is None
    assert size_of(VIEWS) == "4 of 6 held-out views of 11 x 11 pixels"


def test_a_mosaic_is_white_where_there_are_no_more():
    found = mosaic(np.zeros((3, 2, 5, 3), np.uint8))
    assert found.shape == (4, 10, 3)
    assert (found[2:, 5:] == 255).all()
    assert not found[:2].any()


def test_greys_go_from_the_nearest_to_the_farthest_of_what_is_there():
    found, there = greys(seen())[..., 0], VIEWS.held_out.pixels[0, ..., 3] > 127
    assert (found[~there] == 255).all()
    assert (found[there].min(), found[there].max()) == (0, 200)
    columns = np.nonzero(there)[1]
    np.testing.assert_allclose(found[there], 200 * (columns - columns.min()) / np.ptp(columns), atol=0.5)
    nothing = Views(np.zeros_like(VIEWS.pixels), VIEWS.cameras, 2)
    assert (greys(seen(nothing)) == 255).all()


def test_a_turntable_goes_round_the_axis_that_points_up_and_looks_at_the_middle():
    around, held_out = orbit(VIEWS, 8), VIEWS.held_out.cameras.poses[:, :3, 3]
    places = around.poses[:, :3, 3]
    assert all(map(is_pose, around.poses))
    np.testing.assert_allclose(places[:, 2], held_out[:, 2].mean())
    np.testing.assert_allclose(np.linalg.norm(places[:, :2], axis=1), np.linalg.norm(held_out[:, :2], axis=1).mean())
    turns = np.unwrap(np.arctan2(places[:, 1], places[:, 0]))
    np.testing.assert_allclose(np.diff(turns), 2 * np.pi / 8)
    middle = np.linalg.inv(around.poses) @ [0, 0, 0, 1]
    np.testing.assert_allclose(middle[:, :2], 0, atol=1e-12)
    assert (middle[:, 2] < 0).all()


def test_what_is_rendered_for_a_picture_is_small_and_looks_the_same_way():
    cameras = scene.around(2, 4 * LARGEST - 1)
    found = small(cameras)
    assert (found.height, found.width) == (99, 99)
    assert found.focal / 99.75 == pytest.approx(cameras.focal / 399)
    assert small(VIEWS.cameras).focal == VIEWS.cameras.focal


def test_an_animation_has_its_frames():
    frames = list(VIEWS.pixels[:3, ..., :3])
    with Pillow.open(io.BytesIO(animation(frames))) as picture:
        assert picture.n_frames == 3
        for number, frame in enumerate(frames):
            picture.seek(number)
            assert (np.array(picture.convert("RGB")) == frame).all()


def test_a_figure_has_a_column_for_the_truth_and_each_method():
    methods = [Scene(f"method {i}", VIEWS.held_out, seen(), f"{i} dB") for i in range(7)]
    figure = scene_figure(VIEWS, methods)
    assert len(figure.axes) == 2 + 7 * 3
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts == ["Truth", *(word for i in range(7) for word in (f"method {i}", f"{i} dB"))]
    assert "of 6 held-out views of 11 x 11 pixels 2" in caption("All", VIEWS, "PSNR")
