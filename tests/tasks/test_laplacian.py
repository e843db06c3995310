import math

import numpy as np
import pytest
import torch
from fitting.descents import a_job, assert_close, define, descend
from scipy import ndimage

from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fitting.autograd import AutogradDescent
from refield.signals.image import Image
from refield.tasks.laplacian import Laplacian, laplacian_error
from refield.tasks.problem import Batch


def photograph(height: int, width: int, channels: int = 3, seed: int = 0) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8))


class TestTarget:
    def test_of_a_colour_image_is_each_channels(self) -> None:
        image, labels = photograph(8, 6), np.arange(48)
        problem = Laplacian().problem(image, labels)
        assert (problem.target.shape, problem.channels, problem.importance) == ((48, 3), 3, None)
        for k in range(3):
            alone = Laplacian().problem(Image(image.pixels[..., k : k + 1]), None)
            np.testing.assert_array_equal(problem.target[:, k : k + 1], alone.target)
        np.testing.assert_array_equal(problem.points, image.points())
        np.testing.assert_array_equal(problem.labels, labels)
        assert problem.loss is laplacian_error
        assert not Laplacian().least_squares

    @pytest.mark.parametrize(("side", "share"), [(256, 0.615), (128, 2.48), (64, 10.08)])
    def test_published_is_ten_thousand_times_scipys(self, side: int, share: float) -> None:
        """And the derivative only at one size."""
        image = photograph(side, side, 1)
        target = Laplacian(scale="published").problem(image, None).target.reshape(side, side)
        np.testing.assert_allclose(target, ndimage.laplace(1e4 * image.values().reshape(side, side)), atol=1e-8)
        physical = Laplacian().problem(image, None).target.reshape(side, side)
        np.testing.assert_allclose(target, share * physical, rtol=1e-3, atol=1e-8)

    @pytest.mark.parametrize("size", [(1, 5), (5, 1)])
    def test_a_single_row_is_refused(self, size: tuple[int, int]) -> None:
        with pytest.raises(UserError, match=r"pixels; a Laplacian needs at least 2 on both sides"):
            Laplacian().problem(photograph(*size), None)


class TestLaplacianError:
    """Of x^3 + 2 y^3, 5 - x^2 and x y, at points of two coordinates: 6 x + 12 y, -2 and 0."""

    points = np.random.default_rng(0).uniform(-1, 1, (10, 2))
    expected = np.stack([6 * points[:, 0] + 12 * points[:, 1], np.full(10, -2.0), np.zeros(10)], axis=1)
    target = np.random.default_rng(1).normal(size=(10, 3))
    importance = np.random.default_rng(2).uniform(0, 2, 10)

    @staticmethod
    def evaluate(points: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        x, y = points.unbind(dim=1)
        return torch.stack([x**3 + 2 * y**3, 5 - x**2, x * y], dim=1)

    @pytest.mark.parametrize("weighted", [False, True])
    def test_is_that_by_hand(self, weighted: bool) -> None:
        importance = torch.tensor(self.importance) if weighted else None
        batch = Batch(torch.tensor(self.points), None, torch.tensor(self.target), importance)
        error = ((self.expected - self.target) ** 2).sum(axis=1)
        expected = np.mean(self.importance * error if weighted else error)
        assert laplacian_error(self.evaluate, batch).item() == pytest.approx(expected)

    def test_is_zero_for_what_differs_by_a_harmonic_function(self) -> None:
        batch = Batch(torch.tensor(self.points), None, torch.tensor(self.expected), None)

        def other(points: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
            x, y = points.unbind(dim=1)
            return self.evaluate(points, labels) + (torch.exp(3 * x) * torch.cos(3 * y) + 7 * x)[:, None]

        assert laplacian_error(other, batch).item() == pytest.approx(0, abs=1e-20)

    def test_without_gradients_is_the_same_number(self) -> None:
        batch = Batch(torch.tensor(self.points), None, torch.tensor(self.target), None)
        with torch.no_grad():
            loss = laplacian_error(self.evaluate, batch)
        assert not loss.requires_grad
        assert loss.item() == laplacian_error(self.evaluate, batch).item()


@pytest.mark.parametrize("gates", [("dense", "dense"), ("segment", 3.0)])
def test_a_descent_is_its_definition(gates: tuple[str | float, ...]) -> None:
    """Chunks, shards and threads change nothing; the last bias, of which no derivative knows, stays as it was."""
    labels = np.arange(13 * 22) % 3 if "segment" in gates else None
    problem = Laplacian().problem(photograph(13, 22), labels)
    job = a_job(Mlp(gates=gates, width=6, regions=3, omega_0=2.0), problem)
    assert_close(descend(AutogradDescent, job, 2), define(job, [slice(None)] * 2), 1e-8)


class TestFinish:
    def test_the_mean_of_each_channel_comes_back(self) -> None:
        image = photograph(8, 6)
        shifted = image.values() + np.array([0.7, -3.0, 100.0])
        np.testing.assert_array_equal(Laplacian().finish(shifted, image).pixels, image.pixels)


class TestScores:
    def test_of_the_image_itself_are_perfect(self) -> None:
        image = photograph(16, 20)
        scores = Laplacian().score(image, image)
        assert (scores["psnr_8bit"], scores["ssim"], scores["psnr_least_squares"]) == (math.inf, 1, math.inf)

    def test_of_what_needs_no_field_depend_on_the_image_alone(self) -> None:
        image, other = photograph(16, 20), photograph(16, 20, seed=1)
        one, another = Laplacian().score(image, image), Laplacian().score(image, other)
        assert one["psnr_ceiling"] == another["psnr_ceiling"]
        assert 10 < one["psnr_ceiling"] < 30
