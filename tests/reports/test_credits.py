"""What is owed to who made a signal stands wherever it is shown."""

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT
from signals import scene

from refield import config, papers
from refield.reports import other_figures
from refield.reports.paper_figures import draw_all
from refield.reports.pictures import Picture, Pictures, encode
from refield.reports.results import Scores
from refield.signals import Image, Signal, Views, Volume
from refield.units.names import reconstruction
from refield.units.rendered import Rendered

MIRE = papers.read("mire", ROOT / "papers")
PAPER = MIRE.model_copy(update={"credits": {"one": "One: its maker.", "nothing": "Nothing: nobody."}})
PARAMS = config.read(path=ROOT / "papers/mire/params.yaml")
METHODS = ["mire", "siren"]


def written(folder, signal: Signal) -> Pictures:
    """Two signals, and what two methods make of each: the same."""
    for name in ("one", "other"):
        for place, file in [("images", f"{name}{signal.suffix}"), *((m, reconstruction(signal)) for m in METHODS)]:
            path = folder / place / file if place == "images" else folder / place / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(signal.encode())
    return Pictures(folder / "images", lambda method: folder / method, lambda name: folder / name, type(signal))


def captions(profile: str, files: Pictures) -> dict[str, str]:
    """Of each figure, by its name."""
    measures = PARAMS.measures(profile)
    rows = [
        {"method": method, "image": image} | {each.name: 0.5 + i for each in measures}
        for i, method in enumerate(METHODS)
        for image in ("one", "other")
    ]
    drawn = draw_all(profile, Scores(pd.DataFrame(rows), measures), files, PARAMS, PAPER)
    return {each.name: each.caption for each in drawn}


def test_of_volumes(tmp_path, monkeypatch):
    monkeypatch.setattr("refield.reports.solid_figure.HEIGHT", 60)
    found = captions("quick_occupancy", written(tmp_path, Volume.of(np.indices((6, 6, 6)).sum(axis=0) < 8)))
    assert found["one"] == found["other"].replace("other", "one") + " One: its maker."


def test_of_scenes(tmp_path, monkeypatch):
    views = scene.views(2, 2, 11)

    def rendered(model, task, cameras):
        size = len(cameras), cameras.height, cameras.width
        return Rendered(Views(np.zeros((*size, 4), np.uint8), cameras, 0), np.ones(size, np.float32))

    monkeypatch.setattr(other_figures, "read_model", lambda file: None)
    monkeypatch.setattr(other_figures, "render", rendered)
    found = captions("quick_views", written(tmp_path, views))
    assert found["one"] == found["other"].replace("other", "one") + " One: its maker."


@pytest.mark.parametrize(("profile", "figures"), [("quick", {"represent", "gates"}), ("edges", {"edges"})])
def test_of_images(tmp_path, monkeypatch, profile, figures):
    monkeypatch.setattr("refield.reports.paper_figures._derivatives", lambda *_: other_figures.Drawn("none", None, ""))
    monkeypatch.setattr(Pictures, "labels", lambda *_: None)
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    found = captions(profile, written(tmp_path, Image(pixels)))
    assert figures <= {*found}
    assert all(found[name].endswith(". One: its maker.") for name in figures)


def test_of_pictures_on_pages():
    pixels = np.zeros((8, 12, 3), np.uint8)
    notes = [encode(Picture(name, pixels, {}, {}, None), PAPER.credit(name))["note"] for name in ("one", "other")]
    assert notes == ["one, 12 x 8 pixels. One: its maker.", "other, 12 x 8 pixels."]


def test_mires_statues_and_its_scene_have_theirs():
    sources = ROOT / "papers/mire/sources"
    for profile in ("occupancy", "paper_occupancy"):
        lines = (sources / profile / "addresses.txt").read_text().splitlines()
        names = [line.partition(".")[0] for line in lines if not line.startswith("#")]
        assert len(names) == 2
        assert all("Stanford 3D Scanning Repository" in MIRE.credit(name) for name in names)
    for profile in ("views", "paper_views"):
        (file,) = (sources / profile).glob("*.txt")
        assert "Heinzelnisse" in MIRE.credit(file.stem)
    assert MIRE.credit("astronaut") == ""
