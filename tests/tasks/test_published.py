"""Published numbers that need no fit come out: of the pictures that they were measured on, where these are at hand."""

import os
from pathlib import Path

import pytest
from pipeline import ROOT
from skimage.metrics import structural_similarity

from refield.scores.alignment import align_affine, psnr_of_values
from refield.scores.controls import enlarged
from refield.scores.integrals import solve_gradient
from refield.scores.srgan import Generator
from refield.signals.differences import image_gradient
from refield.signals.image import Image
from refield.signals.photographs import frame, load
from refield.signals.sources.addresses import DATA_DIRECTORY, LIST, read_list
from refield.tasks.superresolve import Superresolve
from refield.units.controls import score_srgan

DATA = os.environ.get(DATA_DIRECTORY)
pytestmark = pytest.mark.skipif(not DATA, reason=f"{DATA_DIRECTORY} names no folder with the pictures")


def picture(name: str, long: int | None = None) -> Image:
    (file,) = Path(str(DATA)).rglob(name)
    return Image(frame(load(file, "grey"), "resize" if long else "native", long, long))


@pytest.fixture(scope="module")
def camera() -> Image:
    """The classic one, 512 x 512."""
    return picture("camera.png")


@pytest.mark.parametrize(("factor", "published"), [(2, 33.203), (4, 26.667), (8, 22.875)])
def test_bicubic_enlargement_of_camera(camera: Image, factor: int, published: float) -> None:
    """koudounasalkis/SIREN at 704f5d8, step5 results; aligned by the pixels' areas, and not by the end pixels."""
    scores = Superresolve(factor=factor, reduction="bilinear").score(camera, camera)
    assert scores["psnr_bicubic"] == pytest.approx(published, abs=0.05)
    assert scores["psnr_bicubic_ends"] < published - 0.4


def test_ssim_of_bicubic_enlargement_is_published_in_windows_of_7_x_7_pixels(camera: Image) -> None:
    """The same results, of a factor of 8; ours, of windows that weigh pixels by a Gaussian, is another number."""
    task = Superresolve(factor=8, reduction="bilinear")
    large = enlarged(task.reduce(camera).reshape(64, 64, 1), 8, "bicubic").reshape(-1, 1)
    pair = camera.pixels[..., 0], camera.with_values(large).pixels[..., 0]
    assert structural_similarity(*pair, win_size=7, data_range=255) == pytest.approx(0.7032, abs=0.001)
    assert task.score(camera, camera)["ssim_bicubic"] > 0.7132


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "measured"), [(2, 34.92), (4, 29.26), (8, 24.57)])
def test_srgans_enlargement_of_camera(camera: Image, factor: int, measured: float) -> None:
    """leftthomas/SRGAN at b0323c6, as it was measured before this code was written; by weights that a paper names."""
    name = f"netG_epoch_{factor}_100.pth"
    listed = read_list(ROOT / f"papers/siren_polito/sources/paper_upscale_x{factor}" / LIST)[name]
    (file,) = Path(str(DATA)).rglob(name)
    task = Superresolve(factor=factor, reduction="bilinear")
    scores = score_srgan(camera, task, Generator(file=str(file), sha256=listed.sha256))
    assert scores["psnr_srgan"] == pytest.approx(measured, abs=0.1)
    assert scores["psnr_srgan"] > task.score(camera, camera)["psnr_bicubic"] + 1
    assert scores["ssim_srgan"] > task.score(camera, camera)["ssim_bicubic"]


def test_least_squares_find_the_starfish_in_sobels_numbers() -> None:
    starfish = picture("12003.jpg", 128)
    target = image_gradient(starfish.values().reshape(128, 128, 1), "sobel")
    found = solve_gradient(target, "sobel").reshape(-1, 1)
    assert psnr_of_values(starfish, align_affine(found, starfish.values())) > 60
