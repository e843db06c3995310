"""The descent of sparse latents against a plain one that asks each node by itself, and against itself."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from fitting.descents import RATE, a_job, assert_close, descend, initial, noise, uneven
from skimage.data import camera

from refield.fields.latent_grids import interpolated
from refield.fields.latents import Latents
from refield.fields.sparse_latents import SparseLatents
from refield.fitting.fit import fit_together
from refield.fitting.job import Job
from refield.fitting.latents.sparse import TURNS, SparseDescent, shared_out
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks.inpaint import Inpaint
from refield.tasks.problem import Batch, mse_to_psnr
from refield.tasks.represent import Represent

SMALL = {"finest": (13, 22), "levels": 3, "width": 8}
FIELDS = {
    "the finest": SparseLatents(**SMALL, kept=(0.3,)),
    "two": SparseLatents(**SMALL, kept=(0.2, 0.6)),
    "fewer nodes than pixels, several numbers": SparseLatents(finest=9, levels=2, features=2, width=5, kept=(0.4,)),
    "all": SparseLatents(**SMALL, kept=(1.0,)),
}
CPU, STEPS = torch.device("cpu"), 30


def job_of(field, problem=None, **train) -> Job:
    return a_job(field, problem, **{"iterations": STEPS, "trace_every": 1, **train})


def plainly(job, steps):
    """The weights after some steps, in float64: torch's Adam on the field's definition, and the choice of nodes by
    what each of them has in the squared errors, node by node."""
    problem = job.problem
    weights = {name: torch.tensor(array, requires_grad=True) for name, array in initial(job).items()}
    adam = torch.optim.Adam(weights.values(), RATE, (0.9, job.train.beta2))
    points, target = torch.tensor(problem.points), torch.tensor(problem.target)
    counts = torch.tensor(problem.relative_importance())
    masks = {name: torch.zeros(weights[name].shape[1:], dtype=torch.float64) for name in job.field.shares}

    def values():
        return job.train.span * job.field.evaluate(weights, points) - (job.train.span - 1)

    def needed(name):
        with torch.no_grad():
            before = weights[name].clone()
            weights[name].zero_()
            error = counts * (values() - target).square().sum(dim=1)
            weights[name].copy_(before)
        nodes = masks[name].numel()
        units = torch.eye(nodes, dtype=torch.float64).view(nodes, *masks[name].shape)  # a grid for each node, 1 there
        return interpolated(units, points) @ error

    for step in range(steps):
        if step in {round(part * job.train.iterations) for part in TURNS}:
            found = {name: needed(name) for name in masks}
            for name, each in found.items():
                most = torch.argsort(each, descending=True)[: max(1, round(job.field.shares[name] * len(each)))]
                masks[name] = torch.zeros(len(each), dtype=torch.float64).scatter(0, most, 1.0).view_as(masks[name])
                with torch.no_grad():
                    weights[name] *= masks[name]
        adam.zero_grad()
        (problem.loss(lambda *_: values(), batch(problem)) / job.train.span**2).backward()
        adam.step()
        with torch.no_grad():
            for name, mask in masks.items():
                weights[name] *= mask
    return {name: weight.detach().numpy() for name, weight in weights.items()}


def batch(problem):
    importance = None if problem.importance is None else torch.tensor(problem.relative_importance())
    return Batch(torch.tensor(problem.points), None, torch.tensor(problem.target), importance)


@pytest.mark.parametrize("engine", ["fast", "autograd"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", FIELDS)
def test_steps_and_choices_are_those_of_the_plain_descent(name, weighted, engine):
    problem = replace(noise(), importance=uneven(noise()) if weighted else None)
    job = job_of(FIELDS[name], problem, engine=engine)
    ours, theirs = descend(SparseDescent, job, STEPS).weights, plainly(job, STEPS)
    for key, array in theirs.items():
        np.testing.assert_allclose(ours[key], array, rtol=0, atol=1e-9 + 1e-6 * np.abs(array).max())


@pytest.mark.gpu
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", FIELDS)
def test_a_gpus_steps_and_choices_are_the_cpus(name, weighted):
    """A captured graph goes on with the latents that were put to 0 between its replays."""
    problem = replace(noise(), importance=uneven(noise()) if weighted else None)
    job = job_of(FIELDS[name], problem)
    on_gpu, on_cpu = descend(SparseDescent, job, STEPS, device="cuda"), descend(SparseDescent, job, STEPS)
    assert_close(on_gpu, on_cpu, 1e-6)
    for key in job.field.shares:
        np.testing.assert_array_equal(on_gpu.weights[key].any(axis=0), on_cpu.weights[key].any(axis=0))


@pytest.mark.parametrize("name", FIELDS)
def test_so_many_nodes_have_latents_as_were_asked_for(name):
    field = FIELDS[name]
    weights = descend(SparseDescent, job_of(field), STEPS, torch.float32).weights
    for key, share in field.shares.items():
        there = weights[key].any(axis=0)
        assert there.sum() == round(share * there.size)
    assert all(weights[key].all() for key in weights if key not in field.shares)


@pytest.mark.parametrize(("nodes", "shape"), [((5, 7), (9, 4)), ((6,), (20,)), ((2, 3, 4), (3, 5, 2))])
def test_sharing_out_is_the_transpose_of_interpolation(nodes, shape):
    rng = np.random.default_rng(0)
    points = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"), -1).reshape(-1, len(shape))
    numbers, grid = rng.normal(size=len(points)), rng.normal(size=nodes)
    shared = shared_out(numbers, points, nodes)
    assert shared.sum() == pytest.approx(numbers.sum())
    seen = interpolated(torch.tensor(grid[None]), torch.tensor(points))[0].numpy()
    assert shared @ grid.ravel() == pytest.approx(numbers @ seen)


def photograph(side=64):
    return Image(np.ascontiguousarray(camera()[100 : 100 + side, 200 : 200 + side, None]))


def test_latents_where_they_are_needed_show_more_than_as_many_everywhere():
    problem, train = Represent().problem(photograph(), None), Train(iterations=150, learning_rate=2e-2, beta2=0.9)
    sparse = SparseLatents(finest=64, levels=5, width=16, kept=(0.4,))
    dense = Latents(finest=51, levels=5, width=16)
    ours, theirs = (
        fit_together([Job(field, problem, train, seed=seed) for seed in range(3)], "cpu") for field in (sparse, dense)
    )
    fewer, more = sparse.numbers(ours[0].weights) + 64 * 64 / 32, sum(each.size for each in theirs[0].weights.values())
    assert fewer < more
    found = [[mse_to_psnr(problem.mean_squared_error(fit.values)) for fit in fits] for fits in (ours, theirs)]
    assert np.mean(found[0]) > np.mean(found[1]) + 1.5


def test_what_is_hidden_gets_none():
    problem = Inpaint(mask="random", hidden=0.5).problem(photograph(32), None)
    field = SparseLatents(finest=32, levels=3, width=8, kept=(0.4,))  # a node lies on each pixel
    (fit,) = fit_together([Job(field, problem, Train(iterations=STEPS, learning_rate=1e-2), seed=0)], "cpu")
    there = np.argwhere(fit.weights["latents.0"][0])
    at = np.rint((problem.points + 1) * 31 / 2).astype(int)
    visible = at if problem.importance is None else at[problem.importance > 0]
    assert 0.45 < len(visible) / 32**2 < 0.55
    assert len(there) == round(0.4 * 32**2)
    assert {*map(tuple, there.tolist())} < {*map(tuple, visible.tolist())}


@pytest.mark.parametrize("engine", ["fast", "autograd"])
@pytest.mark.parametrize("stop", [1, 4, 5, 17, 29])
def test_an_interrupted_descent_ends_with_the_same_bytes(stop, engine):
    job = job_of(FIELDS["two"], engine=engine)
    with SparseDescent(job, initial(job), CPU) as whole:
        for _ in range(STEPS):
            whole.step(RATE)
        expected = whole.weights()
    with SparseDescent(job, initial(job), CPU) as first:
        for _ in range(stop):
            first.step(RATE)
        state = first.state()
    with SparseDescent(job, initial(job), CPU) as second:
        second.resume(state, stop)
        for _ in range(stop, STEPS):
            second.step(RATE)
        assert all(second.weights()[name].tobytes() == array.tobytes() for name, array in expected.items())
    with SparseDescent(job, initial(job), CPU) as other, pytest.raises(ValueError, match=r"latents\.0/chosen"):
        other.resume({**state, "latents.0/chosen": state["latents.0/chosen"][:, 1:]}, stop)


def test_threads_and_others_beside_it_change_no_bit():
    jobs = [job_of(field, seed=seed) for seed, field in enumerate(FIELDS.values())]
    before, results = torch.get_num_threads(), set()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            fits = [*fit_together(jobs, "cpu"), *(fit_together([job], "cpu")[0] for job in jobs)]
            halves = [
                [array.tobytes() for fit in part for array in fit.weights.values()] for part in (fits[:4], fits[4:])
            ]
            assert halves[0] == halves[1]
            results.add(b"".join(halves[0]))
    finally:
        torch.set_num_threads(before)
    assert len(results) == 1
