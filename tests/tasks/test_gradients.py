import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy import ndimage
from torch import Tensor

from refield.errors import UserError
from refield.signals.image import Image, pixel_grid
from refield.tasks.gradients import Gradients, gradient_error
from refield.tasks.problem import Batch

OPERATORS = ["central", "sobel"]


def photograph(height: int, width: int, channels: int = 3, seed: int = 0) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8))


def ramp(height: int, width: int, by_row: float, by_column: float) -> Image:
    """A plane through mid-grey with these derivatives, up to rounding by half an 8-bit step of 1/127.5."""
    rows, columns = pixel_grid(height, width).T
    flat = Image(np.zeros((height, width, 1), np.uint8))
    return flat.with_values((by_row * rows + by_column * columns)[:, None])


def batch(problem_target: np.ndarray, points: np.ndarray, importance: np.ndarray | None = None) -> Batch:
    weights = None if importance is None else torch.tensor(importance)
    return Batch(torch.tensor(points), None, torch.tensor(problem_target), weights)


class TestTarget:
    @pytest.mark.parametrize("operator", OPERATORS)
    def test_of_an_image_is_the_slope_up_to_its_rounding(self, operator: str) -> None:
        """A derivative is a mean of differences over two pixels, each off by at most 1/127.5, over 4/(side - 1)."""
        target = Gradients(operator=operator).problem(ramp(20, 12, 0.3, -0.5), None).target.reshape(20, 12, 2)
        bound = np.array([19, 11]) / 4 / 127.5
        assert (np.abs(target - [0.3, -0.5])[1:-1, 1:-1] <= bound * (1 + 1e-9)).all()

    @pytest.mark.parametrize(("side", "share"), [(256, 0.627), (128, 1.26), (64, 2.54)])
    def test_published_is_ten_times_sobels_sums(self, side: int, share: float) -> None:
        """And the derivative only at one size."""
        image = photograph(side, side, 1)
        target = Gradients(scale="published").problem(image, None).target.reshape(side, side, 2)
        sums = [ndimage.sobel(10 * image.values().reshape(side, side), axis=axis) for axis in (0, 1)]
        np.testing.assert_allclose(target, np.stack(sums, axis=-1), atol=1e-9)
        np.testing.assert_allclose(
            target, share * Gradients().problem(image, None).target.reshape(target.shape), rtol=4e-3
        )

    def test_published_is_sobels_only(self) -> None:
        with pytest.raises(ValidationError, match="scale: published is that of operator: sobel, not of central"):
            Gradients(scale="published", operator="central")

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_of_a_colour_image_is_each_channels(self, operator: str) -> None:
        image, labels = photograph(8, 6), np.arange(48)
        task = Gradients(operator=operator)
        problem = task.problem(image, labels)
        assert (problem.target.shape, problem.channels, problem.importance) == ((48, 6), 3, None)
        for k in range(3):
            alone = task.problem(Image(image.pixels[..., k : k + 1]), None)
            np.testing.assert_array_equal(problem.target[:, 2 * k : 2 * k + 2], alone.target)
        np.testing.assert_array_equal(problem.points, image.points())
        np.testing.assert_array_equal(problem.labels, labels)
        assert problem.loss is gradient_error
        assert not task.least_squares

    @pytest.mark.parametrize("size", [(1, 5), (5, 1)])
    def test_a_single_row_is_refused(self, size: tuple[int, int]) -> None:
        with pytest.raises(UserError, match=r"pixels; a gradient needs at least 2 on both sides"):
            Gradients().problem(photograph(*size), None)


def sines(weights: Tensor) -> Callable[[Tensor, Tensor | None], Tensor]:
    """Two sines of two coordinates, mixed to three channels: weights (14,)."""
    inner, phases, outer = weights[:4].reshape(2, 2), weights[4:8].reshape(2, 2), weights[8:].reshape(2, 3)
    return lambda points, labels: torch.sin(points @ inner + phases[0]) @ outer + phases[1, 0]


class TestGradientError:
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (10, 2))
    target = rng.normal(size=(10, 6))
    importance = rng.uniform(0, 2, 10)
    weights = torch.tensor(rng.normal(size=14))

    def test_is_zero_for_a_plane_of_the_right_slopes(self) -> None:
        """Grey, RGB; the loss does not see the offset, and is the squared distance of other slopes."""
        for channels in (1, 3):
            slopes = torch.tensor(self.rng.normal(size=(2, channels)), requires_grad=True)
            target = slopes.detach().T.reshape(1, -1).expand(10, -1).numpy()
            data = batch(target, self.points)
            loss = gradient_error(lambda points, _, slopes=slopes: points @ slopes + 7, data)
            assert loss.shape == ()
            assert loss.item() == pytest.approx(0, abs=1e-25)
            (gradient,) = torch.autograd.grad(loss, slopes)
            assert torch.isfinite(gradient).all()
            steeper = gradient_error(lambda points, _, slopes=slopes: points @ (slopes + 0.5), data)
            assert steeper.item() == pytest.approx(2 * channels * 0.25)

    @pytest.mark.parametrize("weighted", [False, True])
    def test_is_that_of_finite_differences(self, weighted: bool) -> None:
        importance = self.importance if weighted else np.ones(10)
        evaluate, step, columns = sines(self.weights), 1e-5, []
        for channel in range(3):
            for axis in range(2):
                shift = np.zeros(2)
                shift[axis] = step
                ahead, behind = (evaluate(torch.tensor(self.points + s), None)[:, channel] for s in (shift, -shift))
                columns.append((ahead - behind).numpy() / (2 * step))
        expected = np.mean(importance * ((np.stack(columns, axis=1) - self.target) ** 2).sum(axis=1))
        data = batch(self.target, self.points, self.importance if weighted else None)
        assert gradient_error(evaluate, data).item() == pytest.approx(expected, rel=1e-8)

    def test_has_the_derivative_of_finite_differences(self) -> None:
        data = batch(self.target, self.points, self.importance)
        weights = self.weights.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(gradient_error(sines(weights), data), weights)
        step = 1e-5 * torch.eye(14, dtype=torch.float64)
        expected = [
            (gradient_error(sines(self.weights + s), data) - gradient_error(sines(self.weights - s), data)).item()
            / 2e-5
            for s in step
        ]
        np.testing.assert_allclose(gradient.numpy(), expected, rtol=1e-6, atol=1e-8)
        assert abs(expected[6]) < 1e-8  # the last bias: no gradient knows it

    def test_of_a_set_is_the_mean_over_its_parts(self) -> None:
        """So it neither grows with the number of points nor depends on how they are cut."""
        evaluate = sines(self.weights)
        whole = gradient_error(evaluate, batch(self.target, self.points, self.importance))
        parts = [slice(0, 4), slice(4, 10)]
        errors = [gradient_error(evaluate, batch(self.target[p], self.points[p], self.importance[p])) for p in parts]
        assert whole.item() == pytest.approx(0.4 * errors[0].item() + 0.6 * errors[1].item(), rel=1e-12)

    def test_points_of_no_importance_are_hidden(self) -> None:
        importance = np.ones(10)
        importance[3] = 0
        moved = self.target.copy()
        moved[3] = 1e6
        evaluate = sines(self.weights)
        hidden = gradient_error(evaluate, batch(self.target, self.points, importance)).item()
        assert gradient_error(evaluate, batch(moved, self.points, importance)).item() == hidden

    def test_takes_a_field_of_single_precision(self) -> None:
        weights = self.weights.float().requires_grad_()
        single = gradient_error(
            lambda points, labels: sines(weights)(points.float(), labels), batch(self.target, self.points)
        )
        (gradient,) = torch.autograd.grad(single, weights)
        assert gradient.dtype == torch.float32
        double = gradient_error(sines(self.weights), batch(self.target, self.points))
        assert single.item() == pytest.approx(double.item(), rel=1e-5)

    def test_passes_labels_on(self) -> None:
        """Two regions of different slopes."""
        labels = torch.tensor([0, 1] * 5)
        data = Batch(torch.tensor(self.points), labels, torch.zeros(10, 2, dtype=torch.float64), None)
        loss = gradient_error(lambda points, labels: (1 + 2 * labels[:, None]) * points[:, :1], data)
        assert loss.item() == pytest.approx((1 + 9) / 2)

    def test_without_gradients_is_the_same_number(self) -> None:
        data, weights = batch(self.target, self.points), self.weights.clone().requires_grad_()
        with torch.no_grad():
            loss = gradient_error(sines(weights), data)
        assert not loss.requires_grad
        assert loss.item() == gradient_error(sines(weights), data).item()
        assert not data.points.requires_grad


class TestFinish:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_the_constant_of_each_channel_comes_back(self, channels: int) -> None:
        image = photograph(8, 6, channels)
        shifted = image.values() + np.array([0.7, -3.0, 100.0])[:channels]
        np.testing.assert_array_equal(Gradients().finish(shifted, image).pixels, image.pixels)
        single = (image.values() + 0.7).astype(np.float32)
        np.testing.assert_array_equal(Gradients().finish(single, image).pixels, image.pixels)

    def test_a_scale_does_not(self) -> None:
        image = ramp(8, 6, 0.4, 0.3)
        assert (Gradients().finish(2 * image.values(), image).pixels != image.pixels).any()


class TestScores:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_of_the_image_itself_are_perfect(self, channels: int) -> None:
        image = photograph(16, 20, channels)
        scores = Gradients().score(image, image)
        assert (scores["psnr_8bit"], scores["ssim"]) == (math.inf, 1)

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_of_what_needs_no_field_depend_on_image_and_operator_alone(self, operator: str) -> None:
        """Of noise a perfect integral is poor; least squares find the image again."""
        image, other, task = photograph(16, 20), photograph(16, 20, seed=1), Gradients(operator=operator)
        one, another = task.score(image, image), task.score(image, other)
        for name in ("psnr_ceiling", "psnr_least_squares"):
            assert one[name] == another[name]
        assert one["psnr_least_squares"] == math.inf
        assert 5 < one["psnr_ceiling"] < 20
        assert another["psnr_8bit"] < 15
