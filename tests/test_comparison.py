"""A comparison's parameters and published curves: what is wrong ends in one sentence; its stages run on a toy."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML

from refield import comparison
from refield.errors import UserError
from refield.papers import curves
from refield.pipeline.compressing import coding
from refield.scores.numbers import number
from refield.scores.rates import read_rates
from refield.signals import png

PARAMS, PUBLISHED = ROOT / "papers/rates/params.yaml", ROOT / "papers/rates/published.yaml"


def test_what_is_in_the_repository_is_valid():
    read = comparison.read(PARAMS)
    assert read.anchors == ["jpeg", "jpeg2000", "webp", "avif_444"]
    published = curves.read(PUBLISHED).curves
    assert {"coin", "inric", "c3", "vtm"} <= published.keys()
    # Table at 0.3 bpp of its report, off by what another interpolation makes.
    assert published["coin"].curve.at(0.3) == pytest.approx(26.32, abs=0.05)


def test_files_are_not_made_again_for_another_comparison_of_them(monkeypatch):
    monkeypatch.chdir(ROOT)
    asked = comparison.read(PARAMS).profiles["gates"]
    assert asked.compressed is not None
    alone = asked.compressed.model_copy(update={"against": {}})
    fewer = alone.model_copy(update={"methods": asked.compressed.methods[:2]})
    assert coding(asked) == coding(asked.model_copy(update={"compressed": alone}))
    assert coding(asked) != coding(asked.model_copy(update={"compressed": fewer}))


def changed(file: Path, out: Path, path: str, value: object) -> Path:
    content = YAML(typ="safe").load(file)
    *parents, last = path.split(".")
    entry = content
    for part in parents:
        entry = entry[int(part) if part.isdigit() else part]
    entry[last] = value
    YAML().dump(content, out)
    return out


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("runs", ["fast"], "'fast' is no profile; it must be one of quick, crops, gates, whole"),
        ("codecs.bpg", [1, 2], "codecs: 'bpg' is no codec; it must be one of jpeg, jpeg2000, webp, avif_420"),
        ("codecs.jpeg", [5], "codecs: jpeg = [5.0] is not allowed; it must be two or more, once each"),
        ("codecs.jpeg", [5, 500], "codecs: jpeg = 500.0 is not allowed; it must be a whole number from 1 to 100"),
        ("anchors", ["avif_444", "vtm"], "'vtm' is no codec that is measured; it must be one of jpeg"),
        ("pictures.codecs", ["jpeg_xl"], "'jpeg_xl' is no codec whose quality is sought; it must be one of jpeg, webp"),
        ("bpp", [0], "bpp.0 = 0 is not allowed; it must be greater than 0"),
        ("profiles.quick.images.color", "grey", "color = grey is not allowed; it must be rgb"),
        ("profiles.quick.latents.bpp", [1.0, 1.0], "latents.bpp: [1.0, 1.0] is not allowed; it must have each once"),
        (
            "profiles.gates.compressed.against",
            {"ours": ["random_map"]},
            "'random_map' is no method of these files; it must be one of siren, ftc, qt, ours",
        ),
        ("profiles.quick.fields.0.files", "data", "fields.0: pictures is not allowed beside files, which hold them"),
        ("profiles.quick.colour", "rgb", "profiles.quick.colour is not a known key"),
    ],
)
def test_a_wrong_parameter_ends_in_a_sentence(tmp_path, path, value, said):
    file = changed(PARAMS, tmp_path / "params.yaml", path, value)
    with pytest.raises(UserError) as error:
        comparison.read(file)
    assert str(error.value).startswith(f"{file}: ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("curves.coin.points", [[0.1, 25], [0.2, 24]], "points: [0.2, 24] must have more of both than the one before"),
        (
            "curves.coin.kind",
            "network",
            "curves.coin.kind = 'network' is not allowed; it must be 'field'",
        ),
        ("curves.coin.source", "a table", "curves.coin.source = 'a table' is not allowed"),
    ],
)
def test_a_wrong_curve_ends_in_a_sentence(tmp_path, path, value, said):
    file = changed(PUBLISHED, tmp_path / "published.yaml", path, value)
    with pytest.raises(UserError) as error:
        curves.read(file)
    assert said in str(error.value)


def test_the_stages_make_the_report(tmp_path, monkeypatch):
    from stages import codecs, compressed, photographs, pictures, rates

    folder = tmp_path / "papers/toy"
    (folder / "sources/quick").mkdir(parents=True)
    png.write(folder / "sources/quick/007.png", np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8))
    shutil.copy(PUBLISHED, folder)
    read = YAML(typ="safe").load(PARAMS)
    read["codecs"], read["pictures"]["codecs"] = {"jpeg": [5, 40, 90], "webp": [5, 40, 90]}, ["webp"]
    read["anchors"] = ["jpeg", "webp"]
    read["profiles"] = {"quick": read["profiles"]["quick"]}
    read["profiles"]["quick"] |= {"pictures": {"names": ["007"], "bpp": 8}, "published": True}
    read["profiles"]["quick"] |= {"compressed": {"methods": ["siren", "ours"], "iterations": 2, "bpp": [8.0, 0.1]}}
    read["profiles"]["quick"] |= {"latents": {"iterations": 2, "bpp": [12.0]}}
    read["profiles"]["quick"]["fields"][0]["folder"] = "reports/toy/compressed/quick"
    read["profiles"]["quick"]["images"] |= {"source": "folder", "names": "all", "long": 24, "short": 16}
    YAML().dump(read, folder / "params.yaml")
    monkeypatch.chdir(tmp_path)

    photographs.main("quick", "toy")
    for codec in ("jpeg", "webp"):
        codecs.main("quick", codec, "toy")
    pictures.main("quick", "toy")
    rates.main("toy")

    rows = read_rates(Path("reports/toy/measured/quick/webp.csv"))
    assert rows["image"].tolist() == ["007"] * 3
    assert rows["bpp"].tolist() == pytest.approx((8 * rows["bytes"] / (16 * 24)).tolist())
    report = Path("reports/toy/rates.md").read_text()
    assert "Not made yet: the rates in reports/toy/compressed/quick." in report
    assert "Where the bytes" not in report
    assert "One photograph of 384 pixels." in report
    (seen,) = json.loads(Path("reports/toy/pictures/quick.json").read_text())
    assert [each["title"] for each in seen["shown"]] == ["WebP"]
    assert "Without refield compress, whose files are not in data/" in seen["note"]
    assert "seconds" not in report
    (line,) = re.findall(r"[|] WebP [|].*", Path("reports/toy/provenance/quick.md").read_text())
    assert re.fullmatch(r".* [|] 20\d\d-\d\d-\d\d [|] CPU [(].+[)] [|]", line)
    with pytest.raises(
        UserError, match=r"bpp = 0.1 is not allowed; it must be more than .*, which a file of 007 takes"
    ):
        compressed.main("quick", "toy")
    read["profiles"]["quick"]["compressed"]["bpp"] = [8.0]
    YAML().dump(read, folder / "params.yaml")
    compressed.main("quick", "toy")
    made = read_rates(Path("reports/toy/compressed/quick/rates.csv"))
    assert made["codec"].tolist() == ["siren", "ours", "latents"]
    assert (made["bpp"] <= [8, 8, 12]).all()
    assert png.read(Path("data/toy/quick/compressed/latents/12/007.png")).shape == (16, 24, 3)
    parts = pd.read_csv("reports/toy/compressed/quick/parts.csv", dtype=str).astype({"bytes": float})
    assert set(zip(parts["image"], parts["codec"], parts["setting"], strict=True)) == {("007", "latents", "12")}
    assert parts["bytes"].sum() == pytest.approx(made["bytes"].iloc[-1], abs=0.01)
    took = pd.read_csv("reports/toy/provenance/quick/fields.csv")
    assert (took["decode_seconds"] > 0).all()
    assert (took["encode_seconds"] > 0).all()
    rates.main("toy")
    report = Path("reports/toy/rates.md").read_text()
    assert "](provenance/quick.md)" in report
    assert "| Bytes of refield compress, latents | at 12 bpp |" in report
    page = Path("reports/toy/provenance/quick.md").read_text()
    assert "| WebP |" in page
    for codec, seconds in zip(took["codec"], took["encode_seconds"], strict=True):
        assert f"| refield compress, {codec}, 2 steps | {number(np.float64(seconds))} | " in page
    assert took["device"].str.startswith("CPU (").all()
    with pytest.raises(UserError, match=r"^'gif' is no codec of papers/toy/params\.yaml; it must be one of "):
        codecs.main("quick", "gif", "toy")
