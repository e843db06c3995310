import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import unit

from refield.executors.packing import pack

SHORTEST = 60.0


@given(
    iterations=st.lists(st.integers(1, 10**6), min_size=1, max_size=40),
    longest=st.floats(1, 1e5),
    workers=st.integers(1, 9),
)
def test_every_unit_comes_once_and_no_job_is_too_long(iterations, longest, workers):
    units, rate = [unit(0, number) for number in iterations], 1e7
    parts = pack(units, rate, SHORTEST, longest, workers)
    assert sorted(map(id, units)) == sorted(id(each) for part in parts for each in part)
    durations = [sum(each.flop for each in part) / rate for part in parts]
    assert all(len(part) == 1 or duration <= longest * 1.001 for part, duration in zip(parts, durations, strict=True))
    assert sum(duration < min(longest, SHORTEST) / 2.001 for duration in durations) <= 1  # the last one


def test_equal_units_are_spread_over_the_workers():
    units = [unit(0, 10**6)] * 24
    seconds = units[0].flop / 1e6
    assert [len(part) for part in pack(units, 1e6, SHORTEST, 1e9, 4)] == [6] * 4
    assert [len(part) for part in pack(units, 1e6, SHORTEST, 2.5 * seconds, 4)] == [2] * 12
    assert [len(part) for part in pack(units, 1e6, SHORTEST, 5 * seconds, 4)] == [3] * 8  # not 5, 5, 5, 5 and then 4
    assert [len(part) for part in pack(units, 1e15, SHORTEST, 1e9, 4)] == [24]  # starting takes longer than all of it
    assert [len(part) for part in pack(units, 1e6, SHORTEST, 1e9, 100)] == [1] * 24


def test_fits_of_no_time_at_all_are_a_job():
    assert [len(part) for part in pack([unit(0, 1)] * 3, 1e15, SHORTEST, 1e3, 4)] == [3]


def test_the_longest_come_first():
    parts = pack([unit(0, 10), unit(0, 1000), unit(0, 100)], 1.0, 0.0, 1.0, 3)
    assert [part[0].train.iterations for part in parts] == pytest.approx([1000, 100, 10])
