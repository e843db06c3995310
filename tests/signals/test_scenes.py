"""Scenes in files become views: over white, as large as asked for, in a box; what cannot be used is said in words."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from pipeline import ROOT
from signals import scene

from refield.errors import UserError
from refield.signals import scenes, sources

QUICK = ROOT / "papers/mire/sources/quick_views"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Sources of one scene."""
    scene.write(tmp_path / "sources" / "toy", seen=3, held_out=2, side=24)
    return tmp_path / "sources"


def fetched(place: Path) -> Path:
    out = place.parent / "originals"
    assert sources.fetch("views", place, "all", out) == ["toy.zip"]
    return out / "toy.zip"


def edit(place: Path, change: Callable[[dict], object], name: str = "transforms_train.json") -> None:
    said = json.loads((place / "toy" / name).read_text())
    change(said)
    (place / "toy" / name).write_text(json.dumps(said))


def test_a_scene_comes_back_as_it_was_drawn(place):
    made, drawn = scenes.load(fetched(place), 24, 1.0), scene.views(3, 2, 24)
    assert (made.seen, made.shape) == (3, (2, 24, 24))
    assert (made.pixels == drawn.pixels).all()
    assert (made.cameras.poses == drawn.cameras.poses).all()
    assert made.cameras.focal == pytest.approx(drawn.cameras.focal, rel=1e-12)


def test_a_smaller_scene_has_means_over_white_and_the_same_directions(place):
    made, drawn = scenes.load(fetched(place), 12, 2.0), scene.views(3, 2, 24)
    np.testing.assert_allclose(
        made.pixels, drawn.pixels.reshape(5, 12, 2, 12, 2, 4).astype(float).mean(axis=(2, 4)), atol=0.5
    )
    assert made.cameras.focal == pytest.approx(drawn.cameras.focal / 2)
    np.testing.assert_allclose(made.cameras.poses[:, :3, 3], drawn.cameras.poses[:, :3, 3] / 2)
    assert (made.cameras.poses[:, :, :3] == drawn.cameras.poses[:, :, :3]).all()


def test_what_is_half_transparent_is_half_white(place):
    pixels = np.zeros((24, 24, 4), np.uint8)
    pixels[..., 0], pixels[..., 3] = 200, 51
    Pillow.fromarray(pixels).save(place / "toy/train/r_1.png")
    made = scenes.load(fetched(place), 12, 1.0)
    assert (made.pixels[1] == [40 + 204, 204, 204, 51]).all()
    Pillow.fromarray(pixels[..., :3]).save(place / "toy/train/r_1.png")
    assert (scenes.load(fetched(place), 12, 1.0).pixels[1] == [200, 0, 0, 255]).all()


def test_of_one_file_of_transforms_every_tenth_view_is_held_out(place):
    folder = place / "toy"
    said = json.loads((folder / "transforms_train.json").read_text())
    frames = [{**said["frames"][i % 3], "file_path": f"r_{i}.png", "rotation": 0.1} for i in range(12)]
    for i in range(12):
        Pillow.fromarray(np.full((12, 12, 3), i, np.uint8)).save(folder / f"r_{i}.png")
    for name in ("transforms_train.json", "transforms_test.json"):
        (folder / name).unlink()
    (folder / "transforms.json").write_text(json.dumps({**said, "frames": frames}))
    made = scenes.load(fetched(place), 12, 1.0)
    assert made.pixels[:, 0, 0, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 0, 10]
    assert (made.seen, made.shape[0]) == (10, 2)


def test_packing_depends_on_the_files_of_the_views_alone(place):
    first = fetched(place).read_bytes()
    (place / "toy/train/r_0_depth.png").write_bytes(b"no view")
    (place / ".hidden").write_text("")
    assert fetched(place).read_bytes() == first
    assert sorted(zipfile.ZipFile(io.BytesIO(first)).namelist())[-1] == "transforms_train.json"


def test_a_list_names_files_of_the_network(place, tmp_path, monkeypatch):
    from signals.mirrors import sha256

    monkeypatch.setenv("REFIELD_DATA", str(place))
    listing = tmp_path / "listed"
    listing.mkdir()
    files = sorted(path for path in (place / "toy").rglob("*") if path.is_file())
    lines = [
        f"{file.relative_to(place / 'toy').as_posix()} {sha256(file.read_bytes())} https://example.org/{file.name}"
        for file in files
    ]
    (listing / "toy.txt").write_text("\n".join(lines))
    assert fetched(listing).read_bytes() == fetched(place).read_bytes()
    (listing / "toy.txt").write_text("\n".join(line for line in lines if "train/r_1.png" not in line))
    with pytest.raises(UserError, match=r"toy\.txt lists no train/r_1\.png, which the scene's transforms name"):
        fetched(listing)


def test_the_scene_of_the_quick_profile_is_the_one_that_is_drawn(tmp_path):
    scene.write(tmp_path, seen=12, held_out=3, side=16)
    for file in (path for path in tmp_path.rglob("*") if path.is_file()):
        kept = QUICK / "spheres" / file.relative_to(tmp_path)
        if file.suffix == ".png":
            assert (np.array(Pillow.open(file)) == np.array(Pillow.open(kept))).all()
        else:
            assert file.read_text() == kept.read_text()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.pop("camera_angle_x"), r"transforms_train\.json: camera_angle_x is missing"),
        (lambda s: s.update(camera_angle_x=4.0), r"camera_angle_x = 4\.0 is not allowed"),
        (lambda s: s.update(camera_angle_x=0.5), r"camera_angle_x is 0\.5 in transforms_train\.json and another in"),
        (lambda s: s["frames"][1].pop("transform_matrix"), r"frames\.1\.transform_matrix is missing"),
        (lambda s: s["frames"][1]["transform_matrix"].pop(), "transform_matrix of .*r_1 is no rotation and place"),
        (lambda s: s["frames"][1]["transform_matrix"][0].__setitem__(0, 7.0), "is no rotation and place"),
        (lambda s: s["frames"][1].update(file_path="../r_1"), "must be below the scene's folder"),
        (lambda s: s["frames"][1].update(file_path="train/r_9"), r"r_9\.png is missing"),
        (lambda s: s.update(frames=[]), r"transforms_train\.json: frames = \[\] is not allowed"),
    ],
)
def test_transforms_that_say_no_poses_are_refused(change, said, place):
    edit(place, change)
    with pytest.raises(UserError, match=said):
        scenes.load(fetched(place), 24, 1.0)


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (np.zeros((24, 23, 4), np.uint8), r"train/r_1\.png is 23 x 24 pixels, and the first view 24 x 24 pixels"),
        (np.zeros((24, 24), np.uint8), r"train/r_1\.png is no 8-bit PNG of colours"),
        (None, r"train/r_1\.png is no readable PNG"),
    ],
)
def test_pictures_that_are_no_views_of_the_scene_are_refused(pixels, said, place):
    file = place / "toy/train/r_1.png"
    file.write_bytes(b"nothing") if pixels is None else Pillow.fromarray(pixels).save(file)
    with pytest.raises(UserError, match=said):
        scenes.load(fetched(place), 24, 1.0)


@pytest.mark.parametrize("long", [25, 13, 16])
def test_a_size_that_does_not_divide_is_refused(long, place):
    with pytest.raises(UserError, match=f"is 24 x 24 pixels; long = {long} must divide the longer side"):
        scenes.load(fetched(place), long, 1.0)


def test_folders_without_poses_are_refused_before_work(place):
    (place / "photographs").mkdir()
    with pytest.raises(UserError, match=r"photographs has no transforms\.json, which says the pose of each view"):
        sources.listed("views", place, "all")
    with pytest.raises(UserError, match="nowhere is missing; make it and put a folder there for each scene"):
        sources.listed("views", place / "nowhere", "all")
    (place / "photographs" / "more").mkdir()
    with pytest.raises(UserError, match="has no scenes"):
        sources.listed("views", place / "photographs" / "more", "all")


def test_what_is_no_scene_is_refused(tmp_path):
    (tmp_path / "toy.zip").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"toy\.zip is no readable scene"):
        scenes.load(tmp_path / "toy.zip", 12, 1.0)
    with zipfile.ZipFile(tmp_path / "toy.zip", "w") as archive:
        archive.writestr("readme", "")
    with pytest.raises(UserError, match=r"toy\.zip: has neither transforms\.json nor transforms_train\.json"):
        scenes.load(tmp_path / "toy.zip", 12, 1.0)
