"""The fast descent of latents against the definition, the descent by automatic differentiation, and itself."""

import tracemalloc
from dataclasses import replace
from importlib import util

import numpy as np
import pytest
import torch
from fitting.descents import ALL, RATE, a_job, assert_close, define, descend, initial, noise, uneven

from refield.fields.gated_latents import GatedLatents
from refield.fields.latents import Latents
from refield.fitting import rays, ways
from refield.fitting.autograd import AutogradDescent
from refield.fitting.fit import fit_together
from refield.fitting.latents import evaluation
from refield.fitting.latents.engine import LatentsDescent, descent
from refield.fitting.latents.evaluation import gradient_of, weights_of
from refield.fitting.mlp import loops, trial
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
SMALL = {"finest": (13, 22), "levels": 3, "width": 8}
GATED = {
    "regions in all layers": GatedLatents(**SMALL, gates=("segment",) * 3, regions=4),
    "regions of the output": GatedLatents(**SMALL, gates=("dense", "dense", "segment"), regions=4),
    "tiles": GatedLatents(**SMALL, gates=(8, 4, 2)),
    "tiles, regions and none": GatedLatents(
        finest=9, levels=3, features=(1, 3, 2), width=5, hidden_layers=2, gates=(4, "dense", "segment", 2), regions=4
    ),
    "rectifiers, no layer from hidden to hidden": GatedLatents(
        finest=9, levels=1, width=6, activation="relu", hidden_layers=0, gates=("segment", 3), regions=4
    ),
    "none": GatedLatents(**SMALL, gates=("dense",) * 3),
}


@pytest.fixture(autouse=True)
def _chunks_of_two_or_three_rows(monkeypatch):
    monkeypatch.setattr(evaluation, "CHUNK_BYTES", 3 * 22 * 8 * 8)


@pytest.mark.skipif(util.find_spec("llvmlite") is None, reason="llvmlite")
@pytest.mark.parametrize("name", ["a node on each pixel", "sines, no layer from hidden to hidden"])
def test_loops_make_no_other_bytes(name, monkeypatch):
    job = a_job(FIELDS[name])
    planned, found = [], loops.planned
    monkeypatch.setattr(loops, "planned", lambda *given: planned.append(found(*given)) or planned[-1])
    with_loops = descend(LatentsDescent, job, 5, torch.float32)
    assert (planned[0] is not None) == (FIELDS[name].activation == "gelu" or trial.has_numpys_sines())
    monkeypatch.setattr(loops, "installed", lambda: False)
    without = descend(LatentsDescent, job, 5, torch.float32)
    assert planned[-1] is None
    assert with_loops.losses == without.losses
    assert all(with_loops.weights[key].tobytes() == each.tobytes() for key, each in without.weights.items())


@pytest.mark.parametrize("name", FIELDS | GATED)
def test_ten_steps_as_the_definition_takes_them(name):
    job = a_job((FIELDS | GATED)[name])
    ours = descend(LatentsDescent, job, 10)
    assert_close(ours, define(job, [ALL] * 10), 1e-9)
    assert ours.losses[-1] < ours.losses[0]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", FIELDS | GATED)
def test_each_weight_has_the_definitions_derivative(name, weighted):
    problem = replace(noise(), importance=uneven(noise()) if weighted else None)
    job = a_job((FIELDS | GATED)[name], problem)
    defined = define(job, [ALL]).gradients
    with LatentsDescent(job, initial(job), CPU, torch.float64) as descent:
        for _ in range(2):  # what is added up begins anew
            descent.evaluation.run(back=True)
        found = {name: gradient_of(parameter) for name, parameter in descent.adam.parameters.items()}
        found = weights_of(found, descent.shapes)
    assert found.keys() == defined.keys()
    for name, derivative in defined.items():
        np.testing.assert_allclose(found[name], derivative, rtol=1e-9, atol=1e-12 * np.abs(derivative).max())


@pytest.mark.parametrize("shape", [(22, 13, 3), (13, 22, 1), (13, 2, 2), (3, 90, 4)])
@pytest.mark.parametrize("field", [FIELD, GATED["regions in all layers"]])
def test_pictures_of_other_sizes_and_channels(shape, field):
    job = a_job(field, noise(shape))
    assert_close(descend(LatentsDescent, job, 4), define(job, [ALL] * 4), 1e-9)


@pytest.mark.parametrize("field", [FIELD, GATED["tiles, regions and none"]])
def test_points_that_count_differently_on_a_unit_target(field):
    problem = replace(noise(), importance=uneven(noise()))
    job = a_job(field, problem, target="unit", beta2=0.95)
    ours = descend(LatentsDescent, job, 10)
    assert_close(ours, define(job, [ALL] * 10), 1e-9)
    assert_close(ours, descend(AutogradDescent, job, 10), 1e-9)


@pytest.mark.parametrize("field", [FIELD, GATED["tiles"]])
def test_single_precision_is_as_exact_as_single_precision_is(field):
    job = a_job(field)
    assert_close(descend(LatentsDescent, job, 5, torch.float32), define(job, [ALL] * 5), 1e-4)


def test_without_a_gate_there_are_the_bytes_of_latents():
    plain, gated = (descend(LatentsDescent, a_job(field), 5, torch.float32) for field in (FIELD, GATED["none"]))
    assert gated.losses == plain.losses
    assert gated.values.tobytes() == plain.values.tobytes()
    for name, array in plain.weights.items():
        assert gated.weights[name].tobytes() == array.tobytes()
        assert gated.weights[name].shape == (array.shape if name.startswith("latents") else (1, *array.shape))


def test_no_pixel_is_moved_where_there_is_no_gate():
    for field, moved in [(FIELD, False), (GATED["none"], False), (GATED["tiles"], True)]:
        job = a_job(field)
        with LatentsDescent(job, initial(job), CPU) as descent:
            assert all((chunk.order.pixels is not None) == moved for chunk in descent.evaluation.chunks)


@pytest.mark.parametrize("activation", ["gelu", "sine"])
@pytest.mark.parametrize("field", [FIELD, GATED["tiles, regions and none"]])
def test_the_number_of_threads_does_not_change_a_bit(field, activation):
    job, results, before = a_job(field.model_copy(update={"activation": activation})), set(), torch.get_num_threads()
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
    fields = [*FIELDS.values(), *GATED.values()]
    jobs = [a_job(field, seed=seed, iterations=4) for seed, field in enumerate(fields)]
    together = fit_together(jobs, "cpu")
    for job, beside in zip(jobs, together, strict=True):
        (alone,) = fit_together([job], "cpu")
        assert alone.values.tobytes() == beside.values.tobytes()
        assert all((alone.weights[name] == beside.weights[name]).all() for name in alone.weights)


@pytest.mark.parametrize("field", [FIELD, GATED["regions in all layers"]])
def test_an_interrupted_descent_goes_on_to_the_same_bytes(field):
    job = a_job(field)
    with LatentsDescent(job, initial(job), CPU) as whole, LatentsDescent(job, initial(job), CPU) as rest:
        for _ in range(3):
            whole.step(RATE)
        rest.resume(whole.state(), 3)
        for each in (whole, rest):
            each.step(RATE)
        assert whole.loss() == rest.loss()
        assert whole.finish()[0].tobytes() == rest.finish()[0].tobytes()


@pytest.mark.parametrize("gates", [None, ("segment", "segment", "segment"), (8, 4, 2)])
def test_a_step_takes_no_new_memory_of_a_layers_size(gates, monkeypatch):
    """Where numpy copies what it cannot read in place, tracemalloc sees it."""
    monkeypatch.setattr(evaluation, "CHUNK_BYTES", 50 * 64 * 8 * 4)
    problem = noise((97, 64, 3))  # cut into 48 and 49 rows
    keys = {"finest": (96, 64), "levels": 5, "features": (1, 1, 2, 2, 3), "width": 8}
    job = a_job(GatedLatents(**keys, gates=gates, regions=4) if gates else Latents(**keys), problem)
    with LatentsDescent(job, initial(job), CPU) as descent:
        descent.step(RATE)
        tracemalloc.start()
        descent.step(RATE)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 8 * len(problem.points)  # bytes: a fourth of a layer's activations in a chunk


@pytest.mark.parametrize("task", [None, Superresolve(factor=2), Inpaint(hidden=0.5)])
@pytest.mark.parametrize("field", [FIELD, GATED["regions in all layers"]])
def test_a_regular_grid_of_any_task_is_taken(task, field):
    job = a_job(field, noise((14, 22, 3), task))
    assert type(descent(job, initial(job), CPU)) is LatentsDescent


@pytest.mark.parametrize("field", [FIELD, GATED["tiles"]])
def test_other_points_are_left_to_the_definition(field):
    job = a_job(field, replace(noise(), points=np.random.default_rng(0).uniform(-1, 1, (286, 2))))
    assert type(descent(job, initial(job), CPU)) is AutogradDescent
    (fit,) = fit_together([job], "cpu")
    assert np.isfinite(fit.values).all()


@pytest.mark.parametrize("field", [FIELD, GATED["tiles"]])
def test_fits_of_latents_go_this_way_but_for_batches_and_other_losses(field):
    train = a_job(field).train
    module = "refield.fitting.latents.engine"
    assert ways.modules(field, True, train) == [module]
    assert ways.choose(field, True, train, "cpu").load() is descent
    for least_squares, changes, way in [
        (False, {}, AutogradDescent),
        (True, {"batch": 9}, rays.descent),
        (True, {"engine": "autograd"}, AutogradDescent),
    ]:
        other = train.model_copy(update=changes)
        assert ways.choose(field, least_squares, other, "cpu").load() is way
