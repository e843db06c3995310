"""Standard codecs: their files are what other libraries read, finer settings cost bits and give quality."""

import numpy as np
import pytest

from refield.codecs import CODECS, JpegXl, OfPillow, code, within
from refield.errors import UserError
from refield.scores.metrics import psnr_8bit

# From few bits to many.
SETTINGS = {"jpeg": (10, 80), "jpeg2000": (60, 10), "webp": (10, 80), "jpeg_xl": (10, 1)}
OTHERS = {"jpeg": "jpeg8", "jpeg2000": "jpeg2k", "webp": "webp", "avif_420": "avif", "avif_444": "avif"}


def photograph() -> np.ndarray:
    """Something smooth with an edge and some noise, never square."""
    rows, columns = np.mgrid[:48, :64]
    light = 120 + 60 * np.sin(rows / 9)[..., None] * np.cos(columns[..., None] / [7, 11, 17])
    light[:, 30:] += 40
    return np.clip(light + np.random.default_rng(0).normal(0, 4, light.shape), 0, 255).astype(np.uint8)


@pytest.fixture(params=sorted(CODECS))
def name(request):
    if missing := CODECS[request.param].format.missing():
        pytest.skip(missing)
    return request.param


def test_finer_settings_cost_bits_and_give_quality(name):
    pixels = photograph()
    coarse, fine = (code(name, pixels, setting) for setting in SETTINGS.get(name, (20, 80)))
    assert len(coarse.data) < len(fine.data)
    assert psnr_8bit(pixels, coarse.picture) + 3 < psnr_8bit(pixels, fine.picture)
    assert min(*coarse[2:], *fine[2:]) >= 0


@pytest.mark.parametrize("codec", ["jpeg", "webp"])
def test_within_a_size_no_better_file_is_left_out(codec):
    pixels = photograph()
    sizes = {quality: len(code(codec, pixels, quality).data) for quality in range(1, 101)}
    size = (sizes[30] + sizes[60]) // 2
    found = len(within(codec, pixels, size).data)
    assert sizes[30] < found <= size
    assert found >= max(each for each in sizes.values() if each <= size) - 20  # sizes do not rise quite steadily
    assert within(codec, pixels, 1).data == code(codec, pixels, CODECS[codec].least).data


def test_the_same_picture_gives_the_same_file(name):
    setting = SETTINGS.get(name, (20, 80))[1]
    assert code(name, photograph(), setting).data == code(name, photograph(), setting).data


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_another_library_reads_the_files(name):
    imagecodecs = pytest.importorskip("imagecodecs")
    if missing := CODECS[name].format.missing():
        pytest.skip(missing)
    coded = code(name, photograph(), SETTINGS.get(name, (20, 80))[1])
    theirs = getattr(imagecodecs, f"{OTHERS[name]}_decode")(coded.data)
    difference = np.abs(theirs.astype(int) - coded.picture)
    # Conversions from YCbCr round in their own ways.
    assert difference.max() <= 3
    assert difference.mean() < 0.5


@pytest.mark.parametrize(
    ("name", "setting", "said"),
    [
        ("jpeg", 101, "codecs.jpeg = 101 is not allowed; it must be a whole number from 1 to 100, as its quality is"),
        ("webp", 7.5, "codecs.webp = 7.5 is not allowed; it must be a whole number from 0 to 100, as its quality is"),
        ("jpeg_xl", 0, "it must be a number from 0.1 to 25, as its Butteraugli distance is"),
    ],
)
def test_a_setting_that_it_does_not_have_is_refused(name, setting, said):
    with pytest.raises(UserError) as error:
        CODECS[name].check(f"codecs.{name}", setting)
    assert said in str(error.value)


def test_what_is_not_installed_is_said_in_a_sentence(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("PIL.features.check", lambda _: False)
    with pytest.raises(UserError, match=r"^the codec jpeg_xl needs the Python package imagecodecs; pip install"):
        code("jpeg_xl", photograph(), 1)
    with pytest.raises(UserError, match=r"^the codec avif_444 needs a Pillow with avif, which"):
        code("avif_444", photograph(), 50)
    assert JpegXl().missing()
    assert OfPillow("JPEG", lambda _: {}).missing() is None
