"""Enlarged photographs: where their pixels are, what the check compares, and what is refused before any fit."""

import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

import refield
from refield import cli
from refield.interface import enlarged as enlarging
from refield.interface.enlarged import centres, enlarged
from refield.interface.request import Request
from refield.interface.upscale import FOR_ENLARGING, PROFILE, ask_to_enlarge, verdict
from refield.scores import controls

SMALL = {"iterations": 5, "width": 8, "progress": False}
PHOTOGRAPH = np.ascontiguousarray(skimage.data.coffee()[100:135, 200:246])  # 35 x 46: blocks of 2 leave a row over


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No clone: an empty folder."""
    monkeypatch.chdir(tmp_path)


def upscale(image=PHOTOGRAPH, by=2, *arguments, **settings) -> refield.Upscaled:
    return refield.upscale(image, by, *arguments, **{**SMALL, **settings})


def psnr(original, picture) -> float:
    return 10 * np.log10(255**2 / np.mean((original.astype(float) - picture) ** 2))


@pytest.mark.parametrize("by", [2, 3, 4, 8])
def test_small_pixels_fill_their_large_one_and_go_no_farther_than_both_ends(by):
    at = np.linspace(-1, 1, 12)
    small = centres(at, by)
    inside = small[by // 2 : -(by // 2)]
    np.testing.assert_allclose(np.diff(inside), 2 / 11 / by)
    np.testing.assert_allclose(small.reshape(12, by).mean(axis=1)[1:-1], at[1:-1])
    assert (small[: by // 2] == -1).all()
    assert (small[-(by // 2) :] == 1).all()
    np.testing.assert_array_equal(centres(np.array([-1.0]), by), [-1.0] * by)


def test_they_are_where_bicubic_has_them_and_not_where_render_has():
    """A ramp, enlarged, is the coordinates themselves; the borders apart, where bicubic repeats a pixel."""
    at = np.linspace(-1, 1, 12)
    ramp = controls.enlarged(at.reshape(1, 12, 1), 4, "bicubic")[0, :, 0]
    np.testing.assert_allclose(centres(at, 4)[8:-8], ramp[8:-8], atol=1e-6)
    assert np.abs(np.linspace(-1, 1, 48) - ramp)[8:-8].max() > 0.02  # of 0.18 between two pixels


@pytest.mark.parametrize(("method", "seed"), [("siren", 0), ("ours", 1)])
def test_the_middle_small_pixel_is_the_large_one(method, seed, monkeypatch):
    result = refield.fit(PHOTOGRAPH, method, seed=seed, **SMALL)
    large = enlarged(result, 3, "cpu")
    assert np.abs(large[1::3, 1::3].astype(int) - result.picture).max() <= 1
    monkeypatch.setattr(enlarging, "AT_ONCE", 1000)  # some rows at a time
    np.testing.assert_array_equal(enlarged(result, 3, "cpu"), large)


def test_the_check_does_to_the_reduced_photograph_what_is_done_to_the_whole():
    done = upscale(iterations=20, learning_rate=1e-3)
    assert (done.picture.shape, done.picture.dtype) == ((70, 92, 3), np.uint8)
    whole = refield.fit(PHOTOGRAPH, "siren", **{**SMALL, "iterations": 20, "learning_rate": 1e-3})
    np.testing.assert_array_equal(done.picture, enlarged(whole, 2, "cpu"))
    assert done.fit.files == whole.files

    original = PHOTOGRAPH[:34]
    reduced = np.rint(original.reshape(17, 2, 23, 2, 3).mean(axis=(1, 3))).astype(np.uint8)
    small = refield.fit(reduced, "siren", **{**SMALL, "iterations": 20, "learning_rate": 1e-3})
    assert done.scores["field"] == pytest.approx(psnr(original, enlarged(small, 2, "cpu")))
    for name in ("bicubic", "lanczos"):
        theirs = Image.fromarray(reduced).resize((46, 34), Image.Resampling[name.upper()])  # rounds twice
        assert done.scores[name] == pytest.approx(psnr(original, np.array(theirs)), abs=0.1)
    assert done.scores.keys() == {"field", "bicubic", "lanczos"}
    assert done.verdict == verdict(done.scores)
    assert done.seconds > 0


@pytest.mark.parametrize(
    ("field", "bicubic", "lanczos", "said"),
    [
        (30, 29, 29.5, "the field is better by 0.50 dB: the field 30.00 dB, bicubic 29.00 dB, Lanczos 29.50 dB"),
        (30, 29.95, 29.5, "bicubic is as good or better: the field 30.00 dB, bicubic 29.95 dB, Lanczos 29.50 dB"),
        (30, 29, 31, "Lanczos is as good or better: "),
        (25, 29, 31, "bicubic and Lanczos are as good or better: "),
        (np.inf, np.inf, np.inf, "bicubic and Lanczos are as good or better: the field inf dB"),
    ],
)
def test_the_verdict_says_plainly_which_is_as_good(field, bicubic, lanczos, said):
    assert verdict({"field": field, "bicubic": bicubic, "lanczos": lanczos}).startswith(said)


def test_without_a_check_a_small_photograph_will_do():
    done = upscale(PHOTOGRAPH[:11, :12], 8, check=False)
    assert done.picture.shape == (88, 96, 3)
    assert done.scores == {}
    assert "not checked" in done.verdict


def test_greys_stay_grey():
    grey = PHOTOGRAPH[..., 1]
    Image.fromarray(grey).save("grey.png")
    pictures = [upscale(image, check=False).picture for image in ("grey.png", grey, grey / 255)]
    assert pictures[0].shape == (70, 92)
    for picture in pictures[1:]:
        np.testing.assert_array_equal(picture, pictures[0])
    assert upscale(np.stack([grey] * 3, axis=-1), check=False).picture.shape == (70, 92, 3)  # as the array has them


def test_settings_are_those_for_enlarging_or_a_profiles_and_one_can_name_others():
    def asked(profile=None, **settings):
        unit = ask_to_enlarge(PHOTOGRAPH, 2, None, profile, settings=settings).whole.unit
        return {key: getattr(unit.field if key == "width" else unit.train, key) for key in FOR_ENLARGING}, unit

    assert asked()[0] == FOR_ENLARGING
    assert asked(width=16)[0] == {**FOR_ENLARGING, "width": 16}
    assert asked(PROFILE)[0] != FOR_ENLARGING
    assert set(asked()[1].field.gates) == {"dense"}  # the tiles of others have seams
    reduced = ask_to_enlarge(PHOTOGRAPH, 2, "ours", None).reduced
    assert reduced.unit.labels.shape == (17, 23)  # cut from what the field may know


@pytest.fixture
def no_fit(monkeypatch):
    """Whatever fits fails."""
    monkeypatch.setattr(Request, "make", lambda *_: pytest.fail("a fit was made"))


REFUSED = [
    *(({"by": by}, "by = .* is not allowed; it must be a whole number from 2 to 8") for by in (1, 9, 2.5, True, "2")),
    ({"by": float("nan")}, "by = nan is not allowed"),
    ({"by": 4}, "image: is 46x35 pixels; to be checked at by = 4 every side must have at least 44"),
    ({"image": PHOTOGRAPH[:10]}, "image: is 46x10 pixels; every side must have at least 11"),
    ({"image": np.zeros((1200, 1200), np.uint8), "by": 8}, "image: is 1200x1200 pixels, too many for by = 8; an enl"),
    ({"image": "nothing.png"}, "nothing.png is missing"),
    ({"image": "clear.png"}, "clear.png: is transparent in places; flatten it"),
    ({"method": "best"}, "'best' is no method of"),
    ({"profile": "best"}, "'best' is no profile of"),
    ({"iteration": 3}, "iteration is not a known keyword"),
    ({"device": "tpu"}, "device = 'tpu' is not allowed"),
]


@pytest.mark.parametrize(("wrong", "said"), REFUSED, ids=[f"{wrong}"[:30] for wrong, _ in REFUSED])
@pytest.mark.usefixtures("no_fit")
def test_what_cannot_be_enlarged_is_said_in_one_sentence_before_any_fit(wrong, said):
    Image.fromarray(np.dstack([PHOTOGRAPH, PHOTOGRAPH[..., 0]])).save("clear.png")
    with pytest.raises(refield.UserError, match=said) as error:
        upscale(**wrong)
    assert "\n" not in str(error.value)


@pytest.fixture
def run(monkeypatch, capsys):
    """Exit status and output of the command."""

    def ran(*arguments):
        few = ["--iterations", "5", "--width", "8"]
        monkeypatch.setattr(sys, "argv", ["refield", "upscale", *map(str, arguments), *few])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, *capsys.readouterr()

    return ran


def test_the_command_writes_a_picture_beside_the_photograph_and_says_whether_it_was_worth_it(run):
    Path("cups").mkdir()
    Image.fromarray(PHOTOGRAPH).save("cups/cup.png")
    status, said, progress = run("cups/cup.png", "--by", "2")
    assert status == 0
    done = upscale("cups/cup.png")
    first, last = said.splitlines()
    assert first == f"reduced by 2 and enlarged again: {done.verdict}"
    assert last.startswith("cups/cup-x2.png: 92 x 70 pixels, ")
    assert last.endswith(f"at the photograph's own pixels the field has {done.fit.curve['psnr'].iloc[-1]:.2f} dB")
    assert "cup, reduced" in progress
    np.testing.assert_array_equal(np.array(Image.open("cups/cup-x2.png")), done.picture)

    Path("cups/cup-x2.png").write_bytes(b"mine")
    status, said, error = run("cups/cup.png", "--by", "2")
    assert (status, said) == (1, "")
    assert error == "error: cups/cup-x2.png is there already; --force, or force=True, replaces it\n"
    assert Path("cups/cup-x2.png").read_bytes() == b"mine"
    assert run("cups/cup.png", "--by", "2", "--force", "--no-check")[1].count("\n") == 1
    assert np.array(Image.open("cups/cup-x2.png")).shape == (70, 92, 3)
    assert run("cups/cup.png", "--by", "3", "--no-check", "-o", "large.PNG", "--seed", "1")[0] == 0
    assert sorted(file.name for file in Path().rglob("*") if file.is_file()) == ["cup-x2.png", "cup.png", "large.PNG"]


@pytest.mark.usefixtures("no_fit")
def test_what_the_command_cannot_do_is_said_before_any_fit(run):
    Image.fromarray(PHOTOGRAPH).save("cup.png")
    Path("folder.png").mkdir()
    for arguments, said in [
        (("--by", "2.5"), "by = 2.5 is not allowed; it must be a whole number from 2 to 8"),
        (("-o", "large.jpg"), "large.jpg is not allowed; it must end in .png"),
        (("-o", "cup.png/large.png"), "cup.png cannot be made a folder: "),
        (("-o", "folder.png"), "folder.png is a folder; a file is to be written"),
        (("-o", "cup.png", "--force"), "cup.png is the photograph itself, which is not replaced"),
        (("--by", "4"), "cup.png: is 46x35 pixels; to be checked at by = 4 every side must have at least 44"),
    ]:
        status, _, error = run("cup.png", *arguments)
        assert status == 1
        assert error.startswith(f"error: {said}")
        assert error.count("\n") == 1
