"""What a unit's lost jobs count for: nothing, while its checkpoint advances from one to the next."""

import pickle
from collections.abc import Iterator, Sequence, Set

import numpy as np
import pytest
from small import unit

from refield.executors import make_units
from refield.executors.advance import Farthest, reached
from refield.executors.collecting import Collector
from refield.executors.settings import Inline, Local
from refield.executors.slurm import Work
from refield.executors.spool import Spool
from refield.executors.submission import Submission, note_start
from refield.executors.worker import work
from refield.fitting.checkpoint import Checkpoint
from refield.units.checkpoints import UnitCheckpoints
from refield.units.store import Store

LONG, OTHER = unit(0), unit(1)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def come_to(store: Store, iteration: int, key: str = LONG.key()) -> None:
    """Leave a checkpoint, as a node does that is another kind of machine than this."""
    UnitCheckpoints(store, key, {"device": "a GPU"}).keep(Checkpoint(iteration, [], {"a": np.zeros(3)}))


class Limited:
    """Jobs that end before they are asked for, each at what comes next of a plan: an iteration of the first unit's
    checkpoint, or the end of its fit."""

    patience_seconds, poll_seconds, workers = 0.0, 0.0, 1

    def __init__(self, store: Store, plan: Sequence[int | None]) -> None:
        self.store, self.plan = store, iter(plan)
        self.avoided = list[Set[str]]()

    def submit(self, submission: Submission, avoid: Set[str]) -> None:
        note_start(submission.job(0))
        self.avoided.append(avoid)
        iteration = next(self.plan)
        if iteration is None:
            work(submission.job(0))
        elif iteration:
            come_to(self.store, iteration)

    def alive(self) -> Set[tuple[str, int]]:
        return set()

    def describe(self) -> str:
        return ""

    def close(self) -> None: ...


def collected(store: Store, plan: Sequence[int | None], *units: object) -> tuple[list[str], Limited]:
    """Why units fail, with 2 retries, and the jobs there were."""
    jobs = Limited(store, plan)
    settings = Local(kind="local", minutes_per_job=1e6)
    wanted = {each.key(): each for each in units or (LONG,)}
    return [*Collector(store, jobs, settings, "cpu").collect(wanted, {}, "title").values()], jobs


def test_jobs_that_end_in_a_time_limit_are_no_tries_while_the_checkpoint_advances(store):
    failed, jobs = collected(store, [100, 200, 300, 400, 500, None])
    assert (failed, len(jobs.avoided)) == ([], 6)
    first, *later = jobs.avoided
    assert not first
    assert all(later)  # what Slurm ends it queues again itself: here a process was lost, and may be where it ran


@pytest.mark.parametrize("plan", [[0] * 3, [100, 100, 100, 100], [100, 50, 80, 100]], ids=["none", "stuck", "anew"])
def test_those_that_come_no_farther_are_counted(store, plan):
    (why,), jobs = collected(store, plan)
    assert why.startswith("its process was lost 3 times, at last on")
    assert len(jobs.avoided) == len(plan)
    assert jobs.avoided[-1]


def test_a_checkpoint_that_was_there_before_is_no_advance(store):
    come_to(store, 100)
    (why,), jobs = collected(store, [0] * 3)
    assert "lost 3 times" in why
    assert len(jobs.avoided) == 3


def test_a_unit_that_waits_for_another_in_its_job_is_not_lost(store):
    failed, jobs = collected(store, [100, 200, 300, 400, None], LONG, OTHER)
    assert (failed, len(jobs.avoided)) == ([], 5)


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:70], lambda data: data[:64] + b"{}" * 50])
def test_what_is_no_checkpoint_is_no_advance(store, damage):
    come_to(store, 100)
    file = store.unfinished(LONG.key())
    assert reached(store, LONG.key()) == 100
    file.write_bytes(damage(file.read_bytes()))
    assert reached(store, LONG.key()) == 0


def test_a_finished_unit_has_come_farthest(store):
    make_units([LONG], store, "cpu", "title", Inline())
    assert reached(store, LONG.key()) > 10**9


def test_farther_is_farther_than_ever(store):
    farthest, found = Farthest(), []
    for iteration in (100, 200, 150, 190, 201):
        come_to(store, iteration)
        found.append(bool(farthest.advanced(store, [LONG.key()])))
    assert found == [False, True, False, False, True]


@pytest.fixture
def stops(store) -> Iterator:
    """Runs a Slurm job up to an iteration and stops it there; what is queued again, as Slurm's nodes find it."""
    pytest.importorskip("submitit")
    Spool(store.wanted).put(LONG)
    job = str(Submission.create(store, [[LONG]], "cpu").job(0))

    def stop(queued: Work, iteration: int) -> Work | None:
        task = pickle.loads(pickle.dumps(queued))
        task._advanced(job)  # as it does when it begins
        if iteration:
            come_to(store, iteration)
        queued = task.checkpoint(job)
        return queued and queued.function

    return stop


def test_a_job_is_queued_again_for_as_long_as_it_comes_on(stops):
    task = Work(retries=2)
    for iteration in range(100, 1100, 100):
        assert (task := stops(task, iteration))


def test_a_job_that_comes_no_farther_is_queued_again_some_times_in_a_row(stops):
    task = Work(retries=2)
    for iteration in (0, 0, 100, 0, 50):
        assert (task := stops(task, iteration))
    assert stops(task, 100) is None
