"""Published numbers that need no fit come out: of the pictures that they were measured on, where these are at hand."""

import os
from pathlib import Path

import pytest

from refield.scores.alignment import align_affine, psnr_of_values
from refield.scores.integrals import solve_gradient
from refield.signals.differences import image_gradient
from refield.signals.image import Image
from refield.signals.photographs import frame, load
from refield.signals.sources.addresses import DATA_DIRECTORY
from refield.tasks.superresolve import Superresolve

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


def test_least_squares_find_the_starfish_in_sobels_numbers() -> None:
    starfish = picture("12003.jpg", 128)
    target = image_gradient(starfish.values().reshape(128, 128, 1), "sobel")
    found = solve_gradient(target, "sobel").reshape(-1, 1)
    assert psnr_of_values(starfish, align_affine(found, starfish.values())) > 60
