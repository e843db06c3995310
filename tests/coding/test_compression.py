"""`refield.compress` and `refield.decompress`, and the commands."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from typer.testing import CliRunner

import refield
from refield import cli
from refield.interface.request import Request
from refield.scores.metrics import psnr_8bit
from refield.units.store import Store

PHOTOGRAPH = np.ascontiguousarray(skimage.data.coffee()[100:124, 200:232])
SMALL = {"iterations": 40, "progress": False, "method": "siren"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No clone: an empty folder."""
    monkeypatch.chdir(tmp_path)


def test_a_file_has_the_size_that_is_asked_for_and_says_what_it_shows():
    for bpp in (2, 4):
        compressed = refield.compress(PHOTOGRAPH, bpp=bpp, **SMALL)
        assert 0.8 * bpp < compressed.bpp <= bpp
        assert compressed.bpp == 8 * len(compressed.data) / (24 * 32)
        np.testing.assert_array_equal(refield.decompress(compressed.data), compressed.picture)
        assert compressed.psnr == psnr_8bit(PHOTOGRAPH, compressed.picture)
        assert f"32 x 24 pixels, {len(compressed.data)} bytes, {compressed.bpp:.3f} bpp, PSNR" in str(compressed)
    path = compressed.save("cup.rfd")
    np.testing.assert_array_equal(refield.decompress(path), compressed.picture)
    with pytest.raises(refield.UserError, match=r"cup.rfd is there already"):
        compressed.save(path)
    assert compressed.save(path, force=True).read_bytes() == compressed.data


def test_a_quality_is_reached_by_the_first_network_that_can():
    poor, good = (refield.compress(PHOTOGRAPH, psnr=psnr, **SMALL) for psnr in (16, 20))
    assert poor.psnr >= 16
    assert good.psnr >= 20
    assert len(poor.data) < len(good.data)


def test_halves_grey_images_and_fields_with_maps():
    half = refield.compress(PHOTOGRAPH[..., 0], bpp=4, half=True, **SMALL)
    assert half.bpp <= 4
    assert refield.decompress(half.data).shape == (24, 32)
    mapped = refield.compress(PHOTOGRAPH, bpp=6, **{**SMALL, "method": "ours"})
    assert mapped.coded.labels.shape == (24, 32)
    assert mapped.bpp <= 6
    kept = refield.compress(PHOTOGRAPH, bpp=4, width=7, **SMALL)
    assert kept.coded.about.field.width == 7


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "either bpp or psnr must be given, and not both"),
        ({"bpp": 1, "psnr": 30}, "either bpp or psnr must be given, and not both"),
        ({"bpp": 0}, "bpp = 0 is not allowed; it must be more than 0, and at most 64"),
        ({"psnr": float("nan")}, "psnr = nan is not allowed"),
        ({"bpp": 0.45}, "bpp = 0.45 is not allowed; it must be at least 0.[5-9]"),
        ({"psnr": 60, "width": 4, "iterations": 2}, "psnr = 60 is not allowed; it must be at most 1"),
        ({"bpp": 1, "method": "best"}, "'best' is no method"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(wrong, said):
    with pytest.raises(refield.UserError, match=said) as error:
        refield.compress(PHOTOGRAPH, **{**SMALL, **wrong})
    assert "\n" not in str(error.value)


def test_images_beyond_the_format_are_refused_before_the_fit(monkeypatch):
    monkeypatch.setattr("refield.interface.compression.MOST_SAMPLES", 500)
    for method in (None, "siren"):
        with pytest.raises(refield.UserError, match="image has 768 pixels; it must have at most 500"):
            refield.compress(PHOTOGRAPH, bpp=1, method=method)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bpp": 0.3}, "it must be more than 0.333, which a file of image takes"),
        (
            {"bpp": 0.6, "method": "ours"},
            "be more than [0-3][.0-9]*, which a file of image and the map of its regions take",
        ),
    ],
)
def test_sizes_that_no_weights_fit_into_are_refused_before_the_fit(monkeypatch, wrong, said):
    monkeypatch.delattr("refield.interface.request.Request.make")
    with pytest.raises(refield.UserError, match=said):
        refield.compress(PHOTOGRAPH, **{**SMALL, **wrong})


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, arguments)
    return done.exit_code, done.output if done.exception is None else str(done.exception)


def test_commands_write_read_and_describe_files(tmp_path):
    Image.fromarray(PHOTOGRAPH).save("cup.png")
    code, said = run("compress", "cup.png", "--bpp", "3", "--iterations", "30", "--method", "siren")
    data = (tmp_path / "cup.rfd").read_bytes()
    assert (code, f"cup.rfd: 32 x 24 pixels, {len(data)} bytes" in said) == (0, True)
    assert sorted(os.listdir()) == ["cup.png", "cup.rfd"]
    code, said = run("info", "cup.rfd")
    assert code == 0
    for words in ("32 x 24 pixels, 3 channels", f"{len(data)} bytes", '"field": "mlp"', "quantised", "none"):
        assert words in said
    assert "expecting network" not in said
    assert "cup.png is there already; --force" in run("decompress", "cup.rfd")[1]
    assert run("decompress", "cup.rfd", "-o", "new/again.png") == (0, "new/again.png\n")
    np.testing.assert_array_equal(np.array(Image.open("new/again.png")), refield.decompress(data))
    assert "cup.rfd is there already" in run("compress", "cup.png", "--bpp", "3")[1]
    assert "new is a folder" in run("decompress", "cup.rfd", "-o", "new", "--force")[1]
    assert run("decompress", "cup.rfd", "--force")[0] == 0


def test_a_file_that_was_kept_says_how_long_it_took(tmp_path, monkeypatch):
    monkeypatch.setenv("REFIELD_UNITS", str(tmp_path / "units"))
    made, kept = (refield.compress(PHOTOGRAPH, bpp=6, iterations=2) for _ in range(2))
    assert kept.data == made.data
    assert kept.seconds == made.seconds > 0
    (beside,) = tmp_path.glob("units/compressed/*/*.json")
    for damage in ("{}", "nonsense"):
        beside.write_text(damage)
        assert refield.compress(PHOTOGRAPH, bpp=6, iterations=2).seconds is None


def test_of_methods_all_fits_take_their_seconds(monkeypatch):
    """However fast the store has them."""
    make, fits = Request.make, []

    def remembered(request, progress):
        result = make(request, progress)
        fits.append({**result.provenance, "seconds": 1000.0})
        return replace(result, provenance=fits[-1])

    monkeypatch.setattr(Request, "make", remembered)
    for aim in ({"bpp": 4}, {"psnr": 20}):
        fits.clear()
        seconds = refield.compress(PHOTOGRAPH, **aim, **SMALL).seconds
        assert (len(fits) > 1) == ("psnr" in aim)  # then wider ones are tried as well
        assert 0 < seconds - 1000 * len(fits) < 100


def test_without_a_method_latents_are_fitted_once(tmp_path, monkeypatch):
    monkeypatch.setenv("REFIELD_UNITS", str(tmp_path / "units"))
    Image.fromarray(PHOTOGRAPH).save("cup.png")
    code, said = run("compress", "cup.png", "--bpp", "4", "--iterations", "30")
    assert (code, "cup.rfd: 32 x 24 pixels" in said) == (0, True)
    said = run("info", "cup.rfd")[1]
    for words in ("latents", "of 4 grids", '"field": "latents"', "quantised and entropy-coded", "none", "latents 1/8 "):
        assert words in said
    with monkeypatch.context() as only:
        only.setattr("refield.interface.latents.compress", None)
        again = refield.compress("cup.png", bpp=4, iterations=30, progress=False)
    assert again.data == Path("cup.rfd").read_bytes()
    assert again.bpp <= 4
    assert again.psnr == psnr_8bit(PHOTOGRAPH, refield.decompress("cup.rfd"))
    stored = list(Store().root.glob("compressed/*/*.rfd"))
    assert [file.read_bytes() for file in stored] == [again.data]
    stored[0].write_bytes(b"damaged")
    assert refield.compress("cup.png", bpp=4, iterations=30, progress=False).data == again.data
    assert stored[0].read_bytes() == again.data


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"half": True}, "half = True is not allowed; it must be False unless a method is named"),
        ({"device": "cuda"}, "device = 'cuda' is not allowed; it must be auto or cpu"),
        ({"effort": "much"}, "effort = 'much' is not allowed; it must be one of fast, normal"),
        ({"effort": "fast", "method": "siren"}, "effort = 'fast' is not allowed; it must be left out"),
        ({"width": 7}, "width is not a known keyword; of latents there is iterations"),
        ({"iterations": 0}, "iterations = 0 is not allowed; it must be a whole number from 1"),
        ({"bpp": 0.2, "iterations": 2}, "bpp = 0.2 is not allowed; it must be at least"),
        ({"bpp": None, "psnr": 99, "iterations": 2}, "psnr = 99.0 is not allowed; it must be at most"),
    ],
)
def test_what_latents_cannot_be_is_said_in_one_sentence(wrong, said):
    with pytest.raises(refield.UserError, match=said) as error:
        refield.compress(PHOTOGRAPH, **{"bpp": 4, "progress": False, **wrong})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no file of `refield compress`"),
        (b"\x80\x04\x95\x0f\x00\x00\x00.", "no file of `refield compress`"),
        (b"\x8bRFD\x01\x02" + bytes(99), "bad.rfd is damaged: its checksum is wrong"),
    ],
)
def test_other_files_are_refused_and_nothing_is_written(tmp_path, content, said):
    (tmp_path / "bad.rfd").write_bytes(content)
    for command in ("info", "decompress"):
        assert said in run(command, "bad.rfd")[1]
    assert os.listdir() == ["bad.rfd"]
    assert "missing.rfd is missing" in run("info", "missing.rfd")[1]


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    compressed = refield.compress(PHOTOGRAPH, bpp=4, **SMALL)
    for path in ("missing/cup.rfd", "file/cup.rfd"):
        with pytest.raises(refield.UserError, match=r"cup.rfd cannot be written"):
            compressed.save(path)
    assert os.listdir() == ["file"]
