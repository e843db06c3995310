"""Fits: they fall, repeat themselves, give up in words, and lose nothing by being fast."""

import math

import numpy as np
import pytest
import skimage.data
import torch

from refield.fields.gated import Gated
from refield.fitting import Diverged, Job, fit, fit_together, mse_to_psnr
from refield.samples import Samples, sample_image
from refield.training import Train

COFFEE = skimage.data.coffee()[100:348:4, 100:476:4]  # 62 x 94
LABELS = np.digitize(COFFEE.mean(axis=2), [60, 110, 170])
TRAIN = Train(iterations=60, learning_rate=1e-3, trace_every=25)
METHODS = {
    "siren": ("dense",) * 4,
    "ftc": (16.0, 2.0, 1.0, 0.5),
    "qt": (0.5, 1.0, 2.0, 16.0),
    "ours": (16.0, 2.0, 1.0, "segment"),
}


def fitted(gates, train=TRAIN, image=COFFEE, labels=LABELS, seed=0, **settings):
    field = Gated(gates=gates, width=16, regions=4, **settings)
    return fit(field, sample_image(image, labels), train, seed)


@pytest.mark.parametrize("precision", ["float32", "mixed"])
@pytest.mark.parametrize("method", METHODS)
def test_fast_and_reference_reach_the_same_psnr(method, precision):
    """Within 0.05 dB; every precision rounds differently, and a descent amplifies what it rounds."""
    ways = ({"precision": precision}, {"engine": "reference"})
    fast, slow = (fitted(METHODS[method], TRAIN.model_copy(update=way)) for way in ways)
    assert fast.curve[-1][2] == pytest.approx(slow.curve[-1][2], abs=0.05)
    assert fast.curve[-1][2] > fast.curve[0][2] + 5


def test_the_curve_starts_at_zero_and_ends_with_the_result():
    result = fitted(METHODS["ours"])
    assert [iteration for iteration, _, _ in result.curve] == [0, 25, 50, 60]
    error = np.mean((result.values - sample_image(COFFEE).values) ** 2)
    assert result.curve[-1][1:] == pytest.approx((error, 10 * math.log10(4 / error)))
    losses = [loss for _, loss, _ in result.curve]
    assert losses == sorted(losses, reverse=True)


def test_a_unit_target_is_a_symmetric_one_of_another_network():
    """With y on [0, 1] for 2 y - 1 on [-1, 1], the loss of the initial weights is that of the stretched output."""
    field = Gated(gates=METHODS["ours"], width=16, regions=4)
    samples = sample_image(COFFEE, LABELS)
    unit = fit(field, samples, TRAIN.model_copy(update={"target": "unit"}), 0)
    start = field.initialise(3, np.random.default_rng(0))
    values = field.evaluate({k: torch.tensor(v) for k, v in start.items()}, samples.points, samples.labels).numpy()
    assert unit.curve[0][1] == pytest.approx(samples.mean_squared_error(2 * values - 1), rel=1e-4)
    assert unit.curve[-1][2] > unit.curve[0][2] + 5


@pytest.mark.parametrize("output", ["dense", "gated"])
@pytest.mark.parametrize("target", ["symmetric", "unit"])
def test_the_weights_are_those_that_gave_the_values(target, output):
    field = Gated(gates=METHODS["ours"], width=16, regions=4, output=output)
    samples = sample_image(COFFEE, LABELS)
    result = fit(field, samples, TRAIN.model_copy(update={"target": target}), 0)
    weights = {name: torch.tensor(array) for name, array in result.weights.items()}
    values = field.evaluate(weights, samples.points, samples.labels).numpy()
    np.testing.assert_allclose(values, result.values, atol=2e-4)
    assert all(array.dtype == np.float32 for array in result.weights.values())


def test_the_same_arguments_give_the_same_bytes_and_another_seed_does_not():
    once, again, other = (fitted(METHODS["ours"], seed=seed).values.tobytes() for seed in (3, 3, 4))
    assert once == again
    assert once != other


def test_a_fit_does_not_depend_on_those_beside_it():
    """Nor on how long they take, nor on whether they diverge."""

    def job(method, seed, **train):
        field = Gated(gates=METHODS[method], width=16, regions=4, activation=train.pop("activation", "sine"))
        return Job(field, sample_image(COFFEE, LABELS), TRAIN.model_copy(update=train), seed)

    jobs = [
        job("ours", 3),
        job("siren", 0, activation="relu", learning_rate=1e30),
        job("ftc", 3, iterations=7),
        job("ours", 4),
    ]
    seen = []
    together = fit_together(jobs, "cpu", lambda number, iteration, psnr: seen.append((number, iteration)))
    assert isinstance(together[1], Diverged)
    for i in (0, 2, 3):
        (alone,) = fit_together(jobs[i : i + 1], "cpu")
        assert together[i].values.tobytes() == alone.values.tobytes()
        assert together[i].curve == alone.curve
    assert [iteration for number, iteration in seen if number == 3] == [0, 25, 50, 60]


def test_hidden_points_do_not_count_in_the_curve():
    samples = sample_image(COFFEE, LABELS)
    weights = (np.arange(len(samples.points)) % 3 > 0).astype(float)
    result = fit(
        Gated(gates=METHODS["ours"], width=16, regions=4),
        Samples(samples.points, samples.values, samples.labels, weights),
        TRAIN,
        0,
    )
    seen = weights > 0
    error = np.mean((result.values[seen] - samples.values[seen]) ** 2)
    assert result.curve[-1][1] == pytest.approx(error)


def test_grey_images_are_fitted_as_well():
    assert fitted(METHODS["ftc"], image=COFFEE[..., :1]).values.shape == (62 * 94, 1)


def test_a_constant_image_is_learnt():
    image = np.full((16, 24, 3), 200, np.uint8)
    assert fitted(("dense", "dense"), Train(iterations=300, learning_rate=1e-3), image, None).curve[-1][2] > 40


def test_a_fit_that_blows_up_says_so():
    with pytest.raises(Diverged, match=r"iteration \d+; lower train.learning_rate \(1e\+30\)"):
        fitted(METHODS["siren"], Train(iterations=50, learning_rate=1e30), activation="relu")


def test_psnr_is_of_values_two_apart():
    assert mse_to_psnr(4.0) == 0
    assert mse_to_psnr(0.04) == pytest.approx(20)
    assert mse_to_psnr(0.0) == math.inf
