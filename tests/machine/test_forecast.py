import os
from dataclasses import replace

import pytest
from pipeline import ROOT

from refield import config
from refield.machine.forecast import Basis, Forecast, forecasts
from refield.machine.timing import Span
from refield.machine.work import of_profile

HOUR = 3600.0
DAYS = Span(27 * 24 * HOUR, 30 * 24 * HOUR, 36 * 24 * HOUR)
QUIET, BUSY = Span(1.0, 1.1, 1.2), Span(2.0, 2.5, 4.0)
BASIS = Basis(57, 6, 2.34, (3060, 24_576), 2, QUIET, load=0.4, niceness=0)


def test_of_a_quiet_machine_the_clock_is_told():
    assert str(Forecast(360, DAYS, QUIET)) == "2.2 hours each, 33 days in all (27 to 40)"
    assert str(Forecast(1, Span(80, 100, 120), QUIET)) == "1.8 minutes (80 seconds to 2.2 minutes)"


def test_of_a_busy_machine_both_are_told():
    assert str(Forecast(360, DAYS, BUSY)) == (
        "2 hours each, 30 days in all (27 to 36) with the machine to itself, "
        "and 75 days (54 to 144) at its present load"
    )


def test_a_forecast_says_what_it_rests_on():
    assert BASIS.measured() == "57 steps of 6 kinds, with 3,060 to 24,576 points, in 2.3 s on 2 threads"
    one = Basis(3, 1, 0.1, (96, 96), 1, QUIET, 0.4, 0)
    assert one.measured() == "3 steps of one kind, with 96 points, in 0.1 s on one thread"


def test_a_forecast_says_how_busy_the_machine_was():
    cores = os.cpu_count()
    machine = f"on {cores} core{'s' if cores > 1 else ''}"
    assert BASIS.meanwhile() == f"load average 0.4 {machine}; the timed steps had their cores to themselves"
    busy = Basis(57, 6, 2.34, (96, 96), 2, BUSY, load=7.25, niceness=5)
    assert busy.meanwhile() == (
        f"load average 7.2 {machine}, at niceness 5; the timed steps took 2.0 to 4.0 times as long as with the machine "
        "to itself, so all of this is less sure"
    )
    said = f"by 57 steps timed in 2.3 s, load average 7.2 {machine}, at niceness 5"
    assert str(busy) == said
    slow = replace(busy, kernels="without it they would be for Zen, which may be far faster")
    assert str(slow) == f"{said}; OPENBLAS_CORETYPE is set, and {slow.kernels}"


def test_profiles_are_forecast_from_real_steps():
    small = {"images.long": 24, "images.short": 16, "network.width": 8}
    changes = {f"profiles.quick.{key}": value for key, value in small.items()}
    params = config.read(path=ROOT / "params.yaml", changes=changes)
    works = {str(images): of_profile(params, "quick", images, "cpu") for images in (1, 4)}
    found, basis = forecasts(works, seconds=0.0, clock=0.0)
    assert found["1"].fits == len(params.methods)
    assert found["4"].alone.likely == pytest.approx(4 * found["1"].alone.likely)
    assert 0 < found["1"].alone.low < found["1"].alone.likely < found["1"].alone.high
    assert found["1"].slowdown.low >= 1
    assert (basis.kinds, basis.points) == (1, (16 * 24, 16 * 24))
