import hashlib
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from pydantic import ValidationError

from refield.errors import UserError, shown
from refield.scores import controls
from refield.signals.image import Image
from refield.tasks import build, describe
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
    assert mask.sum() == round(hidden * (height * width))


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
    control = scores.pop("psnr_hidden_biharmonic")
    assert scores == {"psnr_hidden": math.inf, "psnr_visible": math.inf, "psnr_8bit": math.inf, "ssim": 1}
    assert control < 20  # noise has no surface
    assert list(MASKS[0].score(image, image)) == [measure.name for measure in Inpaint.measures]


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


@pytest.mark.parametrize("channels", [1, 3])
def test_the_control_is_the_biharmonic_filling_whatever_the_field_says(channels: int) -> None:
    image, task = photograph(24, 16, channels), MASKS[1]
    mask = task.draw_mask((24, 16))
    expected = psnr(image.pixels[mask], controls.biharmonic(image.pixels, mask)[mask])
    for estimate in (image, photograph(24, 16, channels, seed=1)):
        assert task.score(image, estimate)["psnr_hidden_biharmonic"] == pytest.approx(expected)


@pytest.mark.parametrize("task", MASKS, ids=lambda task: task.mask)
def test_a_smooth_picture_needs_no_field(task: Inpaint) -> None:
    rows, columns = np.mgrid[:24, :16]
    ramp = Image((4 * rows + 6 * columns).astype(np.uint8)[..., None])
    assert task.score(ramp, photograph(24, 16, 1))["psnr_hidden_biharmonic"] > 40


def test_what_was_described_before_is_described_the_same() -> None:
    """A fit is known by this."""
    assert describe(Inpaint()) == {"kind": "inpaint", "mask": "random", "hidden": 0.8, "mask_seed": 0}
    assert describe(MASKS[1]) == {"kind": "inpaint", "mask": "text", "hidden": 0.8, "mask_seed": 5}


DISC = np.hypot(*np.mgrid[-11.5:12, -7.5:8]) < 5  # (24, 16)


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def picture(file: Path, pixels: np.ndarray) -> Inpaint:
    """The task of the mask that is written into a file."""
    Pillow.fromarray(pixels).save(file)
    return Inpaint(mask="file", mask_file=str(file), mask_sha256=sha256(file))


def black_and_white(hidden: np.ndarray) -> np.ndarray:
    return np.where(hidden, 0, 255).astype(np.uint8)


class TestFiles:
    @pytest.mark.parametrize("name", ["mask.png", "mask.bmp", "mask.tif", "mask.gif", "mask.webp", "mask.pgm"])
    def test_black_hides(self, tmp_path: Path, name: str) -> None:
        pixels = black_and_white(DISC)
        file = tmp_path / name
        Pillow.fromarray(pixels).save(file, **({"lossless": True} if name == "mask.webp" else {}))
        task = Inpaint(mask="file", mask_file=str(file), mask_sha256=sha256(file))
        mask = task.draw_mask((24, 16))
        assert mask.dtype == bool
        np.testing.assert_array_equal(mask, DISC)

    @pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "RGBA", "LA"])
    def test_a_picture_may_be_stored_in_any_mode(self, tmp_path: Path, mode: str) -> None:
        file = tmp_path / "mask.png"
        Pillow.fromarray(black_and_white(DISC)).convert(mode).save(file)
        task = Inpaint(mask="file", mask_file=str(file), mask_sha256=sha256(file))
        np.testing.assert_array_equal(task.draw_mask((24, 16)), DISC)

    def test_the_problem_and_the_scores_are_those_of_the_mask(self, tmp_path: Path) -> None:
        task, image = picture(tmp_path / "mask.png", black_and_white(DISC)), photograph(24, 16)
        np.testing.assert_array_equal(task.problem(image, None).importance.reshape(24, 16) == 0, DISC)
        inverted = Image(np.where(DISC[..., None], 255 - image.pixels, image.pixels))
        scores = task.score(image, inverted)
        assert scores["psnr_visible"] == math.inf
        assert scores["psnr_hidden"] == pytest.approx(psnr(image.pixels[DISC], inverted.pixels[DISC]))

    @pytest.mark.parametrize("corner", [(0, 0), (3, 0), (0, 5), (8, 6), (14, 8)])
    def test_an_image_may_be_a_window_of_a_larger_picture(self, tmp_path: Path, corner: tuple[int, int]) -> None:
        """It has the mask that it had as a part of the whole."""
        row, column = corner
        whole = picture(tmp_path / "mask.png", black_and_white(DISC))
        task = Inpaint(**whole.model_dump() | {"mask_corner": [row, column]})
        window = DISC[row : row + 10, column : column + 8]
        np.testing.assert_array_equal(task.draw_mask((10, 8)), window)
        assert build(describe(task)) == task
        assert describe(task) != describe(task.model_copy(update={"mask_corner": (row, column + 1)}))
        assert "mask_corner" not in describe(whole)

    @pytest.mark.parametrize(
        ("corner", "remains"), [((15, 0), "9 x 16"), ((0, 9), "24 x 7"), ((24, 9), "0 x 7"), ((99, 0), "0 x 16")]
    )
    def test_an_image_that_is_not_within_the_picture_is_refused(
        self, tmp_path: Path, corner: tuple[int, int], remains: str
    ) -> None:
        whole = picture(tmp_path / "mask.png", black_and_white(DISC))
        task = whole.model_copy(update={"mask_corner": corner})
        with pytest.raises(UserError) as error:
            task.problem(photograph(10, 8), None)
        file = shown(whole.mask_file)
        assert str(error.value) == (
            f"has 10 x 8 pixels, and from task.mask_corner = {list(corner)} on task.mask_file = {file} "
            f"has {remains}; the image must lie within it"
        )

    def test_a_window_without_a_hidden_pixel_is_refused(self, tmp_path: Path) -> None:
        whole = picture(tmp_path / "mask.png", black_and_white(DISC))
        with pytest.raises(UserError, match="hides none; some must be hidden and some visible"):
            whole.model_copy(update={"mask_corner": (0, 0)}).draw_mask((6, 16))

    @pytest.mark.parametrize("corner", [[1], [1, 2, 3], [0, -1], ["0", 1], [0.0, 1], [True, 1], 7])
    def test_a_corner_is_a_row_and_a_column(self, corner: object) -> None:
        with pytest.raises(ValidationError, match="mask_corner"):
            Inpaint(mask="file", mask_file="mask.png", mask_sha256="0" * 64, mask_corner=corner)

    def test_a_path_begins_where_the_command_runs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "masks").mkdir()
        there = picture(tmp_path / "masks/disc.png", black_and_white(DISC))
        monkeypatch.chdir(tmp_path)
        task = Inpaint(mask="file", mask_file="masks/disc.png", mask_sha256=there.mask_sha256)
        np.testing.assert_array_equal(task.draw_mask((24, 16)), DISC)

    def test_a_fit_is_known_by_the_content(self, tmp_path: Path) -> None:
        """Settings can be read, and described, where the file is not."""
        task = picture(tmp_path / "mask.png", black_and_white(DISC))
        (tmp_path / "mask.png").unlink()
        assert describe(task)["mask_sha256"] == task.mask_sha256
        assert build(describe(task)) == task

    def test_a_link_to_a_file_is_that_file(self, tmp_path: Path) -> None:
        """DVC may check files out as links to its cache."""
        task = picture(tmp_path / "kept.png", black_and_white(DISC))
        (tmp_path / "mask.png").symlink_to(tmp_path / "kept.png")
        linked = task.model_copy(update={"mask_file": str(tmp_path / "mask.png")})
        np.testing.assert_array_equal(linked.draw_mask((24, 16)), DISC)

    @pytest.mark.parametrize(
        ("hidden", "words"),
        [
            (DISC.T, "has 24 x 16 pixels, and task.mask_file = '{}' has 16 x 24; both must be of one size"),
            (DISC[1:], "has 24 x 16 pixels, and task.mask_file = '{}' has 23 x 16; both must be of one size"),
            (
                DISC | True,
                "has 24 x 16 pixels, of which task.mask_file = '{}' hides all; some must be hidden and some ",
            ),
            (DISC & False, "has 24 x 16 pixels, of which task.mask_file = '{}' hides none; some must be hidden and "),
        ],
        ids=["turned", "cut", "black", "white"],
    )
    def test_a_mask_that_does_not_suit_the_image_is_refused(
        self, hidden: np.ndarray, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        task = picture(Path("mask.png"), black_and_white(hidden))
        with pytest.raises(UserError) as error:
            task.problem(photograph(24, 16), None)
        assert str(error.value).startswith(words.format("mask.png"))

    def test_another_picture_in_its_place_is_refused(self, tmp_path: Path) -> None:
        task = picture(tmp_path / "mask.png", black_and_white(DISC))
        found = picture(tmp_path / "mask.png", black_and_white(~DISC)).mask_sha256
        with pytest.raises(UserError) as error:
            task.problem(photograph(24, 16), None)
        said = f"task.mask_file: {tmp_path / 'mask.png'} has the sha256 {found}; task.mask_sha256 is {task.mask_sha256}"
        assert str(error.value) == said

    @pytest.mark.parametrize(
        ("pixels", "words"),
        [
            (np.where(DISC, 1, 255).astype(np.uint8), "has greys; it must be black where it hides and white elsewhere"),
            (np.stack([black_and_white(DISC), *2 * [black_and_white(~DISC)]], axis=-1), "has greys; it must be black"),
            (np.stack(4 * [black_and_white(DISC)], axis=-1), "is transparent in places"),
        ],
        ids=["nearly black", "colours", "transparent"],
    )
    def test_what_is_no_mask_is_refused(self, pixels: np.ndarray, words: str, tmp_path: Path) -> None:
        task = picture(tmp_path / "mask.png", pixels)
        with pytest.raises(UserError) as error:
            task.problem(photograph(24, 16), None)
        assert str(error.value).startswith(f"task.mask_file: {tmp_path / 'mask.png'}")
        assert words in str(error.value)

    def test_a_missing_or_odd_file_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "mask.png"
        file.write_bytes(b"not at all")
        task = Inpaint(mask="file", mask_file=str(file), mask_sha256=sha256(file))

        def said() -> str:
            with pytest.raises(UserError) as error:
                task.problem(photograph(24, 16), None)
            return str(error.value)

        assert said().startswith(f"task.mask_file: {file} is not an image of a kind that is read")
        file.unlink()
        assert said() == f"task.mask_file: {file} is missing"
        file.mkdir()
        assert said() == f"task.mask_file: {file} is no file"
        file.rmdir()
        os.mkfifo(file)
        assert said() == f"task.mask_file: {file} is no file"

    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ({"mask": "file"}, "mask: file needs both mask_file and mask_sha256"),
            ({"mask": "file", "mask_file": "mask.png"}, "mask: file needs both mask_file and mask_sha256"),
            ({"mask": "file", "mask_sha256": "0" * 64}, "mask: file needs both mask_file and mask_sha256"),
            ({"mask_file": "mask.png"}, "mask: random has no file; remove mask_file, mask_sha256 and "),
            ({"mask": "text", "mask_sha256": "0" * 64}, "mask: text has no file; remove mask_file, mask_sha256 and "),
            ({"mask_corner": [0, 0]}, "mask: random has no file; remove mask_file, mask_sha256 and mask_corner"),
            ({"mask": "file", "mask_corner": [0, 0]}, "mask: file needs both mask_file and mask_sha256"),
            ({"mask": "file", "mask_file": "", "mask_sha256": "0" * 64}, "mask_file"),
            ({"mask": "file", "mask_file": "a\0b", "mask_sha256": "0" * 64}, "mask_file"),
            ({"mask": "file", "mask_file": "mask.png", "mask_sha256": "0" * 63}, "mask_sha256"),
            ({"mask": "file", "mask_file": "mask.png", "mask_sha256": "A" * 64}, "mask_sha256"),
        ],
    )
    def test_a_file_and_its_sha256_are_named_together(self, keys: dict[str, str], words: str) -> None:
        with pytest.raises(ValidationError, match=words):
            Inpaint(**keys)
