import math

import numpy as np
import pytest
from small import TASKS_ALONE

from refield.scores.metrics import psnr_8bit
from refield.signals.image import Image
from refield.tasks import build, describe
from refield.tasks.problem import squared_error
from refield.tasks.represent import Represent


def photograph(height: int, width: int, channels: int = 3) -> Image:
    return Image(np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_problem_is_every_pixel(channels: int) -> None:
    image, labels = photograph(4, 6, channels), np.arange(24)
    problem = Represent().problem(image, labels)
    np.testing.assert_array_equal(problem.points, image.points())
    np.testing.assert_array_equal(problem.target, image.values())
    np.testing.assert_array_equal(problem.labels, labels)
    assert (problem.target.shape, problem.channels, problem.importance) == ((24, channels), channels, None)
    assert problem.loss is squared_error
    assert problem.mean_squared_error(image.values()) == 0


def test_the_target_finishes_to_the_image() -> None:
    image = photograph(4, 6)
    estimate = Represent().finish(Represent().problem(image, None).target, image)
    np.testing.assert_array_equal(estimate.pixels, image.pixels)


def test_scores_of_the_image_itself_are_perfect() -> None:
    image = photograph(16, 20)
    assert Represent().score(image, image) == {"psnr_8bit": math.inf, "ssim": 1, "iou": 1}


def test_scores_are_the_measures_in_order() -> None:
    image, noisy = photograph(16, 20), Image(photograph(16, 20).pixels // 2)
    scores = Represent().score(image, noisy)
    assert list(scores) == [measure.name for measure in Represent.measures]
    assert scores["psnr_8bit"] == psnr_8bit(image.pixels, noisy.pixels)
    assert scores["iou"] != Represent(iou_regions=2).score(image, noisy)["iou"]


@pytest.mark.parametrize("name", TASKS_ALONE)
def test_a_description_makes_the_task_again_but_for_what_only_scores_know(name: str) -> None:
    task = build({"kind": name})
    assert describe(task)["kind"] == name
    assert build(describe(task)) == task
    assert not task.only_scores & set(describe(task))
