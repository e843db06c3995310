"""What is coded anew where params.yaml says otherwise how fits are coded: the rates, and no fit. Files are kept."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT, ran
from ruamel.yaml import YAML

from refield import config
from refield.executors import make_units
from refield.executors.settings import Inline
from refield.interface.compressed import decompress
from refield.pipeline import fits, units
from refield.pipeline.layout import Layout
from refield.reports.html import as_address
from refield.signals import png
from refield.units.store import Store

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


@pytest.mark.parametrize("methods", [["siren_5x20"], ["siren_5x20", "siren_5x30"]])
def test_files_are_kept_and_can_be_looked_at_beside_codecs(tmp_path, monkeypatch, capsys, methods):
    from stages import coded, gains, pictures

    monkeypatch.chdir(tmp_path)
    coin, pixels = Layout("coin"), np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    coin.params.parent.mkdir(parents=True)
    content = YAML(typ="safe").load(ROOT / "papers/coin/params.yaml")
    content["profiles"] = {"quick": content["profiles"]["quick"]}
    content["profiles"]["quick"]["train"]["iterations"] = 1
    content["profiles"]["quick"]["coding"] = {"variants": ["half", "steps"], "bits_per_weight": [8.0, 6.0]}
    YAML().dump(content, coin.params)
    for layout in (coin, Layout("toy")):
        png.write(layout.signals("quick") / "b.png", pixels)
    png.write(Layout("toy").signals("quick") / "c.png", pixels)  # of which there are no files
    for method in methods:
        (unit,) = units.read_units(coin, config.read(path=coin.params), "quick", method)
        made = make_units([unit], Store(), "cpu", "title", Inline())
        fits.write({"b": made[unit.key()]}, coin.fits("quick", method))
        coded.main("quick", method, "coin")
    shutil.copy(ROOT / "papers/coin/paper.yaml", coin.params.parent)
    gains.main("coin")
    assert "\n[How long it took](provenance/rates/quick.md) to code" in Path("reports/coin/gains.md").read_text()
    took = Path("reports/coin/provenance/rates/quick.md").read_text()
    assert len(re.findall(r"[|] `(?:half|steps)` .* [|] 20\d\d-\d\d-\d\d [|] CPU [(].+[)] [|]", took)) == 3 * len(
        methods
    )

    read = YAML(typ="safe").load(ROOT / "papers/rates/params.yaml")
    fields = {"label": "COIN", "folder": "reports/coin/rates/quick", "files": "data/coin/quick/coded"}
    missing = {"label": "Others", "folder": "reports/coin/rates/quick", "files": "data/coin/others/coded"}
    looked = {"fields": [fields, missing], "pictures": {"names": ["b", "c"], "bpp": 32}}
    read["profiles"] = {"quick": {"images": read["profiles"]["quick"]["images"], **looked}}
    read["pictures"]["codecs"] = ["webp"]
    Layout("toy").params.parent.mkdir()
    YAML().dump(read, Layout("toy").params)
    pictures.main("quick", "toy")
    absent = "Others, whose files are not in data/coin/others/coded"
    assert f"quick: no pictures of {absent}\n" in capsys.readouterr().out
    seen, other = json.loads((tmp_path / "reports/toy/pictures/quick.json").read_text())
    assert seen["note"] == f"b, 24 x 16 pixels. Without {absent}."
    assert [each["title"] for each in other["shown"]] == ["WebP"]
    half, steps, webp = seen["shown"]
    assert [each["title"] for each in (half, steps, webp)] == ["COIN, half", "COIN, steps", "WebP"]
    files = {
        file: 8 * file.stat().st_size / (16 * 24) for file in Path("data/coin/quick/coded").rglob("steps/**/b.rfd")
    }
    assert len(files) == 2 * len(methods)
    best = max((file for file in files if files[file] <= 32), key=lambda file: files[file])
    assert steps["picture"] == as_address(decompress(best))
    assert f"{files[best]:.3f} bpp" in steps["words"]


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
    project.append("src/refield/reports/coding_gains.py", "\nEDITED = True\n")
    project.change("papers/coin/paper.yaml", "Networks of sines", "Networks")
    assert ran(project.dvc("repro", coded)) == {f"{FOLDER}check", f"{FOLDER}wanted@quick"}  # what is drawn does neither
    file.write_text(text.replace("[half, steps]", "[half, zip]"))
    assert "coding.variants.1 = 'zip' is not allowed" in project.fails("dvc", "repro", coded)
