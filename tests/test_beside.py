"""A mask that lies beside the images of a profile, by the real stages: brought with them, and no image itself."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from stages import check, download, prepare

from refield import config
from refield.errors import UserError
from refield.pipeline import units
from refield.pipeline.layout import Layout
from refield.signals import png

CORNER = [4, 7]  # of the centre of 18 x 24 pixels in 26 x 38


@pytest.fixture
def pixels(tmp_path, monkeypatch):
    """The photograph and the mask of a profile `mine`, in a folder with the settings alone."""
    rng = np.random.default_rng(0)
    photograph, mask = (
        rng.integers(0, 256, (26, 38, 3), dtype=np.uint8),
        255 * rng.integers(0, 2, (26, 38, 1), np.uint8),
    )
    png.write(tmp_path / "data/sources/mine/kate.png", photograph)
    png.write(tmp_path / "data/sources/mine/kate_mask.png", mask)
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    mine = params["profiles"]["quick"]
    mine["images"] |= {"source": "folder", "names": "all", "beside": ["kate_mask"]}
    mine["images"] |= {"frame": "crop", "long": 24, "short": 18}
    mine["task"] = {
        "kind": "inpaint",
        "mask": "file",
        "mask_file": "data/mine/originals/kate_mask.png",
        "mask_sha256": hashlib.sha256((tmp_path / "data/sources/mine/kate_mask.png").read_bytes()).hexdigest(),
        "mask_corner": CORNER,
    }
    params["profiles"], params["runs"] = {"mine": mine}, ["mine"]
    yaml.dump(params, tmp_path / "params.yaml")
    shutil.copytree(ROOT / "papers/oh_bae_2024", tmp_path / "papers/oh_bae_2024")
    monkeypatch.chdir(tmp_path)
    return photograph, mask[..., 0]


def test_a_crop_is_fitted_where_the_mask_of_the_whole_is_white(pixels):
    photograph, mask = pixels
    check.main()
    download.main("mine")
    prepare.main("mine")
    layout, params = Layout(), config.read()
    assert sorted(file.name for file in layout.originals("mine").iterdir()) == ["kate.png", "kate_mask.png"]
    (unit,) = units.read_units(layout, params, "mine", "siren")
    window = np.s_[CORNER[0] : CORNER[0] + 18, CORNER[1] : CORNER[1] + 24]
    assert unit.name == "kate"
    np.testing.assert_array_equal(unit.signal.pixels, photograph[window])
    visible = unit.task.problem(unit.signal, None).importance.reshape(18, 24) > 0
    np.testing.assert_array_equal(visible, mask[window] == 255)


def test_a_mask_that_is_not_there_is_missed_before_any_work(pixels):
    (Layout().sources("mine") / "kate_mask.png").unlink()
    with pytest.raises(UserError, match=r"images\.beside: 'kate_mask' is not in data/sources/mine; there are kate"):
        check.main()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"mask_corner": None},
            "kate has 18 x 24 pixels, and task.mask_file = .* has 26 x 38; both must be of one size",
        ),
        ({"mask": "random", "hidden": 1e-9}, "kate has 18 x 24 pixels, of which task.hidden = 1e-09 hides none"),
    ],
)
def test_a_mask_that_is_unfit_for_an_image_is_refused_before_any_fit(pixels, changes, said):
    """With the keys of what is wanted, and not when other images have been fitted."""
    yaml = YAML()
    params = yaml.load(Path("params.yaml"))
    task = params["profiles"]["mine"]["task"]
    if "mask" in changes:
        for key in ("mask_file", "mask_sha256", "mask_corner"):
            del task[key]
    task |= changes
    yaml.dump(params, Path("params.yaml"))
    check.main()
    download.main("mine")
    prepare.main("mine")
    with pytest.raises(UserError, match=said):
        units.wanted(Layout(), config.read(), "mine", "siren")
