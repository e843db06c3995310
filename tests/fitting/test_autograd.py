"""The descent by automatic differentiation against the definition, against the fast one, and against itself."""

import threading
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch
from fitting.descents import ALL, a_job, assert_close, define, descend, initial, mlp, noise, uneven

from refield.fields.wire import Wire
from refield.fitting.autograd import CHUNK_FLOATS, AutogradDescent
from refield.fitting.fit import fit_together
from refield.fitting.mlp.engine import MlpDescent
from refield.tasks.gradients import Gradients
from refield.tasks.problem import Problem, squared_error

FIELDS = {"mlp": mlp(8.0, 2.0, "segment"), "plain": mlp("dense", "dense"), "wire": Wire(width=12, hidden_layers=1)}
TASKS = {"values": None, "gradients": Gradients()}
EVERY = [(field, task) for field in FIELDS for task in TASKS]
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _chunks_of_64_points(monkeypatch):
    monkeypatch.setitem(CHUNK_FLOATS, "cpu", 0)


def problem(task="values", shape=(24, 40, 3), weighted=False) -> Problem:
    """960 points in 15 chunks: some shards have one, others two."""
    made = noise(shape, TASKS[task])
    return replace(made, importance=uneven(made)) if weighted else made


def noting(made: Problem, **changes):
    """The problem, and the rows of each batch that its loss will be asked for."""
    rows, lock = {tuple(point): i for i, point in enumerate(made.points)}, threading.Lock()
    seen = []

    def loss(evaluate, batch):
        with lock:
            seen.append([rows[tuple(point)] for point in batch.points.detach().numpy()])
        return made.loss(evaluate, batch)

    return replace(made, loss=loss, **changes), seen


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("field", "task"), EVERY)
def test_the_gradient_of_all_chunks_is_that_of_all_points(field, task, weighted):
    job = a_job(FIELDS[field], problem(task, weighted=weighted))
    with AutogradDescent(job, initial(job), CPU, torch.float64) as descent:
        descent.step(0.0)
        loss, ours = descent.loss(), {name: p.grad.numpy() for name, p in descent.parameters.items()}
    exact = define(job, [ALL])
    assert loss == pytest.approx(exact.losses[0], rel=1e-12)
    for name, array in exact.gradients.items():
        scale = np.abs(array).max() or 1.0  # 0: of the last bias, of which a loss of derivatives knows nothing
        np.testing.assert_allclose(ours[name], array, rtol=0, atol=1e-12 * scale, err_msg=name)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("field", "task"), EVERY)
def test_steps_are_torchs_adams(field, task, weighted):
    """Five, of which the last has all of Adam's memory; others here take twenty."""
    job = a_job(FIELDS[field], problem(task, (9, 14, 3), weighted))
    assert_close(descend(AutogradDescent, job, 5), define(job, [ALL] * 5), 1e-9)


def test_a_unit_target_is_defined_by_intensities():
    job = a_job(FIELDS["mlp"], problem(shape=(9, 14, 3)), target="unit")
    ours = descend(AutogradDescent, job, 20)
    assert_close(ours, define(job, [ALL] * 20), 1e-9)
    weights = {name: torch.tensor(array) for name, array in ours.weights.items()}
    output = job.field.evaluate(weights, torch.tensor(job.problem.points), torch.tensor(job.problem.labels))
    np.testing.assert_allclose(ours.values, 2 * output - 1, rtol=0, atol=1e-12)


@pytest.mark.parametrize("target", ["symmetric", "unit"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_fast_descent_takes_the_same_steps(weighted, target):
    """On a unit target its loss is a fourth, which Adam's epsilon sees."""
    job = a_job(FIELDS["mlp"], problem(weighted=weighted), target=target, beta2=0.95)
    assert_close(descend(MlpDescent, job, 5), descend(AutogradDescent, job, 5), 1e-9)


@pytest.mark.parametrize("batch", [None, 700])
@pytest.mark.parametrize(("field", "task"), EVERY)
def test_the_number_of_threads_does_not_change_a_bit(field, task, batch):
    job, results, before = a_job(FIELDS[field], problem(task), batch=batch), set(), torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found = descend(AutogradDescent, job, 3, torch.float32)
            results.add(b"".join(array.tobytes() for array in (found.values, *found.weights.values())))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert len(results) == 1
    assert found.values.dtype == np.float32


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("field", "task"), EVERY)
def test_a_batchs_step_is_adams_on_its_points(field, task, weighted):
    made, seen = noting(problem(task, (9, 14, 3), weighted), pointwise=False)  # uncut: a step asks once
    job = a_job(FIELDS[field], made, batch=50)
    ours = descend(AutogradDescent, job, 6)
    batches = [np.array(rows) for rows in seen[:6]]
    assert {len(rows) for rows in batches} == {50}
    exact = define(replace(job, problem=replace(made, loss=noise(task=TASKS[task]).loss)), batches)
    assert_close(ours, exact, 1e-9)
    assert ours.losses[-1] == pytest.approx(exact.losses[-1], rel=1e-9)  # over all points


@pytest.mark.parametrize("size", [64, 240, 100])
def test_each_point_is_drawn_once_in_a_pass_and_each_pass_has_its_own_order(size):
    """Of 100 at a time all but 60 of 960 are drawn, others in each pass."""
    made, seen = noting(problem(), pointwise=False)
    steps = 960 // size
    with AutogradDescent(a_job(FIELDS["plain"], made, batch=size), initial(a_job(FIELDS["plain"])), CPU) as descent:
        for _ in range(2 * steps):
            descent.step(0.0)
    passes = [list(chain(*seen[:steps])), list(chain(*seen[steps:]))]
    for rows in passes:
        assert len(rows) == len(set(rows)) == steps * size
    assert passes[0] != passes[1]
    assert (set(passes[0]) == set(passes[1])) == (960 % size == 0)


def test_batches_are_the_seeds():
    once, again, other = (
        descend(AutogradDescent, a_job(FIELDS["wire"], problem(), seed, batch=100), 12).values.tobytes()
        for seed in (1, 1, 2)
    )
    assert once == again
    assert once != other


@pytest.mark.parametrize("batch", [960, 5000])
def test_a_batch_of_all_points_is_no_batch(batch):
    whole, batched = (
        descend(AutogradDescent, a_job(FIELDS["wire"], problem(), batch=size), 3) for size in (None, batch)
    )
    assert batched.values.tobytes() == whole.values.tobytes()
    assert batched.losses == whole.losses


@pytest.mark.parametrize(("pointwise", "parts"), [(True, 15), (False, 1)])
def test_only_a_loss_of_points_is_cut(pointwise, parts):
    made, seen = noting(problem(), pointwise=pointwise)
    descend(AutogradDescent, a_job(FIELDS["plain"], made), 1)
    of_step, of_finish = seen[:parts], seen[parts:]
    assert len(of_finish) == parts
    for rows in (of_step, of_finish):
        assert sorted(chain(*rows)) == list(range(960))


def test_a_loss_that_points_share_is_descended_as_a_whole():
    """The error of what is left once its mean over all points is taken away."""

    def loss(evaluate, batch):
        return squared_error(lambda *at: (values := evaluate(*at)) - values.mean(dim=0), batch)

    job = a_job(FIELDS["wire"], replace(problem(), loss=loss, pointwise=False))
    assert_close(descend(AutogradDescent, job, 20), define(job, [ALL] * 20), 1e-9)


def test_a_loss_that_overflowed_once_is_forgotten():
    calls = iter([np.inf, *[0.0] * 3])
    made = replace(problem(), loss=lambda *given: squared_error(*given) + next(calls), pointwise=False)
    losses = descend(AutogradDescent, a_job(FIELDS["plain"], made), 3).losses
    assert np.isfinite(losses).tolist() == [False, True, True, True]


@pytest.mark.gpu
@pytest.mark.parametrize("batch", [None, 300])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("field", "task"), EVERY)
def test_a_gpus_steps_are_the_cpus(field, task, weighted, batch, monkeypatch):
    """From the second one on they are one captured graph, where the field is steady."""
    monkeypatch.setitem(CHUNK_FLOATS, "cuda", 0)
    job = a_job(FIELDS[field], problem(task, weighted=weighted), batch=batch)
    assert_close(descend(AutogradDescent, job, 20, device="cuda"), descend(AutogradDescent, job, 20), 1e-8)
    with AutogradDescent(job, initial(job), torch.device("cuda")) as descent:
        for _ in range(3):
            descent.step(0.0)
        assert (descent.replay.graph is not None) == job.field.steady


@pytest.mark.gpu
def test_a_gpus_fit_does_not_depend_on_those_beside_it():
    jobs = [
        a_job(FIELDS[field], problem(task), seed, iterations=10, batch=batch, engine="autograd")
        for (field, task) in EVERY
        for seed, batch in ((0, None), (1, 300))
    ]
    for job, result in zip(jobs, fit_together(jobs, "cuda"), strict=True):
        (alone,) = fit_together([job], "cuda")
        assert result.values.tobytes() == alone.values.tobytes()
        assert result.curve == alone.curve
