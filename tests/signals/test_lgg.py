"""Slices with gliomas: of whatever file they come in, the pixels that the list means; and how the lists were chosen."""

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from pipeline import ROOT
from signals.mirrors import serving, sha256

from refield.errors import UserError
from refield.signals import sources
from refield.signals.sources import download, lgg
from refield.signals.sources.addresses import DATA_DIRECTORY
from refield.signals.sources.sums import read_sums

NAME = "TCGA_XX_1_19990101_7"
COLOURS = np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8)
MASK = COLOURS[..., 1] > 128
DATA = os.environ.get(DATA_DIRECTORY)


def pgm(pixels: np.ndarray) -> bytes:
    height, width = pixels.shape
    return f"P5\n{width} {height}\n255\n".encode() + pixels.tobytes()


def saved(pixels: np.ndarray, kind: str) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


WANTED = {f"{NAME}.pgm": pgm(COLOURS[..., 1]), f"{NAME}_mask.pgm": pgm(255 * MASK.astype(np.uint8))}
TIFFS = {f"{NAME}.tif": saved(COLOURS, "TIFF"), f"{NAME}_mask.tif": saved(255 * MASK.astype(np.uint8), "TIFF")}
PNGS = {f"flair/{NAME}.png": saved(COLOURS[..., 1], "PNG"), f"mask/{NAME}.png": saved(MASK, "PNG")}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of the slice and its mask; neither the user's cache nor his folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(DATA_DIRECTORY, raising=False)
    monkeypatch.setattr(download, "PAUSE", 0.0)
    lgg._below.cache_clear()
    place = tmp_path / "sources"
    place.mkdir()
    (place / "SHA256SUMS").write_text("".join(f"{sha256(data)}  {name}\n" for name, data in WANTED.items()))
    return place


def fetched(place: Path) -> dict[str, bytes]:
    sources.fetch("lgg", place, [NAME], place.parent / "out", [f"{NAME}_mask"])
    return {file.name: file.read_bytes() for file in (place.parent / "out").iterdir()}


@pytest.mark.parametrize("files", [TIFFS, PNGS], ids=["as published", "of one channel"])
def test_they_come_from_a_folder(place: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, data in files.items():
        file = place.parent / "data/deep" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    monkeypatch.setenv(DATA_DIRECTORY, str(place.parent / "data"))
    assert fetched(place) == WANTED
    lgg._below.cache_clear()
    file.write_bytes(saved(COLOURS[::-1], "TIFF" if file.suffix == ".tif" else "PNG"))
    with pytest.raises(UserError, match=rf"{file.name}: its sha256 is .*, expected "):
        fetched(place)
    file.write_bytes(b"nothing")
    with pytest.raises(UserError, match=rf"{file.name} is no readable slice \("):
        fetched(place)
    file.write_bytes(saved(np.zeros((4, 4, 4), np.uint8), "TIFF" if file.suffix == ".tif" else "PNG"))
    with pytest.raises(UserError, match=r"is no slice of 8 bits, grey or of three channels; it has uint8 \(4, 4, 4\)"):
        fetched(place)
    file.unlink()
    lgg._below.cache_clear()
    with pytest.raises(UserError, match=rf"{NAME}_mask\.pgm is nowhere below .*; REFIELD_DATA must name a folder"):
        fetched(place)


def test_they_come_from_the_network(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({f"TCGA_XX_1_19990101/{name}": data for name, data in TIFFS.items()}) as server:
        monkeypatch.setattr(lgg, "URL", server.address + "/good/{case}/{name}.tif")
        assert fetched(place) == WANTED
        asked = len(server.asked)
        assert fetched(place) == WANTED
        assert len(server.asked) == asked  # the user's cache has them
        (place / "SHA256SUMS").write_text(f"{64 * '0'}  {NAME}.pgm\n{64 * '1'}  {NAME}_mask.pgm\n")
        with pytest.raises(UserError, match=rf"{NAME}\.pgm cannot be downloaded \(.* expected sha256:0+ but got "):
            fetched(place)


def listed(place: str) -> list[str]:
    return sorted(Path(name).stem for name in read_sums(ROOT / "papers/sinco/sources" / place / "SHA256SUMS"))


def test_no_patient_is_both_learned_from_and_tested_on() -> None:
    tested, learned = ({"_".join(name.split("_")[:4]) for name in listed(place)} for place in ("slices", "training"))
    assert (len(tested), len(learned), len(listed("training"))) == (10, 100, 960)
    assert not tested & learned
    assert listed("paper") == listed("slices")
    for place in ("slices", "training"):
        names = [name for name in listed(place) if not name.endswith("_mask")]
        assert listed(place) == sorted([*names, *(f"{name}_mask" for name in names)])


@pytest.mark.skipif(not DATA, reason=f"{DATA_DIRECTORY} names no folder with the slices")
def test_the_lists_are_chosen_by_their_rule() -> None:
    """As papers/sinco/params.yaml says it."""
    (index,) = (file for file in Path(str(DATA)).rglob("index.csv") if file.parent.name == "lgg_mri")
    with index.open() as stream:
        slices = [row for row in csv.DictReader(stream) if int(row["tumour_pixels"]) >= 500]
    area = {row["name"]: int(row["tumour_pixels"]) for row in slices}
    of = {
        case: sorted(row["name"] for row in slices if row["case"] == case) for case in {row["case"] for row in slices}
    }
    rng = np.random.default_rng(0)
    patients = rng.permutation(sorted(of)).tolist()
    ranked = [sorted(of[patient], key=lambda name: (area[name], name)) for patient in patients[:10]]
    tested = [names[(len(names) - 1) // 2] for names in ranked]
    learned = [name for patient in patients[10:] for name in rng.permutation(of[patient])[:5].tolist()]
    for place, names in (("slices", tested), ("training", learned)):
        assert listed(place) == sorted([*names, *(f"{name}_mask" for name in names)])
