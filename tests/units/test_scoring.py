import json
import math
import os
import shutil
from pathlib import Path

import bombs
import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load, save
from small import TASKS_ALONE
from stages import evaluate

from refield.errors import UserError
from refield.fields import describe
from refield.fields.field import Field
from refield.fields.mlp import Mlp
from refield.fields.sparse_latents import SparseLatents
from refield.pipeline.layout import Layout
from refield.scores.measure import Measure
from refield.segmentation.labels import encode
from refield.signals import Image, png
from refield.tasks import TASKS
from refield.tasks.inpaint import Inpaint
from refield.tasks.represent import Represent
from refield.units import scoring
from refield.units.names import LABELS, WEIGHTS, reconstruction
from refield.units.scoring import COSTS, Row

LAKE = Image(np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8))
REPRESENT = Represent()


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A fit of the lake that is off by 2 in every value."""
    folder, pixels = tmp_path / "fits" / "lake", LAKE.pixels.astype(int)
    png.write(folder / reconstruction(LAKE), np.where(pixels < 128, pixels + 2, pixels - 2).astype(np.uint8))
    (folder / WEIGHTS).write_bytes(weights_of(Mlp(gates=("dense",), width=12)))
    return folder


def weights_of(field: Field) -> bytes:
    about = {"field": describe(field), "signal": "images", "dims": 2, "channels": 3, "target": "symmetric"}
    arrays = {
        name: array.astype(np.float32) for name, array in field.initialise(2, 3, np.random.default_rng(0)).items()
    }
    return save(arrays, {"model": json.dumps(about)})


def score(folder: Path, task=REPRESENT, signal: Image = LAKE) -> Row:
    return scoring.score("lake", signal, folder, task)


def test_a_row(unit: Path) -> None:
    row = score(unit)
    assert (row["image"], row["height"], row["width"]) == ("lake", 20, 30)
    assert row["psnr_8bit"] == pytest.approx(10 * math.log10(255**2 / 4))
    assert 0.99 < row["ssim"] < 1
    assert 0.9 < row["iou"] < 1
    assert row["parameters"] == 75
    assert row["bpp_weights"] == 32 * 75 / 600
    assert (row["bpp_map"], row["bpp"]) == (0, row["bpp_weights"])


@pytest.mark.parametrize("kind", TASKS_ALONE)
def test_the_columns_are_about_the_signal_the_tasks_measures_and_the_costs(kind: str, unit: Path) -> None:
    def names(measures: tuple[Measure, ...]) -> list[str]:
        return [measure.name for measure in measures]

    row = score(unit, TASKS[kind]())
    assert list(row) == ["image", "height", "width", *names(TASKS[kind].measures), *names(COSTS)]


def test_the_map_is_counted_as_the_file_it_is(unit: Path) -> None:
    (unit / "labels.png").write_bytes(b"x" * 150)
    row = score(unit)
    assert row["bpp_map"] == 8 * 150 / 600
    assert row["bpp"] == row["bpp_weights"] + row["bpp_map"]


def test_sparse_latents_cost_what_is_not_0_and_a_map(unit: Path) -> None:
    (unit / WEIGHTS).write_bytes(weights_of(SparseLatents(finest=(20, 30), levels=2, width=4)))  # none in the finest
    row, rest = score(unit), 10 * 15 + (2 * 4 + 4) + (4 * 4 + 4) + (4 * 3 + 3)
    assert row["parameters"] == rest + 19  # 600 bits are 18.75 of 32 bits
    assert row["bpp_weights"] == 32 * rest / 600
    assert row["bpp_map"] == 1
    assert row["bpp"] == row["bpp_weights"] + 1


def test_the_task_takes_its_settings(unit: Path) -> None:
    assert score(unit, Represent(iou_regions=2))["iou"] > score(unit, Represent(iou_regions=32))["iou"]
    mask = Inpaint(hidden=0.5).draw_mask((20, 30))
    png.write(unit / reconstruction(LAKE), np.where(mask[..., None], LAKE.pixels, 0).astype(np.uint8))
    assert score(unit, Inpaint(hidden=0.5))["psnr_hidden"] == math.inf
    assert score(unit, Inpaint(hidden=0.6))["psnr_hidden"] < 30


@pytest.mark.parametrize("name", ["reconstruction.png", "weights.safetensors"])
def test_broken_files_are_named(unit: Path, name: str) -> None:
    whole = (unit / name).read_bytes()
    for damaged in (b"", whole[:100], b"not at all"):
        (unit / name).write_bytes(damaged)
        with pytest.raises(UserError, match=name):
            score(unit)
    (unit / name).unlink()
    with pytest.raises(UserError, match=f"{name} is missing"):
        score(unit)


REGIONS = np.random.default_rng(0).integers(0, 4, (20, 30), dtype=np.uint8)


def test_the_map_of_a_field_that_follows_one_is_counted(unit: Path) -> None:
    (unit / WEIGHTS).write_bytes(weights_of(Mlp(gates=("segment",), width=4, regions=4)))
    with pytest.raises(UserError, match=r"labels\.png is missing"):
        score(unit)
    (unit / LABELS).write_bytes(encode(REGIONS))
    assert score(unit)["bpp_map"] == 8 * len(encode(REGIONS)) / 600


ODD_MAPS = {
    "no picture": (b"x" * 150, "is no readable map of labels"),
    "a bomb": (bombs.png(60000, 60000), "has more than 89478485 pixels"),
    "half a bomb": (bombs.png(12000, 12000), "has more than 89478485 pixels"),
    "another size": (encode(REGIONS[:5]), "is 30 x 5 pixels; it must be 30 x 20"),
    "a large size": (bombs.png(9000, 9000), "is 9000 x 9000 pixels; it must be 30 x 20"),
    "more regions": (encode(REGIONS + 4), "has region 7; the field has regions 0 to 3"),
}


@pytest.mark.parametrize(("content", "said"), ODD_MAPS.values(), ids=ODD_MAPS)
def test_a_map_that_the_field_cannot_follow_is_named(content: bytes, said: str, unit: Path) -> None:
    (unit / WEIGHTS).write_bytes(weights_of(Mlp(gates=("segment",), width=4, regions=4)))
    (unit / LABELS).write_bytes(content)
    with pytest.raises(UserError) as error:
        score(unit)
    assert str(error.value) == f"{unit / LABELS} {said}"


ODD_PICTURES = {
    "a bomb": (bombs.png(60000, 60000), "has more than 89478485 pixels"),
    "half a bomb": (bombs.png(12000, 12000), "has more than 89478485 pixels"),
    "a JPEG": (b"\xff\xd8\xff\xe0" + bytes(100), "is no readable PNG"),
}


@pytest.mark.parametrize(("content", "said"), ODD_PICTURES.values(), ids=ODD_PICTURES)
def test_a_reconstruction_that_is_none_is_named(content: bytes, said: str, unit: Path) -> None:
    (unit / "reconstruction.png").write_bytes(content)
    with pytest.raises(UserError) as error:
        score(unit)
    assert str(error.value) == f"{unit / 'reconstruction.png'} {said}"


def test_weights_of_no_number_are_not_scored(unit: Path) -> None:
    arrays = load((unit / WEIGHTS).read_bytes())
    about = {"field": describe(Mlp(gates=("dense",), width=12)), "signal": "images", "dims": 2, "channels": 3}
    arrays["layers.0.bias"] = np.full_like(arrays["layers.0.bias"], np.nan)
    (unit / WEIGHTS).write_bytes(save(arrays, {"model": json.dumps({**about, "target": "symmetric"})}))
    with pytest.raises(UserError, match=r"weights\.safetensors is .* \(layers\.0\.bias holds what is no number\)"):
        score(unit)


@pytest.mark.parametrize("name", ["reconstruction.png", WEIGHTS, LABELS])
def test_what_is_no_file_is_named(name: str, unit: Path) -> None:
    (unit / name).unlink(missing_ok=True)
    (unit / name).mkdir()
    with pytest.raises(UserError, match=name):
        score(unit)
    (unit / name).rmdir()
    os.mkfifo(unit / name)
    with pytest.raises(UserError, match=f"{name} is no file"):
        score(unit)


@pytest.mark.parametrize("shape", [(20, 31, 3), (20, 30, 1)])
def test_a_reconstruction_of_another_size_is_named(unit: Path, shape: tuple[int, ...]) -> None:
    png.write(unit / "reconstruction.png", np.zeros(shape, np.uint8))
    with pytest.raises(UserError) as error:
        score(unit)
    assert f"reconstruction.png is {shape}, not (20, 30, 3)" in str(error.value)


def test_an_image_that_cannot_be_scored_is_named(unit: Path) -> None:
    small = Image(np.zeros((10, 30, 3), np.uint8))
    png.write(unit / "reconstruction.png", small.pixels)
    with pytest.raises(UserError, match=r"lake: .*too small for SSIM"):
        score(unit, signal=small)


def test_table_is_sorted_by_image(unit: Path) -> None:
    row = score(unit)
    assert scoring.table([row, {**row, "image": "barn"}])["image"].tolist() == ["barn", "lake"]


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


def test_a_curve_without_psnr_has_a_mean_without_values(tmp_path: Path) -> None:
    """Of a loss that is no squared error of values."""
    file = tmp_path / "curve.csv"
    file.write_text("iteration,loss,psnr\n0,2.5,\n10,1.5,\n")
    table = scoring.mean_curve([file])
    assert table["iteration"].tolist() == [0, 10]
    assert table["psnr"].isna().all()


ODD_ROWS = [
    "",
    "a,b,c\n",
    ",1,1\n",
    "0,x,1\n",
    "0,1,x\n",
    "1.5,1,1\n",
    "-1,1,1\n",
    "inf,1,1\n",
    f"{'9' * 5000},1,1\n",
    '"0,1',
]
ODD_ROWS += ['"0,1', "0,1,1\n0,1,1\n", "5,1,1\n0,1,1\n"]
ODD_CURVES = ["", "a,b\n1,2\n", "\x00\xff", *(f"iteration,loss,psnr\n{rows}" for rows in ODD_ROWS)]


@pytest.mark.parametrize("content", ODD_CURVES)
def test_odd_curves_are_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "curve.csv").write_text(content)
    with pytest.raises(UserError, match=r"curve\.csv"):
        scoring.mean_curve([tmp_path / "curve.csv"])
    with pytest.raises(UserError, match=r"none\.csv is missing"):
        scoring.mean_curve([tmp_path / "none.csv"])


def test_evaluate_stage(tmp_path: Path, unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores and the mean curve of two fits; refused as soon as fits and images are not the same."""
    layout = Layout()
    shutil.copy("params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    curve(unit / "curve.csv", [10, 20])
    for name in ("lake", "barn"):
        png.write(layout.signals("quick") / f"{name}.png", LAKE.pixels)
        shutil.copytree(unit, layout.fits("quick", "siren") / name)
    evaluate.main("quick")
    text = layout.scores("quick", "siren").read_text()
    assert text.startswith("image,height,width,psnr_8bit,ssim,iou,parameters,bpp_weights,bpp_map,bpp\nbarn,20,30,42.11")
    assert text.count("\n") == 3
    assert layout.curve("quick", "siren").read_text().splitlines()[2] == "10,20.000000,20.000000,20.000000"

    shutil.copytree(unit, layout.fits("quick", "siren") / "third")
    with pytest.raises(UserError, match="exactly the images of data/quick/images: third"):
        evaluate.main("quick")
    shutil.rmtree(layout.fits("quick", "siren"))
    with pytest.raises(UserError, match="quick has no fits; `dvc repro` makes them"):
        evaluate.main("quick")


def test_points_are_not_made_where_no_measure_asks_the_field(unit, monkeypatch):
    """Those of a volume of 512^3 voxels are 3 GB."""

    def points(_: Image) -> None:
        pytest.fail("no measure of this task asks for points")

    monkeypatch.setattr(Image, "points", points)
    assert scoring.score("lake", LAKE, unit, REPRESENT)["image"] == "lake"
