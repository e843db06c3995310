"""Rates: CSVs come back as written, curves rise, BD-rates are what the integral says, MS-SSIM keeps its laws."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from refield.errors import UserError
from refield.scores.bd_rate import bd_rate, mean_bd_rate
from refield.scores.ms_ssim import SMALLEST, ms_ssim
from refield.scores.rates import COLUMNS, Curve, Rate, as_csv, by_image, means, parse_rates, pchip, rate, read_rates

BPP, PSNR = np.array([0.1, 0.2, 0.45, 0.9, 2.0]), np.array([25.0, 28.0, 31.5, 34.5, 39.0])
CURVE = Curve(BPP, PSNR)


def rows(images: int = 3, codec: str = "jpeg", factor: float = 1.0) -> pd.DataFrame:
    made = [
        Rate(f"image{i}", codec, f"{setting}", round(1000 * bpp * factor), bpp * factor, psnr + i, np.nan)
        for i in range(images)
        for setting, (bpp, psnr) in enumerate(zip(BPP, PSNR, strict=True))
    ]
    return pd.DataFrame(made, columns=pd.Index(COLUMNS))


def test_rows_come_back_from_their_file(tmp_path):
    picture = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)
    made = [
        rate(name, "NA", setting, 24, picture, picture ^ 1) for name in ("007", "NA", "1e5") for setting in ("1", "")
    ]
    (tmp_path / "a.csv").write_text(as_csv(made))
    found = read_rates(tmp_path / "a.csv")
    assert [tuple(row) for row in found[["image", "codec", "setting"]].to_numpy()] == [each[:3] for each in made]
    assert found["bpp"].tolist() == [1.0] * 6
    assert found["psnr"].tolist() == pytest.approx([20 * np.log10(255)] * 6)
    assert found["ms_ssim"].isna().all()


HEAD = ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD},extra\n", "has the columns image,codec,setting,bytes,bpp,psnr,ms_ssim,extra; they must be"),
        (HEAD.replace(",psnr", "") + "\n", "they must be image,codec,setting,bytes,bpp,psnr,ms_ssim"),
        (f"{HEAD}\na,jpeg,1,10,much,30,\n", "has what is no number in its column bpp"),
        (f"{HEAD}\na,jpeg,1,0,0,30,\n", "has a row whose bytes or bpp are not above 0"),
        (f"{HEAD}\na,jpeg,1,10,1,,\n", "has a row without psnr"),
        (f"{HEAD}\na,jpeg,1,10,1,30,\na,jpeg,1,11,1,31,\n", "has two rows of a, jpeg, 1"),
        ("", "is no CSV file"),
    ],
)
def test_a_file_that_has_no_rates_is_refused_by_name(tmp_path, text, said):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UserError) as error:
        read_rates(tmp_path / "a.csv")
    assert str(error.value).startswith(f"{tmp_path / 'a.csv'} ")
    assert said in str(error.value)


def test_a_curve_has_no_file_that_another_beats():
    curve = Curve.of([0.3, 0.1, 0.2, 0.25, 0.2, 0.4], [30.0, 25.0, 28.0, 27.0, 26.0, np.inf])
    assert curve.bpp.tolist() == [0.1, 0.2, 0.3]
    assert curve.quality.tolist() == [25.0, 28.0, 30.0]
    with pytest.raises(ValueError, match="finite"):
        Curve.of([1.0], [np.inf])


def test_quality_at_a_rate_is_the_points_own_and_nothing_beyond_them():
    assert [CURVE.at(bpp) for bpp in BPP] == pytest.approx(PSNR)
    assert 28.0 < CURVE.at(0.3) < 31.5
    assert np.isnan([CURVE.at(0.09), CURVE.at(2.1)]).all()


def test_means_are_of_settings_that_all_images_have():
    some = rows(2).drop(index=0)  # image0 lacks the first setting
    found = means(some)
    assert found["setting"].tolist() == ["1", "2", "3", "4"]
    assert found["psnr"].tolist() == (PSNR[1:] + 0.5).tolist()
    assert means(rows(1).iloc[::-1])["bpp"].tolist() == BPP.tolist()


def test_bd_rate_of_known_curves():
    assert bd_rate(CURVE, CURVE) == pytest.approx(0)
    assert bd_rate(CURVE, Curve(BPP / 2, PSNR)) == pytest.approx(-50)
    assert bd_rate(Curve(BPP / 2, PSNR), CURVE) == pytest.approx(100)
    assert bd_rate(CURVE, Curve(BPP, PSNR + 20)) is None


def test_bd_rate_is_the_mean_difference_of_log_rates():
    other = Curve(np.array([0.15, 0.3, 1.0, 1.5]), np.array([27.0, 29.0, 36.0, 37.0]))
    low, high = 27.0, 37.0
    logs = [pchip(each.quality, np.log(each.bpp)) for each in (CURVE, other)]
    mean = quad(lambda psnr: logs[1](psnr) - logs[0](psnr), low, high, points=[28, 29, 31.5, 34.5, 36])[0] / (
        high - low
    )
    assert bd_rate(CURVE, other) == pytest.approx(100 * (np.exp(mean) - 1), rel=1e-6)


def test_pchip_is_a_cubic_of_fritsch_and_carlsons_slopes():
    """By hand: the slope at an inner point is the weighted harmonic mean of both secants."""
    x, y = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 3.0])
    weights = np.array([2 * 2 + 1, 2 + 2 * 1])  # of widths 1 and 2
    slope = weights.sum() / (weights[0] / 2.0 + weights[1] / 0.5)
    assert float(pchip(x, y).derivative()(1.0)) == pytest.approx(slope)


def test_bd_rates_of_images_have_a_mean_and_an_interval():
    anchor = by_image(rows(4))
    test = {**by_image(rows(3, factor=0.5)), "image3": Curve(BPP, PSNR + 100)}
    found = mean_bd_rate(anchor, test)
    assert (found.mean, found.low, found.high) == pytest.approx((-50, -50, -50))
    assert str(found) == "-50.0 % [-50.0, -50.0], 3 of 4 images"
    assert str(mean_bd_rate(by_image(rows(1)), by_image(rows(1, factor=2)))) == "+100.0 %"
    assert mean_bd_rate({"a": CURVE}, {"b": CURVE}) is None


def picture(seed: int, height: int = SMALLEST, width: int = SMALLEST + 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(40, 200, (height, width, 3), dtype=np.uint8)


def test_ms_ssim_of_an_image_with_itself_is_1():
    assert ms_ssim(picture(0), picture(0)) == pytest.approx(1, abs=1e-6)


def test_ms_ssim_of_flat_images_is_their_luminance_at_the_coarsest_scale():
    """They have neither contrast nor structure, so that those terms are 1."""
    x, y = 100, 140
    c1 = (0.01 * 255) ** 2
    luminance = (2 * x * y + c1) / (x**2 + y**2 + c1)
    flat = np.full((SMALLEST, SMALLEST, 1), x, np.uint8)
    assert ms_ssim(flat, flat + np.uint8(y - x)) == pytest.approx(luminance**0.1333, abs=1e-5)


def test_ms_ssim_falls_with_noise_is_symmetric_and_the_mean_of_channels():
    x = picture(1)
    near, far = (np.clip(x + np.random.default_rng(2).normal(0, s, x.shape), 0, 255).astype(np.uint8) for s in (5, 40))
    assert 1 > ms_ssim(x, near) > ms_ssim(x, far) > 0
    assert ms_ssim(x, far) == pytest.approx(ms_ssim(far, x))
    channels = [ms_ssim(x[..., c : c + 1], far[..., c : c + 1]) for c in range(3)]
    assert ms_ssim(x, far) == pytest.approx(np.mean(channels))


def test_ms_ssim_of_one_scale_is_that_of_scikit_image(monkeypatch):
    from skimage.metrics import structural_similarity

    monkeypatch.setattr("refield.scores.ms_ssim.WEIGHTS", np.array([1.0]))
    x, y = picture(3)[..., 0], picture(4)[..., 0]
    _, whole = structural_similarity(
        x, y, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    assert ms_ssim(x[..., None], y[..., None]) == pytest.approx(whole[5:-5, 5:-5].mean(), abs=1e-5)


def test_small_images_have_no_ms_ssim():
    x = picture(5, SMALLEST - 1)
    assert np.isnan(ms_ssim(x, x))
    assert parse_rates(as_csv([rate("a", "b", "c", 1, x, x ^ 1)]).encode())["ms_ssim"].isna().all()
