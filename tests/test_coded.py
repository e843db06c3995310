"""What is coded anew where params.yaml says otherwise how fits are coded: the rates, and no fit."""

import shutil

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT, ran

from refield import config
from refield.pipeline import units
from refield.pipeline.layout import Layout
from refield.signals import png

FOLDER = "papers/coin/dvc.yaml:"
SETTINGS = {
    "profiles.quick.train.iterations": 2,
    "profiles.quick.coding": {"variants": ["half", "steps"], "bits_per_weight": [7.0]},
}


def params(**coding):
    changes = {**SETTINGS, "profiles.quick.coding": SETTINGS["profiles.quick.coding"] | coding}
    return config.read("quick", path=ROOT / "papers/coin/params.yaml", changes=changes, alone=True)


def test_a_changed_way_of_coding_changes_the_key_of_rates_and_no_fits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    png.write(Layout("coin").signals("quick") / "a.png", np.zeros((12, 16, 3), np.uint8))
    before, after = params(), params(bits_per_weight=[6.0])
    assert units.coding(before, "quick") != units.coding(after, "quick")
    assert units.coding(before, "quick") == units.coding(params(), "quick")
    keys = [units.wanted(Layout("coin"), each, "quick", "siren_5x20") for each in (before, after)]
    assert keys[0] == keys[1]
    assert units.coding(config.read(path=ROOT / "params.yaml"), "quick") is None


@pytest.mark.slow
def test_a_changed_way_of_coding_codes_again_and_fits_nothing(project):
    shutil.copytree(ROOT / "papers/coin", project.folder / "papers/coin", dirs_exist_ok=True)
    (project.folder / "papers/coin/dvc.lock").unlink(missing_ok=True)
    file = project.folder / "papers/coin/params.yaml"
    text = file.read_text().replace("iterations: 100\n", "iterations: 2\n")
    text = text.replace("[half, uniform, steps, rounded, aware]", "[half, steps]")
    file.write_text(text)
    coded = f"{FOLDER}coded@quick-siren_5x20"
    assert {f"{FOLDER}fit@quick", coded} <= ran(project.dvc("repro", coded))
    assert "Data and pipelines are up to date" in project.dvc("repro", coded)
    rates = pd.read_csv(project.folder / "reports/coin/rates/quick/siren_5x20.csv")
    assert list(rates.columns) == ["image", "codec", "setting", "bytes", "bpp", "psnr", "ms_ssim"]
    assert rates["codec"].tolist() == ["half", "steps", "steps"]
    seconds = project.folder / "reports/coin/provenance/rates/quick/siren_5x20.csv"
    assert pd.read_csv(seconds)["encode_seconds"].min() > 0
    file.write_text(text.replace("bits_per_weight: [8.0, 6.0]", "bits_per_weight: [7.0, 6.0]"))
    assert ran(project.dvc("repro", coded)) == {f"{FOLDER}check", f"{FOLDER}wanted@quick", coded}
    file.write_text(text.replace("[half, steps]", "[half, zip]"))
    assert "coding.variants.1 = 'zip' is not allowed" in project.fails("dvc", "repro", coded)
