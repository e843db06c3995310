"""A profile's pictures are read from its files, and the paper's figures are drawn of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.errors import UserError
from refield.reports.paper_figures import draw_all
from refield.reports.pictures import Pictures, look_at
from refield.reports.results import Scores
from refield.segmentation import labels
from refield.signals import png
from refield.tasks.represent import Represent

PARAMS = config.read(path=ROOT / "params.yaml")
PAPER = papers.read("oh_bae_2024", ROOT / "papers")
METHODS, IMAGES = ["siren", "ftc", "ours"], ["a", "b", "c"]
LABELS = (np.arange(24 * 32).reshape(24, 32) % 4).astype(np.uint8)


@pytest.fixture
def files(tmp_path: Path) -> Pictures:
    rng = np.random.default_rng(0)
    rows = []
    for image in IMAGES:
        pixels = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        png.write(tmp_path / "images" / f"{image}.png", pixels)
        for method in METHODS:
            png.write(tmp_path / method / image / "reconstruction.png", pixels ^ rng.integers(0, 8, dtype=np.uint8))
        (tmp_path / "ours" / image / "labels.png").write_bytes(labels.encode(LABELS))
        (tmp_path / "map").mkdir(exist_ok=True)
        (tmp_path / "map" / f"{image}.png").write_bytes(labels.encode(LABELS))
        rows += [(image, region, 50.0 * region, 50.0 * (region + 1), 0.25) for region in range(4)]
    table = pd.DataFrame(rows, columns=["image", "region", "from", "to", "fraction"])
    table.to_csv(tmp_path / "map" / "regions.csv", index=False)
    return Pictures(tmp_path / "images", lambda method: tmp_path / method, lambda name: tmp_path / name)


def scores() -> Scores:
    rows = [
        {"method": method, "image": image, "psnr_8bit": 30.0 + i * j}
        for i, method in enumerate(METHODS)
        for j, image in enumerate(IMAGES)
    ]
    return Scores(pd.DataFrame(rows), Represent.measures)


def test_every_image_is_looked_at_with_its_maps(files: Pictures) -> None:
    first, *_, last = look_at(files, scores().by_image(), ["map"])
    assert (first.name, last.name, first.window) == ("a", "c", None)
    assert list(first.estimates) == METHODS
    regions, words = first.maps["map"]
    np.testing.assert_array_equal(regions, LABELS)
    assert words[:2] == ["luminance 0 to 50, 25 %", "luminance 50 to 100, 25 %"]


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("regions.csv", lambda text: text.replace("b,", "d,"), r"regions\.csv has no row of b"),
        ("regions.csv", lambda text: text.replace("fraction", "part"), r"regions\.csv has no column fraction"),
        ("regions.csv", lambda text: text.replace("0.25", "much"), r"regions\.csv has what is no number in its column"),
        ("regions.csv", lambda text: text.replace("c,3", "d,3"), r"c\.png has region 3"),
    ],
)
def test_odd_regions_are_named(files: Pictures, name, change, said) -> None:
    file = files.maps("map") / name
    file.write_text(change(file.read_text()))
    with pytest.raises(UserError, match=said):
        list(look_at(files, scores().by_image(), ["map"]))


def test_large_images_are_seen_through_a_window(files: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refield.reports.pictures.LARGEST", 100)
    picture = next(look_at(files, scores().by_image(), ["map"]))
    assert picture.original.shape == picture.estimates["ours"].shape == (6, 8, 3)
    assert picture.maps["map"][0].shape == (6, 8)
    assert (picture.window.height, picture.window.width) == (6, 8)


def test_a_figure_for_every_table_whose_pair_was_scored(files: Pictures) -> None:
    drawn = list(draw_all("quick", scores(), files, PARAMS, PAPER))
    assert [each.name for each in drawn] == ["figure2", "gates"]
    assert drawn[0].caption.startswith(
        "Figure 2, the methods of Table 1. Image b, where the gain of Ours over LoE Fine-"
    )
    assert "original, SIREN, LoE Fine-to-Coarse, Ours; below" in drawn[0].caption
    assert drawn[1].caption.startswith("The gates on image a:")


def test_a_task_without_tables_has_one_figure_of_all_methods(files: Pictures) -> None:
    quick = PARAMS.profiles["quick"].model_copy(update={"task": {"kind": "edges"}})
    params = PARAMS.model_copy(update={"profiles": PARAMS.profiles | {"quick": quick}})
    figure = next(draw_all("quick", scores(), files, params, PAPER))
    assert figure.name == "edges"
    assert "Above of each, the length of the luma's gradient" in figure.caption


def test_fields_without_gates_have_none_drawn(files: Pictures) -> None:
    wire = {"field": "wire", "hidden_layers": 1}
    params = PARAMS.model_copy(update={"methods": PARAMS.methods | dict.fromkeys(PAPER.charts.gates, wire)})
    assert [each.name for each in draw_all("quick", scores(), files, params, PAPER)] == ["figure2"]
