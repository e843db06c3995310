import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file
from stages import evaluate, layout

from refield import images, scoring
from refield.errors import UserError


@pytest.fixture
def original(tmp_path: Path) -> Path:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    images.write(tmp_path / "lake.png", image)
    return tmp_path / "lake.png"


@pytest.fixture
def unit(tmp_path: Path, original: Path) -> Path:
    """A fit that is off by 2 in every value."""
    folder = tmp_path / "fits" / "lake"
    image = images.read(original).astype(int)
    images.write(folder / "reconstruction.png", np.where(image < 128, image + 2, image - 2).astype(np.uint8))
    save_file(
        {"weight": np.zeros((4, 2, 9), np.float32), "bias": np.zeros(3, np.float32)}, folder / "weights.safetensors"
    )
    return folder


def test_a_row(original: Path, unit: Path) -> None:
    row = scoring.score(original, unit, 4)
    assert (row.image, row.height, row.width) == ("lake", 20, 30)
    assert row.psnr_8bit == pytest.approx(10 * math.log10(255**2 / 4))
    assert 0.99 < row.ssim < 1
    assert 0.9 < row.iou < 1
    assert row.parameters == 75
    assert row.bpp_weights == 32 * 75 / 600
    assert (row.bpp_map, row.bpp) == (0, row.bpp_weights)


def test_the_map_is_counted_as_the_file_it_is(original: Path, unit: Path) -> None:
    (unit / "labels.png").write_bytes(b"x" * 150)
    row = scoring.score(original, unit, 4)
    assert row.bpp_map == 8 * 150 / 600
    assert row.bpp == row.bpp_weights + row.bpp_map


def test_the_iou_takes_its_regions(original: Path, unit: Path) -> None:
    assert scoring.score(original, unit, 2).iou > scoring.score(original, unit, 32).iou


@pytest.mark.parametrize("name", ["reconstruction.png", "weights.safetensors"])
def test_broken_files_are_named(original: Path, unit: Path, name: str) -> None:
    whole = (unit / name).read_bytes()
    for damaged in (b"", whole[:100], b"not at all"):
        (unit / name).write_bytes(damaged)
        with pytest.raises(UserError, match=name):
            scoring.score(original, unit, 4)
    (unit / name).unlink()
    with pytest.raises(UserError, match=f"{name} is missing"):
        scoring.score(original, unit, 4)


def test_a_reconstruction_of_another_size_is_named(original: Path, unit: Path) -> None:
    images.write(unit / "reconstruction.png", np.zeros((20, 31, 3), np.uint8))
    with pytest.raises(UserError, match=r"reconstruction.png is \(20, 31, 3\), but .*lake.png \(20, 30, 3\)"):
        scoring.score(original, unit, 4)


def test_an_image_that_cannot_be_scored_is_named(original: Path, unit: Path) -> None:
    for file in (original, unit / "reconstruction.png"):
        images.write(file, np.zeros((20, 30, 3), np.uint8))
    with pytest.raises(UserError, match=r"lake.png: .*grey levels"):
        scoring.score(original, unit, 4)


def test_table_is_sorted_by_image(original: Path, unit: Path) -> None:
    row = scoring.score(original, unit, 4)
    other = scoring.Score(**{**row.__dict__, "image": "barn"})
    assert scoring.table([row, other])["image"].tolist() == ["barn", "lake"]


def curve(file: Path, psnr: list[float]) -> Path:
    file.parent.mkdir(exist_ok=True)
    steps = range(0, 10 * len(psnr), 10)
    pd.DataFrame({"iteration": steps, "loss": 0.1, "psnr": psnr}).to_csv(file, index=False)
    return file


def test_mean_curve(tmp_path: Path) -> None:
    files = [curve(tmp_path / name / "curve.csv", psnr) for name, psnr in (("a", [10, 20]), ("b", [14, 30]))]
    table = scoring.mean_curve(files)
    assert table.columns.tolist() == ["iteration", "psnr", "lowest", "highest"]
    assert table.to_numpy().tolist() == [[0, 12, 10, 14], [10, 25, 20, 30]]


def test_curves_must_fit_together(tmp_path: Path) -> None:
    files = [curve(tmp_path / name / "curve.csv", psnr) for name, psnr in (("a", [10, 20]), ("b", [14, 30, 31]))]
    with pytest.raises(UserError, match="different iterations"):
        scoring.mean_curve(files)


@pytest.mark.parametrize("content", ["", "iteration,loss,psnr\n", "a,b\n1,2\n", "\x00\xff"])
def test_odd_curves_are_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "curve.csv").write_text(content)
    with pytest.raises(UserError, match=r"curve\.csv"):
        scoring.mean_curve([tmp_path / "curve.csv"])
    with pytest.raises(UserError, match=r"none\.csv is missing"):
        scoring.mean_curve([tmp_path / "none.csv"])


def test_evaluate_stage(tmp_path: Path, original: Path, unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores and the mean curve of two fits; refused as soon as fits and images are not the same."""
    shutil.copy("params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    curve(unit / "curve.csv", [10, 20])
    layout.images("quick").mkdir(parents=True)
    for name in ("lake", "barn"):
        shutil.copy(original, layout.images("quick") / f"{name}.png")
        shutil.copytree(unit, layout.fits("quick", "siren") / name)
    evaluate.main("quick", "siren")
    text = layout.scores("quick", "siren").read_text()
    assert text.startswith("image,height,width,psnr_8bit,ssim,iou,parameters,bpp_weights,bpp_map,bpp\nbarn,20,30,42.11")
    assert text.count("\n") == 3
    assert layout.curve("quick", "siren").read_text().splitlines()[2] == "10,20.000000,20,20"

    shutil.copytree(unit, layout.fits("quick", "siren") / "third")
    with pytest.raises(UserError, match="exactly the images of data/quick/images: third"):
        evaluate.main("quick", "siren")
    with pytest.raises(UserError, match="barn, lake"):
        evaluate.main("quick", "ftc")
