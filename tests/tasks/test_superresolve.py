import math
from functools import partial
from itertools import product

import numpy as np
import pytest
import torch
from fitting.descents import ALL, a_job, assert_close, define, descend, initial
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from pydantic import ValidationError

from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.fitting.autograd import CHUNK_FLOATS, AutogradDescent
from refield.fitting.fit import fit_together
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.scores import metrics
from refield.scores.controls import enlarged
from refield.scores.detail import detail_share
from refield.signals.image import Image, pixel_grid
from refield.tasks.problem import Batch, Problem, squared_error
from refield.tasks.represent import Represent
from refield.tasks.superresolve import Superresolve, averaged_error, blocks

LOSSES = ["points", "averaged"]
SIZES = [(12, 24, 2), (24, 12, 3), (8, 12, 4), (15, 9, 3), (4, 4, 4), (3, 9, 3)]  # height, width, factor


def photograph(height: int, width: int, channels: int = 3, seed: int = 0) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8))


def reduced(array: np.ndarray, factor: int) -> np.ndarray:
    """The means of blocks of an array (h, w, ...), by a loop."""
    height, width = array.shape[0] // factor, array.shape[1] // factor
    cut = [[array[i * factor :, j * factor :][:factor, :factor] for j in range(width)] for i in range(height)]
    return np.array([[part.mean(axis=(0, 1)) for part in row] for row in cut])


def batch(problem: Problem, which: slice = slice(None)) -> Batch:
    return Batch(
        torch.tensor(problem.points[which]),
        None if problem.labels is None else torch.tensor(problem.labels[which]),
        torch.tensor(problem.target[which]),
        None if problem.importance is None else torch.tensor(problem.relative_importance()[which]),
    )


def wave(points: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
    """A field of three channels, another one in each region."""
    region = 0 if labels is None else labels[:, None].double()
    return torch.sin(points @ torch.tensor([[3.0, -2.0, 1.0], [1.0, 4.0, -5.0]], dtype=torch.float64) + region)


class TestBlocks:
    @pytest.mark.parametrize(("height", "width", "factor"), SIZES)
    def test_are_in_the_order_of_their_rows_and_so_are_their_pixels(self, height: int, width: int, factor: int) -> None:
        numbers = np.arange(height * width).reshape(height, width, 1)
        found = blocks(numbers, factor)[..., 0]
        cut = [
            numbers[i : i + factor, j : j + factor].ravel()
            for i, j in product(range(0, height, factor), range(0, width, factor))
        ]
        np.testing.assert_array_equal(found, cut)

    def test_of_one_pixel_are_the_pixels(self) -> None:
        values = np.random.default_rng(0).normal(size=(4, 6, 3))
        np.testing.assert_array_equal(blocks(values, 1), values.reshape(24, 1, 3))


class TestReduction:
    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize(("height", "width", "factor"), SIZES)
    def test_is_the_mean_of_blocks(self, height: int, width: int, factor: int, channels: int) -> None:
        image = photograph(height, width, channels)
        expected = reduced(image.values().reshape(height, width, channels), factor)
        np.testing.assert_allclose(Superresolve(factor=factor).reduce(image), expected.reshape(-1, channels))

    def test_in_steps_is_that_at_once(self) -> None:
        image = photograph(12, 18)
        twice = reduced(reduced(image.values().reshape(12, 18, 3), 2), 3)
        np.testing.assert_allclose(Superresolve(factor=6).reduce(image), twice.reshape(-1, 3))

    @pytest.mark.parametrize("factor", [2, 4, 8, 16])
    def test_bilinear_is_the_mean_under_a_tent(self, factor: int) -> None:
        """Around a reduced pixel's centre and as far as those of its neighbours; cut off at the border."""
        image = photograph(32, 48)
        found = Superresolve(factor=factor, reduction="bilinear").reduce(image).reshape(32 // factor, 48 // factor, 3)

        def tents(side: int) -> np.ndarray:
            pixels, centres = np.arange(side) + 0.5, factor * (np.arange(side // factor) + 0.5)
            weights = np.clip(1 - np.abs(pixels - centres[:, None]) / factor, 0, None)
            return weights / weights.sum(axis=1, keepdims=True)

        expected = np.einsum("ih,jw,hwc->ijc", tents(32), tents(48), image.values().reshape(32, 48, 3))
        np.testing.assert_allclose(found, expected, atol=1e-6)

    def test_bilinear_is_what_is_fitted_and_enlarged(self) -> None:
        image = photograph(16, 24)
        task = Superresolve(factor=2, reduction="bilinear")
        np.testing.assert_array_equal(task.problem(image, None).target, task.reduce(image))
        assert task.score(image, image)["psnr_bicubic"] != Superresolve(factor=2).score(image, image)["psnr_bicubic"]

    @given(st.integers(1, 30), st.integers(1, 30), st.integers(2, 7))
    def test_is_of_multiples_only(self, height: int, width: int, factor: int) -> None:
        image, task = photograph(height, width), Superresolve(factor=factor)
        if height % factor == width % factor == 0:
            assert len(task.problem(image, None).points) == height * width // factor**2
            return
        with pytest.raises(UserError) as error:
            task.problem(image, None)
        sides = f"has {height} x {width} pixels; both sides must be multiples of task.factor = {factor}"
        assert str(error.value) == sides


class TestPoints:
    @pytest.mark.parametrize(("height", "width", "factor"), SIZES)
    def test_lie_where_their_blocks_centres_lie(self, height: int, width: int, factor: int) -> None:
        problem = Superresolve(factor=factor).problem(photograph(height, width), None)
        expected = reduced(pixel_grid(height, width).reshape(height, width, 2), factor)
        np.testing.assert_allclose(problem.points, expected.reshape(-1, 2), atol=1e-12)

    def test_are_in_the_grid_by_hand(self) -> None:
        """Eight columns lie 2/7 apart from -1 on; their pairs' centres at -6/7, -2/7, 2/7 and 6/7."""
        problem = Superresolve(factor=2).problem(photograph(2, 8), None)
        np.testing.assert_allclose(problem.points, [[0, x / 7] for x in (-6, -2, 2, 6)], atol=1e-12)

    @pytest.mark.parametrize(("height", "width", "factor"), SIZES)
    def test_are_the_image_turned_when_it_is_turned(self, height: int, width: int, factor: int) -> None:
        """The grid has no side that it prefers."""
        image = photograph(height, width)
        straight, turned = (
            Superresolve(factor=factor).problem(each, None) for each in (image, Image(image.pixels[::-1, ::-1].copy()))
        )
        np.testing.assert_allclose(turned.points, -straight.points[::-1], atol=1e-12)
        np.testing.assert_allclose(turned.target, straight.target[::-1])

    def test_on_the_ends_are_the_published_grid(self) -> None:
        problem = Superresolve(factor=2, grid="ends").problem(photograph(8, 12), None)
        np.testing.assert_array_equal(problem.points, pixel_grid(4, 6))
        assert np.abs(problem.points).max() == 1
        assert np.abs(Superresolve(factor=2).problem(photograph(8, 12), None).points).max() < 1

    @pytest.mark.parametrize("grid", ["centred", "ends"])
    def test_have_the_reduced_values_and_a_squared_error(self, grid: str) -> None:
        image, task = photograph(8, 12), Superresolve(factor=2, grid=grid)
        problem = task.problem(image, None)
        np.testing.assert_array_equal(problem.target, task.reduce(image))
        assert (problem.channels, problem.importance, problem.pointwise) == (3, None, True)
        assert problem.loss is squared_error
        assert task.least_squares

    @pytest.mark.parametrize("loss", LOSSES)
    def test_of_a_factor_of_one_are_a_representation(self, loss: str) -> None:
        image, labels = photograph(4, 6), np.arange(24) % 3
        problem, other = (task.problem(image, labels) for task in (Superresolve(loss=loss), Represent()))
        np.testing.assert_array_equal(problem.points, other.points)
        np.testing.assert_array_equal(problem.labels, other.labels)
        found, expected = (made.loss(wave, batch(made)).item() for made in (problem, other))
        assert found == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize(("factor", "middle"), [(1, 0), (2, 1), (3, 1), (4, 2)])
    def test_follow_the_region_of_the_middle(self, factor: int, middle: int, loss: str) -> None:
        labels = np.random.default_rng(0).integers(0, 9, (12, 24))
        problem = Superresolve(factor=factor, loss=loss).problem(photograph(12, 24), labels.ravel())
        np.testing.assert_array_equal(problem.labels, labels[middle::factor, middle::factor].ravel())

    @pytest.mark.parametrize("loss", LOSSES)
    def test_wanted_is_every_pixel_of_the_image(self, loss: str) -> None:
        image, labels = photograph(8, 12), np.arange(96)
        points, regions = Superresolve(factor=2, loss=loss).problem(image, labels).wanted
        np.testing.assert_array_equal(points, image.points())
        np.testing.assert_array_equal(regions, labels)
        assert Superresolve(factor=2, loss=loss).problem(image, None).wanted[1] is None


class TestAveragedError:
    """Against a loop over blocks of the picture that the field makes."""

    def expected(self, image: Image, factor: int, labels: np.ndarray | None) -> np.ndarray:
        """Each block's squared error, its channels averaged."""
        regions = None if labels is None else torch.tensor(labels)
        picture = wave(torch.tensor(image.points()), regions).numpy().reshape(*image.shape, 3)
        error = (reduced(picture, factor) - reduced(image.values().reshape(*image.shape, 3), factor)) ** 2
        return error.mean(axis=2).ravel()

    @pytest.mark.parametrize("labelled", [False, True])
    @pytest.mark.parametrize(("height", "width", "factor"), SIZES)
    def test_is_the_error_of_the_reduced_picture(self, height: int, width: int, factor: int, labelled: bool) -> None:
        image = photograph(height, width)
        labels = np.random.default_rng(1).integers(0, 64, height * width).astype(np.uint8) if labelled else None
        task = Superresolve(factor=factor, loss="averaged")
        problem = task.problem(image, labels)
        assert not task.least_squares
        found = problem.loss(wave, batch(problem))
        assert found.shape == ()
        assert found.item() == pytest.approx(self.expected(image, factor, labels).mean(), rel=1e-12)

    def test_of_a_set_is_the_mean_over_its_parts(self) -> None:
        """So that points may be cut into chunks and batches."""
        image = photograph(12, 24)
        problem, expected = Superresolve(factor=2, loss="averaged").problem(image, None), self.expected(image, 2, None)
        for part in (slice(0, 7), slice(7, 72), slice(3, 50, 5)):
            assert problem.loss(wave, batch(problem, part)).item() == pytest.approx(expected[part].mean(), rel=1e-12)
        assert problem.pointwise

    def test_weighs_blocks_by_importance(self) -> None:
        image, importance = photograph(12, 24), np.random.default_rng(2).uniform(0, 3, 72)
        problem, expected = Superresolve(factor=2, loss="averaged").problem(image, None), self.expected(image, 2, None)
        weighted = Batch(*vars(batch(problem)).values())
        weighted = Batch(weighted.points, None, weighted.target, torch.tensor(importance))
        assert problem.loss(wave, weighted).item() == pytest.approx(np.mean(importance * expected), rel=1e-12)

    def test_is_zero_for_all_pictures_of_these_means(self) -> None:
        """What differs within a block only is not seen: a checkerboard of any strength."""
        values = photograph(4, 6).values()
        points = torch.tensor(pixel_grid(4, 6))
        flat = np.repeat(np.repeat(reduced(values.reshape(4, 6, 3), 2), 2, axis=0), 2, axis=1)
        board = (np.indices((4, 6)).sum(axis=0) % 2 * 2 - 1)[..., None]

        def picture(at: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
            nearest = torch.cdist(at, points).argmin(dim=1)
            return torch.tensor((flat + 5 * board).reshape(24, 3))[nearest]

        problem = Superresolve(factor=2, loss="averaged").problem(photograph(4, 6), None)
        assert problem.loss(picture, batch(problem)).item() == pytest.approx(0, abs=1e-25)

    @pytest.mark.parametrize(("height", "width", "factor"), [*SIZES, (1, 1, 1), (64, 96, 2), (45, 63, 9), (48, 80, 8)])
    def test_asks_for_the_pixels_of_the_image_and_the_ends_exactly(self, height: int, width: int, factor: int) -> None:
        """There a tile of Levels-of-Experts begins: -1 lies in the first one, and 1 in one of its own."""
        image, asked = photograph(height, width), []
        labels = np.random.default_rng(1).integers(0, 64, height * width)
        problem = Superresolve(factor=factor, loss="averaged").problem(image, labels)

        def note(points: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
            asked.append((points.numpy(), labels.numpy()))
            return torch.zeros(len(points), 3, dtype=torch.float64)

        problem.loss(note, batch(problem))
        ((points, regions),) = asked
        grid = blocks(image.points().reshape(height, width, 2), factor).reshape(-1, 2)
        np.testing.assert_allclose(points, grid, rtol=0, atol=1e-14)
        np.testing.assert_array_equal(points[np.abs(grid) == 1], grid[np.abs(grid) == 1])
        np.testing.assert_array_equal(regions, blocks(labels.reshape(height, width, 1), factor).ravel())

    def test_has_the_gradient_of_finite_differences(self) -> None:
        problem = Superresolve(factor=3, loss="averaged").problem(photograph(6, 9), None)
        weights = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64, requires_grad=True)

        def loss(weights: torch.Tensor) -> torch.Tensor:
            return problem.loss(lambda points, _: torch.sin(points.sum(dim=1, keepdim=True) * weights), batch(problem))

        (gradient,) = torch.autograd.grad(loss(weights), weights)
        steps = 1e-6 * torch.eye(3, dtype=torch.float64)
        expected = [((loss(weights + step) - loss(weights - step)) / 2e-6).item() for step in steps]
        np.testing.assert_allclose(gradient.numpy(), expected, rtol=1e-6)

    def test_takes_a_field_of_single_precision(self) -> None:
        problem = Superresolve(factor=2, loss="averaged").problem(photograph(4, 6), np.arange(24) % 5)
        given = batch(problem)
        single = Batch(given.points, given.labels, given.target.float(), None)
        found = averaged_error(lambda *at: wave(*at).float(), single, 2, (2 / 3, 2 / 5))
        assert found.dtype == torch.float32
        assert found.item() == pytest.approx(problem.loss(wave, given).item(), rel=1e-5)


SEGMENTED, WIRE = Mlp(gates=(4.0, "segment"), width=8, regions=3), Wire(width=8, omega=3.0, sigma=1.0)


@pytest.mark.parametrize("settings", [{}, {"batch": 20}])
@pytest.mark.parametrize("field", [SEGMENTED, WIRE], ids=lambda field: type(field).__name__)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_fit_brings_the_loss_down_and_has_a_value_for_every_pixel(loss, field, settings) -> None:
    image = Image(np.linspace(0, 255, 12 * 18).astype(np.uint8).reshape(12, 18, 1))
    labels = np.random.default_rng(0).integers(0, 3, 12 * 18).astype(np.uint8) if field.needs_labels else None
    problem = Superresolve(factor=2, loss=loss).problem(image, labels)
    train = Train(iterations=60, learning_rate=1e-2, **settings)
    (fit,) = fit_together([Job(field, problem, train, 0)], "cpu")
    assert fit.values.shape == (12 * 18, 1)
    assert fit.curve[-1][1] < 0.5 * fit.curve[0][1]


def a_fit(field: Mlp | Wire, batch: int | None = None) -> Job:
    """Of 150 blocks: more than two chunks."""
    labels = np.random.default_rng(0).integers(0, 3, 20 * 30).astype(np.uint8) if field.needs_labels else None
    made = Superresolve(factor=2, loss="averaged").problem(photograph(20, 30), labels)
    return a_job(field, made, batch=batch)


@pytest.mark.parametrize("field", [SEGMENTED, WIRE], ids=lambda field: type(field).__name__)
def test_steps_on_chunks_of_blocks_are_those_on_all(field, monkeypatch) -> None:
    monkeypatch.setitem(CHUNK_FLOATS, "cpu", 0)  # 64 points in a chunk
    job = a_fit(field)
    assert_close(descend(AutogradDescent, job, 20), define(job, [ALL] * 20), 1e-9)


@pytest.mark.gpu
@pytest.mark.parametrize("batch", [None, 40])
@pytest.mark.parametrize("field", [SEGMENTED, WIRE], ids=lambda field: type(field).__name__)
def test_a_gpus_steps_are_the_cpus(field, batch, monkeypatch) -> None:
    monkeypatch.setitem(CHUNK_FLOATS, "cuda", 0)
    job = a_fit(field, batch)
    assert_close(descend(AutogradDescent, job, 20, device="cuda"), descend(AutogradDescent, job, 20), 1e-8)
    with AutogradDescent(job, initial(job), torch.device("cuda")) as descent:
        for _ in range(3):
            descent.step(0.0)
        assert (descent.replay.graph is not None) == field.steady


def test_a_finished_field_is_its_own_picture() -> None:
    image = photograph(8, 12)
    np.testing.assert_array_equal(Superresolve(factor=2).finish(image.values(), image).pixels, image.pixels)


class TestScores:
    def test_of_the_image_itself_are_perfect_and_those_of_enlargements_are_not(self) -> None:
        image = photograph(16, 24)
        scores = Superresolve(factor=2).score(image, image)
        assert list(scores) == [measure.name for measure in Superresolve.measures]
        assert (scores["psnr_8bit"], scores["ssim"], scores["detail"]) == (math.inf, 1, 1)
        assert max(scores["psnr_bicubic"], scores["psnr_lanczos"]) < 20
        assert max(scores["ssim_bicubic"], scores["ssim_lanczos"]) < 0.9
        assert max(scores["detail_bicubic"], scores["detail_lanczos"]) < 0.5

    @pytest.mark.parametrize("settings", [{}, {"loss": "averaged"}, {"grid": "ends"}])
    def test_of_enlargements_depend_on_image_and_factor_alone(self, settings: dict[str, str]) -> None:
        image = photograph(16, 24)
        found = [
            Superresolve(factor=2, **settings).score(image, estimate)
            for estimate in (image, photograph(16, 24, seed=1))
        ]
        own = Superresolve(factor=2).score(image, image)
        controls = own.keys() - {"psnr_8bit", "ssim", "detail"}
        assert len(controls) == 9
        assert all(each[name] == own[name] for each in found for name in controls)
        assert own["psnr_bicubic"] != Superresolve(factor=4).score(image, image)["psnr_bicubic"]

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("by", ["bicubic", "lanczos"])
    def test_of_enlargements_are_pillows(self, by: str, channels: int) -> None:
        """Of whole numbers, Pillow's own of 8 bits, but for its rounding between two passes."""
        small = photograph(8, 12, channels).pixels
        image = Image(np.repeat(np.repeat(small, 2, axis=0), 2, axis=1))
        planes = [Pillow.fromarray(small[..., k]) for k in range(channels)]
        large = np.stack([plane.resize((24, 16), Pillow.Resampling[by.upper()]) for plane in planes], axis=-1)
        scores = Superresolve(factor=2).score(image, image)
        assert scores[f"psnr_{by}"] == pytest.approx(metrics.psnr_8bit(image.pixels, large), abs=0.05)
        assert scores[f"ssim_{by}"] == pytest.approx(metrics.ssim(image.pixels, large), abs=1e-3)

    def test_a_smooth_picture_is_enlarged_well_where_it_is_centred(self) -> None:
        """One that is off by half a pixel would have 30 dB, and SSIM no more than 0.98."""
        rows, columns = pixel_grid(32, 48).T.reshape(2, 32, 48)
        values = (0.8 * np.sin(3 * rows + 2 * columns)).reshape(-1, 1)
        image = Image(np.zeros((32, 48, 1), np.uint8)).with_values(values)
        scores = Superresolve(factor=2).score(image, image)
        assert min(scores["psnr_bicubic"], scores["psnr_lanczos"]) > 40

    def test_of_detail_are_of_what_the_reduced_image_does_not_show(self) -> None:
        """A checkerboard, on a smooth picture: no mean of four pixels has it, so no enlargement has."""
        rows, columns = pixel_grid(32, 48).T.reshape(2, 32, 48, 1)
        smooth, board = (
            0.6 * np.sin(3 * rows + 2 * columns),
            1 - 2.0 * (np.indices((32, 48)).sum(axis=0) % 2)[..., None],
        )

        def having(share: float) -> Image:
            return Image(np.zeros((32, 48, 1), np.uint8)).with_values((smooth + 0.2 * share * board).reshape(-1, 1))

        for share in (1.0, 0.5, 0.0, -1.0):
            scores = Superresolve(factor=2).score(having(1.0), having(share))
            assert scores["detail"] == pytest.approx(1 - (1 - share) ** 2, abs=0.02)
            for control in ("bicubic", "lanczos", "bicubic_ends"):
                assert scores[f"detail_{control}"] == pytest.approx(0, abs=0.02)

    def test_of_detail_are_by_the_tasks_own_factor(self) -> None:
        image, other = photograph(16, 24), photograph(16, 24, seed=1)
        found = {factor: Superresolve(factor=factor).score(image, other)["detail"] for factor in (2, 4)}
        assert found == {factor: detail_share(image.pixels, other.pixels, factor) for factor in found}
        assert found[2] != found[4]

    def test_values_of_a_grid_with_ends_are_enlarged_well_where_ends_are_aligned(self) -> None:
        """And block means are not: those are of another grid."""

        def smooth(height: int, width: int) -> np.ndarray:
            rows, columns = pixel_grid(height, width).T.reshape(2, height, width, 1)
            return 0.8 * np.sin(3 * rows + 2 * columns)

        values, inside = smooth(32, 48), (slice(3, -3), slice(3, -3))
        for small, good in ((smooth(16, 24), True), (reduced(values, 2), False)):
            error = np.abs(enlarged(small, 2, "bicubic", "ends") - values)[inside].max()
            assert error < 0.005 if good else error > 0.03

    def test_of_a_factor_of_one_are_the_image(self) -> None:
        scores = Superresolve().score(photograph(16, 24), photograph(16, 24, seed=1))
        assert scores["psnr_bicubic"] == scores["psnr_lanczos"] == scores["psnr_bicubic_ends"] == math.inf
        assert math.isnan(scores["detail"])
        assert math.isnan(scores["detail_bicubic"])


IMPOSSIBLE = [
    {"factor": 0},
    {"factor": 2.0},
    {"loss": "mean"},
    {"grid": "corners"},
    {"loss": "averaged", "reduction": "bilinear"},
    {"loss": "perceptual"},
    {"loss": "perceptual", "features_file": "vgg19.pth"},
    {"features_file": "vgg19.pth", "features_sha256": 64 * "0"},
]


@pytest.mark.parametrize("keys", IMPOSSIBLE)
def test_impossible_keys_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Superresolve(**keys)


def test_the_losses_keys_are_its_own() -> None:
    """Of an image of 12 x 24, whose pixels are 2/11 and 2/23 apart."""
    loss = Superresolve(factor=2, loss="averaged").problem(photograph(12, 24), None).loss
    assert isinstance(loss, partial)
    assert loss.keywords == {"factor": 2, "apart": (2 / 11, 2 / 23)}
