"""An interrupted fit ends with the bytes of one that was left alone, whichever way it goes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from fitting.descents import a_job, mlp

from refield.fields.wire import Wire
from refield.fitting.adam import Adam
from refield.fitting.checkpoint import Checkpoint
from refield.fitting.fit import fit_together

SCHEDULE = {"iterations": 30, "trace_every": 4, "schedule": "cosine"}
JOBS = {
    "engine": a_job(mlp(32.0, 2.0, 1.0, "segment"), **SCHEDULE),
    "mixed": a_job(mlp(32.0, 2.0, 1.0, "segment"), **SCHEDULE, precision="mixed"),
    "autograd": a_job(Wire(width=8), **SCHEDULE),
    "batches": a_job(Wire(width=8), **SCHEDULE, batch=50),  # five a pass: some interruptions are amid one
    "captured": a_job(mlp(*["dense"] * 3), **SCHEDULE, engine="autograd"),
}


class Interrupted(Exception):
    pass


class Interrupting:
    """Keeps a checkpoint at each of some steps, and lets the fit die there."""

    def __init__(self, *steps: int) -> None:
        self.steps, self.kept = set(steps), None
        self.done = 0

    def last(self) -> Checkpoint | None:
        self.done = self.kept.iteration if self.kept else 0
        return self.kept

    def due(self) -> bool:
        self.done += 1
        return self.done in self.steps

    def keep(self, checkpoint: Checkpoint) -> None:
        self.steps.remove(checkpoint.iteration)
        self.kept = checkpoint
        raise Interrupted


def interrupted(job, device, *steps):
    """The fit, begun again after each of these steps; and the losses that the last beginning traced."""
    checkpoints = Interrupting(*steps)
    while True:
        try:
            seen: list[tuple[int, float]] = []
            (result,) = fit_together([job], device, lambda _, *point, seen=seen: seen.append(point), [checkpoints])
            return result, seen
        except Interrupted:
            continue


def assert_same(once, again):
    assert once.curve == again.curve
    assert once.values.tobytes() == again.values.tobytes()
    assert {n: w.tobytes() for n, w in once.weights.items()} == {n: w.tobytes() for n, w in again.weights.items()}


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("way", JOBS)
def test_an_interrupted_fit_ends_with_the_same_bytes(way, device):
    (whole,) = fit_together([JOBS[way]], device)
    result, seen = interrupted(JOBS[way], device, 1, 7, 21)
    assert_same(result, whole)
    assert [iteration for iteration, _ in seen] == [24, 28, 30]  # it did go on: the steps before were not made again


def test_the_fused_way_resumes_as_well():
    """In Triton's interpreter, where there is no GPU."""
    pytest.importorskip("triton")
    from refield.fitting.mlp.fused import FusedDescent

    job, device = (
        a_job(mlp("dense", "segment"), precision="mixed"),
        torch.device("cuda" if torch.cuda.is_available() else "cpu"),
    )
    start = job.field.initialise(2, 3, np.random.default_rng(1))
    with FusedDescent(job, start, device) as whole, FusedDescent(job, start, device) as second:
        for _ in range(2):
            whole.step(1e-3)
        second.resume(whole.state(), 2)
        for descent in (whole, second):
            descent.step(1e-3)
        assert whole.loss() == second.loss()
        assert {n: w.tobytes() for n, w in whole.weights().items()} == {
            n: w.tobytes() for n, w in second.weights().items()
        }


def test_a_fit_beside_others_goes_on_by_itself():
    jobs = [JOBS["engine"], JOBS["batches"]]
    whole = fit_together(jobs, "cpu")
    checkpoints = Interrupting(5)
    with pytest.raises(Interrupted):
        fit_together(jobs[:1], "cpu", checkpoints=[checkpoints])
    again = fit_together(jobs, "cpu", checkpoints=[checkpoints, Interrupting()])
    for once, other in zip(whole, again, strict=True):
        assert_same(once, other)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: replace(c, iteration=31),
        lambda c: replace(c, iteration=0),
        lambda c: replace(c, state={}),
        lambda c: replace(c, state={name: array[:-1] for name, array in c.state.items()}),
        lambda c: replace(c, state={name: array.astype(np.float64) for name, array in c.state.items()}),
    ],
)
def test_a_checkpoint_of_another_job_is_ignored(spoil):
    checkpoints = Interrupting(5)
    with pytest.raises(Interrupted):
        fit_together([JOBS["engine"]], "cpu", checkpoints=[checkpoints])
    checkpoints.kept = spoil(checkpoints.kept)
    (result,) = fit_together([JOBS["engine"]], "cpu", checkpoints=[checkpoints])
    assert_same(result, fit_together([JOBS["engine"]], "cpu")[0])


def test_a_state_is_a_copy():
    parameter = torch.ones(3, requires_grad=True)
    adam = Adam({"a": parameter}, 0.999)
    parameter.grad.fill_(1.0)
    adam.step()
    state = adam.state()
    before = {name: array.copy() for name, array in state.items()}
    adam.step()
    assert {name: array.tobytes() for name, array in state.items()} == {n: a.tobytes() for n, a in before.items()}
    assert not np.array_equal(adam.state()["a/value"], state["a/value"])
