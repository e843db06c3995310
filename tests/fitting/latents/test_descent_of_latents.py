"""The fast descent of latents against the definition, the descent by automatic differentiation, and itself."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch
from fitting.descents import ALL, RATE, a_job, assert_close, define, descend, initial, noise, uneven

from refield.fields.latents import Latents
from refield.fitting import rays, ways
from refield.fitting.autograd import AutogradDescent
from refield.fitting.fit import fit_together
from refield.fitting.latents import evaluation
from refield.fitting.latents.engine import LatentsDescent, descent
from refield.tasks.inpaint import Inpaint
from refield.tasks.superresolve import Superresolve

CPU = torch.device("cpu")
FIELD = Latents(finest=(13, 22), levels=3, width=8)  # of as many nodes as the noise has pixels
FIELDS = {
    "a node on each pixel": FIELD,
    "fewer nodes": Latents(finest=(9, 7), levels=2, width=8, gain=2.0),
    "more nodes": Latents(finest=40, levels=2, width=5, gain=(3.0, 0.5)),
    "several numbers at a node": Latents(finest=9, levels=3, features=(1, 3, 2), width=8),
    "sines, no layer from hidden to hidden": Latents(finest=9, levels=1, width=6, activation="sine", hidden_layers=0),
    "three layers": Latents(finest=9, levels=2, width=4, hidden_layers=2),
    "rectifiers": Latents(finest=9, levels=2, width=8, activation="relu"),
}


@pytest.fixture(autouse=True)
def _chunks_of_two_or_three_rows(monkeypatch):
    monkeypatch.setattr(evaluation, "CHUNK_BYTES", 3 * 22 * 8 * 8)


@pytest.mark.parametrize("name", FIELDS)
def test_ten_steps_as_the_definition_takes_them(name):
    job = a_job(FIELDS[name])
    ours = descend(LatentsDescent, job, 10)
    assert_close(ours, define(job, [ALL] * 10), 1e-9)
    assert ours.losses[-1] < ours.losses[0]


@pytest.mark.parametrize("shape", [(22, 13, 3), (13, 22, 1), (13, 2, 2), (3, 90, 4)])
def test_pictures_of_other_sizes_and_channels(shape):
    job = a_job(FIELD, noise(shape))
    assert_close(descend(LatentsDescent, job, 4), define(job, [ALL] * 4), 1e-9)


def test_points_that_count_differently_on_a_unit_target():
    problem = replace(noise(), importance=uneven(noise()))
    job = a_job(FIELD, problem, target="unit", beta2=0.95)
    ours = descend(LatentsDescent, job, 10)
    assert_close(ours, define(job, [ALL] * 10), 1e-9)
    assert_close(ours, descend(AutogradDescent, job, 10), 1e-9)


def test_single_precision_is_as_exact_as_single_precision_is():
    job = a_job(FIELD)
    assert_close(descend(LatentsDescent, job, 5, torch.float32), define(job, [ALL] * 5), 1e-4)


@pytest.mark.parametrize("activation", ["gelu", "sine"])
def test_the_number_of_threads_does_not_change_a_bit(activation):
    job, results, before = a_job(FIELD.model_copy(update={"activation": activation})), set(), torch.get_num_threads()
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            found = descend(LatentsDescent, job, 5, torch.float32)
            results.add(b"".join(array.tobytes() for array in (found.values, *found.weights.values())))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert len(results) == 1
    assert found.values.dtype == np.float32


def test_alone_or_beside_others_it_has_the_same_bytes():
    jobs = [a_job(FIELDS[name], seed=seed, iterations=4) for seed, name in enumerate(FIELDS)]
    together = fit_together(jobs, "cpu")
    for job, beside in zip(jobs, together, strict=True):
        (alone,) = fit_together([job], "cpu")
        assert alone.values.tobytes() == beside.values.tobytes()
        assert all((alone.weights[name] == beside.weights[name]).all() for name in alone.weights)


def test_an_interrupted_descent_goes_on_to_the_same_bytes():
    job = a_job(FIELD)
    with LatentsDescent(job, initial(job), CPU) as whole, LatentsDescent(job, initial(job), CPU) as rest:
        for _ in range(3):
            whole.step(RATE)
        rest.resume(whole.state(), 3)
        for each in (whole, rest):
            each.step(RATE)
        assert whole.loss() == rest.loss()
        assert whole.finish()[0].tobytes() == rest.finish()[0].tobytes()


def test_a_step_takes_no_new_memory_of_a_layers_size(monkeypatch):
    """Where numpy copies what it cannot read in place, tracemalloc sees it."""
    monkeypatch.setattr(evaluation, "CHUNK_BYTES", 50 * 64 * 8 * 4)
    problem = noise((97, 64, 3))  # cut into 48 and 49 rows
    job = a_job(Latents(finest=(96, 64), levels=5, features=(1, 1, 2, 2, 3), width=8), problem)
    with LatentsDescent(job, initial(job), CPU) as descent:
        descent.step(RATE)
        tracemalloc.start()
        descent.step(RATE)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 8 * len(problem.points)  # bytes: a fourth of a layer's activations in a chunk


@pytest.mark.parametrize("task", [None, Superresolve(factor=2), Inpaint(hidden=0.5)])
def test_a_regular_grid_of_any_task_is_taken(task):
    job = a_job(FIELD, noise((14, 22, 3), task))
    assert type(descent(job, initial(job), CPU)) is LatentsDescent


def test_other_points_are_left_to_the_definition():
    job = a_job(FIELD, replace(noise(), points=np.random.default_rng(0).uniform(-1, 1, (286, 2))))
    assert type(descent(job, initial(job), CPU)) is AutogradDescent
    (fit,) = fit_together([job], "cpu")
    assert np.isfinite(fit.values).all()


def test_fits_of_latents_go_this_way_but_for_batches_and_other_losses():
    train = a_job(FIELD).train
    module = "refield.fitting.latents.engine"
    assert ways.modules(FIELD, True, train) == [module]
    assert ways.choose(FIELD, True, train, "cpu").load() is descent
    for least_squares, changes, way in [
        (False, {}, AutogradDescent),
        (True, {"batch": 9}, rays.descent),
        (True, {"engine": "autograd"}, AutogradDescent),
    ]:
        other = train.model_copy(update=changes)
        assert ways.choose(FIELD, least_squares, other, "cpu").load() is way
