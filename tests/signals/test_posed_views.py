"""Views: pictures and cameras, and that what a file claims is checked."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save
from signals import scene

from refield.errors import UserError
from refield.signals.cameras import Cameras, is_pose, looking
from refield.signals.views import Views

MADE = scene.views(3, 2, 7)


def test_views_survive_their_file():
    again = Views.decode(MADE.encode())
    assert again.digest() == MADE.digest()
    assert (again.pixels == MADE.pixels).all()
    assert (again.cameras.poses == MADE.cameras.poses).all()
    assert (again.cameras.focal, again.seen, again.shape) == (MADE.cameras.focal, 3, (2, 7, 7))


def test_samples_are_the_pixels_that_are_held_out():
    assert (MADE.values().reshape(2, 7, 7, 4) == MADE.pixels[3:] / 127.5 - 1).all()
    estimate = MADE.with_values(MADE.values())
    assert estimate.digest() == MADE.held_out.digest()
    assert (estimate.shape, estimate.channels) == (MADE.shape, MADE.channels)
    blank = Views.blank(MADE.shape, MADE.channels)
    assert (blank.points() == MADE.points()).all()
    assert (Views.decode(blank.encode()).values() == -1).all()


def test_whatever_a_field_is_fitted_to_is_in_the_digest():
    pixels, poses = MADE.pixels.copy(), MADE.cameras.poses.copy()
    pixels[0, 0, 0, 0] ^= 1
    poses[0, 0, 3] += 1e-9
    cameras = MADE.cameras
    others = [
        replace(MADE, pixels=pixels),
        replace(MADE, seen=2),
        replace(MADE, cameras=replace(cameras, poses=poses)),
        replace(MADE, cameras=replace(cameras, focal=cameras.focal + 1e-9)),
    ]
    assert len({made.digest() for made in [MADE, *others]}) == 5


def test_a_camera_that_looks_at_the_centre_has_it_in_the_middle_and_stands_upright():
    pose = looking(np.array([1.0, 2.0, 2.0]))
    assert is_pose(pose)
    np.testing.assert_allclose(np.linalg.inv(pose) @ [0, 0, 0, 1], [0, 0, -3, 1], atol=1e-12)
    assert pose[2, 1] > 0  # its y has a part that points upward
    assert pose[2, 0] == 0


def file(**changes: np.ndarray) -> bytes:
    arrays = {
        "pixels": np.zeros((3, 4, 5, 4), np.uint8),
        "poses": np.tile(np.eye(4), (3, 1, 1)),
        "focal_and_seen": np.array([4.0, 1.0]),
    }
    return save(arrays | changes)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "holds no readable views"),
        (save({"pixels": np.zeros((3, 4, 5, 4), np.uint8)}), "holds no readable views"),
        (file(pixels=np.zeros((3, 4, 5, 3), np.uint8)), "pictures of 8 bits and four channels"),
        (file(pixels=np.zeros((3, 4, 5, 4), np.int8)), "pictures of 8 bits and four channels"),
        (file(pixels=np.zeros((0, 4, 5, 4), np.uint8)), "pictures of 8 bits and four channels"),
        (file(poses=np.tile(np.eye(4), (2, 1, 1))), "other cameras than those of 3 views"),
        (file(poses=np.tile(2 * np.eye(4), (3, 1, 1))), "other cameras than those of 3 views"),
        (file(poses=np.full((3, 4, 4), np.nan)), "other cameras than those of 3 views"),
        (file(focal_and_seen=np.array([4.0, 3.0])), "more views that are seen than 2"),
        (file(focal_and_seen=np.array([4.0, np.nan])), "more views that are seen than 2"),
        (file(focal_and_seen=np.array([0.0, 1.0])), "has a focal length of 0.0"),
    ],
)
def test_a_file_that_holds_no_views_is_refused(data, said):
    with pytest.raises(UserError, match=said):
        Views.decode(data)
    assert Views.decode(file()).shape == (2, 4, 5)


def test_views_have_three_axes_and_four_channels():
    with pytest.raises(UserError, match="not 2 and 3"):
        Views.blank((2, 3), 3)


def test_some_cameras_are_those():
    assert isinstance(cameras := MADE.cameras.some(slice(1, 3)), Cameras)
    assert (len(cameras), cameras.height, cameras.width) == (2, 7, 7)
