import math

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from refield.scores.edges import edge_error, edge_f_score, gradient_correlation
from refield.scores.fitted import FieldMeasure
from refield.scores.metrics import psnr_8bit
from refield.signals.drawn import DRAWN
from refield.signals.image import Image
from refield.tasks.edges import Edges
from refield.tasks.problem import squared_error
from refield.tasks.represent import Represent


def photograph(height: int, width: int, channels: int = 3, seed: int = 0) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_problem_is_that_of_a_representation(channels: int) -> None:
    image, labels = photograph(4, 6, channels), np.arange(24)
    problem, other = (task.problem(image, labels) for task in (Edges(), Represent()))
    for name in ("points", "target", "labels"):
        np.testing.assert_array_equal(getattr(problem, name), getattr(other, name))
    assert (problem.channels, problem.importance, problem.wanted) == (channels, None, None)
    assert problem.loss is squared_error
    assert Edges().least_squares


def test_the_target_finishes_to_the_image() -> None:
    image = photograph(4, 6)
    np.testing.assert_array_equal(Edges().finish(image.values(), image).pixels, image.pixels)


@pytest.mark.parametrize("image", [photograph(16, 20), photograph(16, 20, 1), Image(np.full((16, 20, 3), 9, np.uint8))])
def test_scores_of_the_image_itself_are_perfect(image: Image) -> None:
    scores = Edges().score(image, image)
    assert list(scores) == [each.name for each in Edges.measures if not isinstance(each, FieldMeasure)]
    errors = [scores.pop(name) for name in ("edge_error", "flat_error")]
    assert scores == {"edge_f_score": 1, "gradient_correlation": 1, "psnr_8bit": math.inf, "ssim": 1}
    assert 0 in errors
    assert all(error == 0 or math.isnan(error) for error in errors)  # of a picture that has no edges, or nothing flat


def test_scores_are_of_both_pictures() -> None:
    image, other = photograph(16, 20), photograph(16, 20, seed=1)
    scores = Edges().score(image, other)
    assert scores["edge_f_score"] == edge_f_score(image.pixels, other.pixels) < 1
    assert scores["gradient_correlation"] == gradient_correlation(image.pixels, other.pixels) < 0.5
    assert scores["psnr_8bit"] == psnr_8bit(image.pixels, other.pixels)
    assert scores["edge_error"] == edge_error(image.pixels, other.pixels) > 50


def test_blur_errs_on_edges_and_noise_where_the_picture_is_flat() -> None:
    picture = DRAWN["transitions_96"]()
    noise = np.random.default_rng(0).integers(-20, 21, picture.shape)
    noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
    blurred = uniform_filter(picture, (3, 3, 1))
    blur, grain = (Edges().score(Image(picture), Image(estimate)) for estimate in (blurred, noisy))
    assert blur["flat_error"] == 0
    assert blur["edge_error"] > 50
    assert grain["flat_error"] == pytest.approx(grain["edge_error"], rel=0.1)
    assert [measure.higher_is_better for measure in Edges.measures] == 6 * [True] + 2 * [False]


def test_a_blurred_picture_keeps_fewer_edges_than_a_darker_one() -> None:
    """Which the PSNR sees the other way round."""
    tiles = np.random.default_rng(0).choice(np.array([60, 180], np.uint8), (8, 10))
    sharp = np.kron(tiles, np.ones((6, 6), np.uint8))[..., None]
    blurred = uniform_filter(sharp, (9, 9, 1))
    image = Image(sharp)
    dark, blur = (Edges().score(image, Image(picture)) for picture in (sharp - 60, blurred))
    assert dark["edge_f_score"] == dark["gradient_correlation"] == 1
    assert blur["edge_f_score"] < 0.9
    assert blur["gradient_correlation"] < 0.9
    assert blur["psnr_8bit"] > dark["psnr_8bit"]
