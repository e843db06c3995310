import hashlib
import math

import numpy as np
import pytest
from PIL import Image as Pillow
from small import TASKS_ALONE

from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.fitting import autograd
from refield.fitting.fit import descend
from refield.fitting.job import Job
from refield.fitting.mlp import engine
from refield.fitting.train import Train
from refield.machine import estimate
from refield.machine.estimate import (
    Steps,
    floor_per_step,
    points_of_step,
    product_rate,
    seconds_per_step,
    shrunk,
    time_steps,
    timed_sizes,
)
from refield.machine.timing import Budget, Round, Timing, fastest
from refield.tasks import TASKS
from refield.tasks.inpaint import Inpaint
from refield.tasks.represent import Represent
from refield.tasks.superresolve import Superresolve

TRAIN = Train(iterations=1, learning_rate=1e-3)
NARROW = Mlp(gates=(8.0, "segment"), width=64, regions=3)


def timing(seconds: float, rounds: int = 3) -> Timing:
    return Timing(rounds * (Round(2 * seconds, seconds),))


def test_the_floor_counts_every_product_once():
    """By hand: 2x8 forward and for the weights; 8x8 and 8x3 forward, for the weights and for the layer below."""
    field = Mlp(gates=("dense", 8.0), width=8)
    assert floor_per_step(field, 10, 20, rate=1.0) == 2 * 200 * (2 * 2 * 8 + 3 * 8 * 8 + 3 * 8 * 3)


def test_experts_cost_no_products():
    plain, gated = (Mlp(gates=gates, width=8) for gates in (("dense",) * 3, (8.0, 4.0, 2.0)))
    assert floor_per_step(plain, 10, 20, 1.0) == floor_per_step(gated, 10, 20, 1.0)


def test_a_step_takes_as_long_as_the_line_through_two_timed_ones_says():
    steps = Steps({3000: timing(7.0), 1000: timing(3.0)})  # 1 s, and 2 ms a point
    assert steps.seconds(3000) == 7.0
    assert steps.seconds(100_000) == pytest.approx(201.0)
    assert Steps({3000: timing(7.0)}).seconds(6000) == 14.0  # of one, in proportion


def test_whatever_takes_a_step_has_as_many_parts_as_are_counted():
    assert autograd.SHARDS == engine.SHARDS


@pytest.mark.parametrize(("smaller", "per_point"), [(timing(0.5), 2e-3), (timing(5.9), 1e-3), (timing(5.9, 1), 2e-3)])
def test_no_disturbed_timing_makes_that_line_absurd(smaller, per_point):
    """Neither steeper than in proportion nor flatter than half of that; and a first repetition says nothing."""
    steps = Steps({3000: timing(6.0), 1000: smaller})
    assert steps.seconds(4000) == pytest.approx(6.0 + 1000 * per_point)


@pytest.mark.parametrize(
    ("size", "points", "expected"),
    [
        ((512, 768), 6144, (64, 96)),
        ((16, 24), 6144, (16, 24)),
        ((11, 60_000), 1600, (8, 200)),  # no side so short that a task cannot use it
        ((60_000, 11), 1600, (200, 8)),
    ],
)
def test_steps_are_timed_on_a_smaller_image_of_the_same_shape(size, points, expected):
    assert shrunk(*size, points) == expected
    assert math.prod(expected) <= 1.01 * points


def test_small_images_are_timed_whole_and_large_ones_at_two_sizes_that_fill_the_chunks():
    assert timed_sizes(NARROW, 128 * 192, "cpu") == (128 * 192,)
    assert timed_sizes(Mlp(gates=("dense",), width=256), 512 * 768, "cpu") == (8 * 384, 3 * 8 * 384)
    assert timed_sizes(NARROW, 512 * 768, "cuda") == (512 * 768,)


@pytest.mark.parametrize("field", [NARROW, Wire(width=64)], ids=type)
@pytest.mark.parametrize("task", sorted(TASKS_ALONE))
def test_steps_of_every_field_and_task_can_be_timed(field, task):
    assert seconds_per_step(field, TASKS[task](), TRAIN, 32, 48, "cpu", seconds=0.0) > 0


def test_steps_of_batches_are_timed_at_the_size_of_the_batch():
    train = Train(iterations=1, learning_rate=1e-3, batch=100)
    assert points_of_step(train, 16, 24) == 100
    assert points_of_step(train, 8, 8) == 64
    assert list(time_steps(NARROW, Represent(), train, 16, 24, "cpu", Budget(0.0)).timings) == [100]


def test_an_image_that_is_too_large_to_be_timed_is_timed_in_part():
    field = Mlp(gates=("dense", "dense"), width=1024)
    assert list(time_steps(field, Represent(), TRAIN, 512, 768, "cpu", Budget(0.0)).timings) == [39 * 59]


WIDE = Mlp(gates=("dense", "dense"), width=512)


@pytest.fixture
def jobs(monkeypatch) -> list[Job]:
    """Those whose steps are timed from now on."""
    seen = []
    monkeypatch.setattr(estimate, "descend", lambda job, device: seen.append(job) or descend(job, device))
    return seen


def test_a_task_of_some_sizes_is_timed_on_some_points_of_a_whole_image(jobs):
    """Of 4,602 of 360,000 pixels, in blocks of 36: the same share of 10,000."""
    sizes = list(time_steps(WIDE, Superresolve(factor=6), TRAIN, 480, 750, "cpu", Budget(0.0)).timings)
    assert sizes == [math.prod(shrunk(480, 750, timed_sizes(WIDE, 480 * 750, "cpu")[-1]))]
    (job,) = jobs
    assert len(job.problem.points) == pytest.approx(sizes[0] / 36, abs=1)
    assert np.abs(job.problem.points).max() > 0.9
    assert len(job.problem.target) == len(job.problem.points)


def test_so_are_batches_of_it(jobs):
    train = Train(iterations=1, learning_rate=1e-3, batch=100)
    assert list(time_steps(NARROW, Superresolve(factor=5), train, 60, 55, "cpu", Budget(0.0)).timings) == [100]
    assert [(len(job.problem.points), job.train.batch) for job in jobs] == [(132, 100)]  # there are no 200


def test_a_mask_of_the_whole_image_hides_none_of_the_points_that_are_timed(jobs, tmp_path):
    file = tmp_path / "mask.png"
    Pillow.fromarray(np.where(np.arange(480 * 750).reshape(480, 750) < 1000, 255, 0).astype(np.uint8)).save(file)
    task = Inpaint(mask="file", mask_file=str(file), mask_sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    (points,) = time_steps(WIDE, task, TRAIN, 480, 750, "cpu", Budget(0.0)).timings
    assert [set(job.problem.importance) for job in jobs] == [{1}]
    assert len(jobs[0].problem.points) == points


def test_what_takes_no_size_is_refused_by_its_own_words():
    with pytest.raises(UserError, match=r"480 x 750 pixels; both sides must be multiples of task\.factor = 7"):
        time_steps(WIDE, Superresolve(factor=7), TRAIN, 480, 750, "cpu", Budget(0.0))


def test_products_have_a_rate():
    assert product_rate(16, "cpu") > 0


def test_the_first_call_does_not_count():
    calls = []
    fastest(lambda: calls.append(1), 3)
    assert len(calls) == 4
