import math
import time

import pytest

from refield.machine.timing import UNSETTLED, Budget, Round, Span, Timing, alone, repeat, slowdown

FOREVER = Budget(math.inf)


def timing(*rounds: tuple[float, float]) -> Timing:
    return Timing(tuple(Round(*each) for each in rounds))


@pytest.mark.parametrize(("threads", "seconds"), [(1, 9), (2, 5), (3, 4), (4, 3), (8, 2), (64, 2)])
def test_threads_share_the_parts_and_not_what_comes_before(threads, seconds):
    assert alone(waiting=1, working=8, threads=threads, parts=8) == seconds


def test_a_busy_machine_changes_the_clock_and_not_what_work_takes_alone():
    quiet, busy = timing((1.0, 1.0), (1.1, 1.1)), timing((4.0, 1.0), (2.2, 1.1))
    assert quiet.alone == busy.alone == 1.0
    assert quiet.spread == busy.spread == UNSETTLED
    assert quiet.slowdown == 1.0
    assert busy.slowdown == pytest.approx(6.2 / 2.1)


@pytest.mark.parametrize(
    ("seconds", "settled"),
    [
        ([1.0, 1.0], False),
        ([1.0, 1.0, 1.0], True),
        ([3.0, 1.0, 0.99], False),  # the first still writes down what later ones repeat
        ([3.0, 1.0, 0.99, 1.02], True),
        ([3.0, 1.0, 0.9, 0.8], False),
    ],
)
def test_repetitions_settle_once_they_get_no_faster(seconds, settled):
    assert timing(*((each, each) for each in seconds)).settled is settled


def test_the_spread_is_that_of_the_middle_above_the_fastest():
    assert timing((9, 1.0), (9, 1.0), (9, 1.3)).spread == 0
    assert timing((9, 1.0), (9, 1.3), (9, 1.4)).spread == pytest.approx(0.3)


def test_the_load_is_a_mean_over_time_between_the_extremes():
    assert slowdown([timing((2.0, 1.0), (2.0, 1.0)), timing((8.0, 2.0), (8.0, 2.0))]) == Span(2.0, 20 / 6, 4.0)


def test_spans_add_and_multiply_end_by_end():
    assert Span(1, 2, 3) + Span(10, 20, 30) == Span(11, 22, 33)
    assert Span(1, 2, 3) * Span(10, 20, 30) == Span(10, 40, 90)


def test_time_that_passes_without_work_is_the_machines_and_not_the_works():
    found = repeat(lambda: time.sleep(0.02), threads=2, budget=FOREVER, parts=8)
    assert all(each.clock >= 0.02 for each in found.rounds)
    assert found.slowdown > 2
    assert (
        repeat(lambda: time.sleep(0.02), threads=None, budget=FOREVER, parts=8).slowdown == 1
    )  # of a GPU only a clock can tell


@pytest.mark.parametrize("budget", [Budget(0.0), Budget(math.inf, clock=-1.0)])
def test_without_a_budget_work_is_done_once_more_than_it_counts(budget):
    calls = []
    assert len(repeat(lambda: calls.append(1), 1, budget, 8).rounds) == 1
    assert len(calls) == 2


def test_with_a_budget_work_is_repeated_until_it_settles():
    found = repeat(lambda: sum(range(10_000)), 1, FOREVER, 8)
    assert found.settled
    assert not Timing(found.rounds[:-1]).settled


def test_a_budget_ends_by_either_clock_and_can_be_made_to_last():
    assert FOREVER
    assert not Budget(0.0)
    assert not Budget(1e9, clock=0.0)
    assert not Budget(0.0, clock=1e9)
    assert Budget(0.0, clock=0.0).at_least(1e9)
    assert FOREVER.at_least(0.0)
