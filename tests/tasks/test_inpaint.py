import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from refield.errors import UserError
from refield.signals.image import Image
from refield.tasks.inpaint import Inpaint
from refield.tasks.problem import squared_error

MASKS = [Inpaint(hidden=0.3, mask_seed=5), Inpaint(mask="text", mask_seed=5)]
SIZES = [(128, 192), (192, 128), (24, 16), (16, 24), (11, 11), (20, 200), (200, 20)]


def photograph(height: int, width: int, channels: int = 3, seed: int = 0) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8))


def psnr(reference: np.ndarray, estimate: np.ndarray) -> float:
    return 10 * math.log10(255**2 / np.mean((reference.astype(float) - estimate) ** 2))


@given(st.integers(2, 12), st.integers(2, 12), st.floats(0.2, 0.8), st.integers(0, 9))
def test_a_random_mask_hides_exactly_its_share(height: int, width: int, hidden: float, seed: int) -> None:
    mask = Inpaint(hidden=hidden, mask_seed=seed).draw_mask((height, width))
    assert (mask.dtype, mask.shape) == (bool, (height, width))
    assert mask.sum() == round(hidden * height * width)


def test_a_random_mask_hides_every_pixel_equally_often() -> None:
    """1,000 masks of 25 %: each pixel's share has a standard deviation of 0.014."""
    share = np.mean([Inpaint(hidden=0.25, mask_seed=seed).draw_mask((4, 6)) for seed in range(1000)], axis=0)
    np.testing.assert_allclose(share, 0.25, atol=0.07)


@pytest.mark.parametrize("task", MASKS, ids=lambda task: task.mask)
def test_the_mask_is_the_seeds(task: Inpaint) -> None:
    mask, another = task.draw_mask((32, 48)), task.model_copy(update={"mask_seed": 6}).draw_mask((32, 48))
    np.testing.assert_array_equal(mask, task.model_copy().draw_mask((32, 48)))
    assert (mask != another).any()


def test_a_smaller_share_hides_some_of_the_same_pixels() -> None:
    less, more = (Inpaint(hidden=hidden).draw_mask((9, 7)) for hidden in (0.3, 0.6))
    assert more[less].all()


@pytest.mark.parametrize("size", SIZES)
def test_text_hides_some_of_any_image(size: tuple[int, int]) -> None:
    for seed in range(5):
        mask = Inpaint(mask="text", mask_seed=seed).draw_mask(size)
        assert (mask.dtype, mask.shape) == (bool, size)
        assert 0.02 < mask.mean() < 0.4


@pytest.mark.parametrize("size", [(128, 192), (200, 20), (20, 200)])
def test_text_reaches_everywhere(size: tuple[int, int]) -> None:
    """No quarter of the image is without."""
    mask = Inpaint(mask="text").draw_mask(size)
    for half in np.array_split(mask, 2, axis=0):
        for quarter in np.array_split(half, 2, axis=1):
            assert quarter.mean() > 0.02


@pytest.mark.parametrize(
    ("task", "size", "words"),
    [
        (Inpaint(hidden=0.01), (4, 6), "has 4 x 6 pixels, of which task.hidden = 0.01 hides none;"),
        (Inpaint(hidden=0.99), (4, 6), "has 4 x 6 pixels, of which task.hidden = 0.99 hides all;"),
        (Inpaint(mask="text"), (1, 1), "has 1 x 1 pixels, of which task.mask = text hides none;"),
    ],
)
def test_a_mask_of_everything_or_nothing_is_refused(task: Inpaint, size: tuple[int, int], words: str) -> None:
    with pytest.raises(UserError, match=words):
        task.problem(photograph(*size), None)


@pytest.mark.parametrize("keys", [{"hidden": 0.0}, {"hidden": 1.0}, {"hidden": math.nan}, {"mask_seed": -1}])
def test_impossible_keys_are_refused(keys: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Inpaint(**keys)


@pytest.mark.parametrize("task", MASKS, ids=lambda task: task.mask)
@pytest.mark.parametrize("channels", [1, 3])
def test_importance_hides_exactly_the_mask(task: Inpaint, channels: int) -> None:
    image, labels = photograph(24, 16, channels), np.arange(24 * 16)
    problem = task.problem(image, labels)
    np.testing.assert_array_equal(problem.importance.reshape(24, 16) == 0, task.draw_mask((24, 16)))
    assert set(problem.importance) == {0, 1}
    np.testing.assert_array_equal(problem.points, image.points())
    np.testing.assert_array_equal(problem.target, image.values())
    np.testing.assert_array_equal(problem.labels, labels)
    assert task.least_squares
    assert problem.loss is squared_error


def test_the_loss_is_the_mean_over_visible_pixels() -> None:
    task, image = MASKS[0], photograph(24, 16)
    values = np.random.default_rng(1).uniform(-1, 1, image.values().shape)
    visible = ~task.draw_mask((24, 16)).ravel()
    expected = np.mean((values - image.values())[visible] ** 2)
    values[~visible] = 1e6  # whatever a field says there
    assert task.problem(image, None).mean_squared_error(values) == pytest.approx(expected, rel=1e-12)


def test_an_exact_reconstruction_is_infinitely_good() -> None:
    image = photograph(24, 16)
    scores = MASKS[0].score(image, MASKS[0].finish(image.values(), image))
    assert scores == {"psnr_hidden": math.inf, "psnr_visible": math.inf, "psnr_8bit": math.inf, "ssim": 1}
    assert list(scores) == [measure.name for measure in Inpaint.measures]


@pytest.mark.parametrize("task", MASKS, ids=lambda task: task.mask)
def test_hidden_and_visible_errors_are_told_apart(task: Inpaint) -> None:
    """Every hidden value is off by 16, every visible one by 4: 10 log10(255^2 / 256) and 10 log10(255^2 / 16)."""
    image = Image(np.full((24, 16, 3), 100, np.uint8))
    mask = task.draw_mask((24, 16))
    estimate = Image(np.where(mask[..., None], 84, 104).astype(np.uint8).repeat(3, axis=2))
    scores = task.score(image, estimate)
    assert scores["psnr_hidden"] == pytest.approx(24.0484, abs=1e-4)
    assert scores["psnr_visible"] == pytest.approx(36.0896, abs=1e-4)


def test_only_the_hidden_pixels_count_as_hidden() -> None:
    image, mask = photograph(24, 16), MASKS[0].draw_mask((24, 16))
    inverted = Image(np.where(mask[..., None], 255 - image.pixels, image.pixels))
    scores = MASKS[0].score(image, inverted)
    assert scores["psnr_visible"] == math.inf
    assert scores["psnr_hidden"] < scores["psnr_8bit"] < math.inf
    assert scores["psnr_hidden"] == pytest.approx(psnr(image.pixels[mask], inverted.pixels[mask]))


@pytest.mark.parametrize("task", MASKS, ids=lambda task: task.mask)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_whole_error_is_the_weighted_mean_of_both(task: Inpaint, channels: int) -> None:
    image, estimate = photograph(24, 16, channels), photograph(24, 16, channels, seed=1)
    scores, share = task.score(image, estimate), task.draw_mask((24, 16)).mean()
    hidden, visible, whole = (255**2 / 10 ** (scores[f"psnr_{name}"] / 10) for name in ("hidden", "visible", "8bit"))
    assert whole == pytest.approx(share * hidden + (1 - share) * visible, rel=1e-9)
