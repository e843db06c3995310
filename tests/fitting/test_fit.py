"""Fits: they fall, repeat themselves, give up in words, and lose nothing by being fast."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import skimage.data
import torch
from fitting.descents import a_job, mlp

from refield.fields.wire import Wire
from refield.fitting.autograd import CHUNK_FLOATS
from refield.fitting.fit import Diverged, fit_together
from refield.fitting.mlp.engine import CHUNK_BYTES
from refield.signals import Image
from refield.tasks.gradients import Gradients
from refield.tasks.problem import mse_to_psnr
from refield.tasks.represent import Represent

COFFEE = skimage.data.coffee()[100:346:9, 100:478:9]  # 28 x 42
LABELS = np.digitize(COFFEE.mean(axis=2), [60, 110, 170]).reshape(-1)
PROBLEM = Represent().problem(Image(COFFEE), LABELS)
METHODS = {
    "siren": mlp(*["dense"] * 4, width=16),
    "ftc": mlp(16.0, 2.0, 1.0, 0.5, width=16),
    "qt": mlp(0.5, 1.0, 2.0, 16.0, width=16),
    "ours": mlp(16.0, 2.0, 1.0, "segment", width=16),
}


def job(method="ours", problem=PROBLEM, seed=0, **train):
    field = METHODS[method] if isinstance(method, str) else method
    return a_job(field, problem, seed, **{"iterations": 60, "learning_rate": 1e-3, "trace_every": 25, **train})


def fitted(*arguments, **settings):
    (result,) = fit_together([job(*arguments, **settings)], "cpu")
    return result


@cache
def defined(method):
    return fitted(method, engine="autograd")


def psnr(result, point=-1):
    return mse_to_psnr(result.curve[point][1])


@pytest.mark.parametrize("precision", ["float32", "mixed"])
@pytest.mark.parametrize("method", METHODS)
def test_fast_and_definition_reach_the_same_psnr(method, precision):
    """Within 0.05 dB; every precision rounds differently, and a descent amplifies what it rounds."""
    fast, slow = fitted(method, precision=precision), defined(method)
    assert psnr(fast) == pytest.approx(psnr(slow), abs=0.05)
    assert psnr(fast) > psnr(fast, 0) + 5


def test_the_curve_starts_at_zero_and_ends_with_the_result():
    result = fitted()
    assert [iteration for iteration, _ in result.curve] == [0, 25, 50, 60]
    assert result.curve[-1][1] == pytest.approx(np.mean((result.values - PROBLEM.target) ** 2))
    losses = [loss for _, loss in result.curve]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("engine", ["fast", "autograd"])
def test_a_unit_target_is_a_symmetric_one_of_another_network(engine):
    """With y on [0, 1] for 2 y - 1 on [-1, 1], the loss of the initial weights is that of the stretched output."""
    unit, field = fitted(target="unit", engine=engine), METHODS["ours"]
    start = {name: torch.tensor(w) for name, w in field.initialise(2, 3, np.random.default_rng(0)).items()}
    output = field.evaluate(start, torch.tensor(PROBLEM.points), torch.tensor(LABELS)).numpy()
    assert unit.curve[0][1] == pytest.approx(PROBLEM.mean_squared_error(2 * output - 1), rel=1e-4)
    assert psnr(unit) > psnr(unit, 0) + 5


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("output", ["dense", "gated"])
@pytest.mark.parametrize(("target", "engine"), [("symmetric", "fast"), ("unit", "fast"), ("unit", "autograd")])
def test_values_are_the_intensities_of_the_weights_where_they_are_wanted(target, engine, output, elsewhere):
    field, points, labels = mlp(*METHODS["ours"].gates, width=16, output=output), PROBLEM.points, LABELS
    problem = PROBLEM
    if elsewhere:
        points, labels = points[:100] / 3, LABELS[:100][::-1].copy()
        problem = replace(PROBLEM, wanted=(points, labels))
    result = fitted(field, problem, target=target, engine=engine)
    weights = {name: torch.tensor(array) for name, array in result.weights.items()}
    values = field.evaluate(weights, torch.tensor(points), torch.tensor(labels)).numpy()
    np.testing.assert_allclose(result.values, 2 * values - 1 if target == "unit" else values, atol=2e-4)
    assert {array.dtype for array in (result.values, *result.weights.values())} == {np.dtype(np.float32)}


def test_the_same_arguments_give_the_same_bytes_and_another_seed_does_not():
    once, again, other = (fitted(seed=seed).values.tobytes() for seed in (3, 3, 4))
    assert once == again
    assert once != other


def test_a_fit_depends_neither_on_those_beside_it_nor_on_the_threads(monkeypatch):
    """Nor on how long the others take, which way they go, and whether they diverge."""
    monkeypatch.setitem(CHUNK_BYTES, "cpu", 2**14)  # several chunks, some for each thread
    monkeypatch.setitem(CHUNK_FLOATS, "cpu", 2**13)
    gradients, before = Gradients().problem(Image(COFFEE), LABELS), torch.get_num_threads()
    jobs = [
        job(seed=3, iterations=8),
        job(mlp("dense", activation="relu"), learning_rate=1e30),
        job("ftc", seed=3, iterations=3),
        job(Wire(width=16), seed=4, iterations=4),
        job(Wire(width=16), seed=4, iterations=26, batch=500),
        job(problem=gradients, iterations=4),
    ]
    seen = []
    try:
        torch.set_num_threads(2)
        together = fit_together(jobs, "cpu", lambda number, iteration, loss: seen.append((number, iteration)))
        assert isinstance(together[1], Diverged)
        torch.set_num_threads(1)
        for i in (0, 2, 3, 4, 5):
            (alone,) = fit_together(jobs[i : i + 1], "cpu")
            assert together[i].curve == alone.curve
            assert together[i].values.tobytes() == alone.values.tobytes()
            for name, array in alone.weights.items():
                assert together[i].weights[name].tobytes() == array.tobytes()
    finally:
        torch.set_num_threads(before)
    assert [iteration for number, iteration in seen if number == 4] == [0, 25, 26]


@pytest.mark.parametrize("engine", ["fast", "autograd"])
def test_hidden_points_do_not_count_in_the_curve(engine):
    seen = np.arange(len(LABELS)) % 3 > 0
    result = fitted(problem=replace(PROBLEM, importance=seen.astype(float)), engine=engine)
    assert result.curve[-1][1] == pytest.approx(np.mean((result.values[seen] - PROBLEM.target[seen]) ** 2))


def test_grey_images_are_fitted_as_well():
    grey = Represent().problem(Image(COFFEE[..., :1]), LABELS)
    assert fitted("ftc", grey).values.shape == (28 * 42, 1)


@pytest.mark.parametrize(("field", "rate"), [(mlp("dense", "dense", width=16), 1e-3), (Wire(width=16), 5e-3)])
def test_a_constant_image_is_learnt(field, rate):
    image = Represent().problem(Image(np.full((16, 24, 3), 200, np.uint8)), None)
    assert psnr(fitted(field, image, iterations=300, learning_rate=rate)) > 40


def test_a_fit_that_blows_up_says_so():
    result = fitted(mlp(*["dense"] * 4, activation="relu"), learning_rate=1e30)
    assert isinstance(result, Diverged)
    assert "lower train.learning_rate (1e+30)" in str(result)
