"""A field that is fitted to values, and judged by its derivatives."""

import numpy as np
import pytest

from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fitting.fit import fit_together
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.scores.fitted import Fitted
from refield.signals.image import Image, pixel_grid
from refield.tasks.derivatives import Derivatives
from refield.tasks.problem import squared_error
from refield.tasks.represent import Represent


def test_the_problem_is_that_of_a_representation() -> None:
    image, labels = Image(np.random.default_rng(0).integers(0, 256, (8, 6, 3), dtype=np.uint8)), np.arange(48)
    ours, theirs = (task.problem(image, labels) for task in (Derivatives(), Represent()))
    for name in ("points", "target", "labels"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert ours.loss is squared_error
    assert Derivatives().least_squares


@pytest.mark.parametrize("size", [(1, 5), (5, 1)])
def test_a_single_row_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UserError, match=r"pixels; derivatives need at least 2 on both sides"):
        Derivatives().problem(Image(np.zeros((*size, 1), np.uint8)), None)


def test_a_field_of_rectifiers_has_no_second_derivatives_and_one_of_sines_has() -> None:
    """SIREN's figure 1, small: both learn the values, one the changes of their changes."""
    rows, columns = pixel_grid(16, 20).T
    blank = Image(np.zeros((16, 20, 1), np.uint8))
    image = blank.with_values((0.8 * np.sin(5 * rows) * np.cos(4 * columns))[:, None])
    task, scores = Derivatives(), {}
    for activation, omega in (("sine", 6.0), ("relu", 1.0)):
        field = Mlp(gates=("dense", "dense"), width=24, activation=activation, omega_0=omega)
        train = Train(iterations=300, learning_rate=5e-3)
        (fit,) = fit_together([Job(field, task.problem(image, None), train, 0)], "cpu")
        fitted = Fitted(field, fit.weights, image.points(), None, train.span)
        own = {measure.name: measure.of(image, fitted) for measure in task.measures[1:]}
        scores[activation] = task.score(image, task.finish(fit.values, image)) | own
        if activation == "relu":
            assert not fitted.laplacian.any()
    assert (scores["relu"]["laplacian_share"], scores["sine"]["laplacian_share"]) == (0, pytest.approx(1, abs=0.3))
    for name in ("psnr_8bit", "psnr_gradient", "psnr_laplacian"):
        assert scores["sine"][name] > scores["relu"][name] + 3
