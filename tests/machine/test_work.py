import sys

import pytest
import torch
from pipeline import ROOT
from small import unit

from refield import config
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.fitting.train import Train
from refield.machine.estimate import Steps
from refield.machine.timing import Budget, Round, Timing
from refield.machine.work import BESIDE, Work, alone, device_of, of_profile, of_unit, time_kinds
from refield.tasks.represent import Represent

TRAIN = Train(iterations=10, learning_rate=1e-3)


def work(width: int = 8, fits: int = 1, gates: tuple = ("dense", "dense"), side: int = 16, **train) -> Work:
    field = Mlp(gates=gates, width=width)
    return Work(field, Represent(), TRAIN.model_copy(update=train), side, 2 * side, "cpu", fits)


def steps(seconds: float, points: int = 512, rounds: int = 3) -> Steps:
    return Steps({points: Timing(rounds * (Round(seconds, seconds),))})


def test_fits_take_steps_times_iterations_times_their_number():
    found = alone(work(fits=3), {work().kind: (work(), steps(0.5))})
    assert found.likely == 0.5 * 10 * 3
    assert (found.low, found.high) == pytest.approx((15 / 1.15, 15 * 1.15))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")
def test_small_fits_are_made_side_by_side():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        several, large = work(fits=3), work(fits=3, side=2048, width=32)
        timed = time_kinds([[several, large, work()]], Budget(0.0))
        assert [each.beside for each in (several, large, work())] == [2, 1, 1]
        assert len({each.kind for each in (several, large, work())}) == 3
        assert alone(several, {several.kind: (several, steps(0.5))}).likely == 0.5 * 10 * 2
        assert alone(large, {large.kind: (large, steps(0.5, large.points))}).likely == 0.5 * 10 * 3
        assert timed
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_kind_that_was_not_timed_is_told_from_the_next_and_less_surely():
    timed = {each.kind: (each, steps(seconds)) for each, seconds in ((work(64), 1.0), (work(8), 100.0))}
    found = alone(work(128), timed)
    flop = [2 * (2 * 2 * width + 3 * width**2 + 3 * 3 * width) for width in (64, 128)]
    ratio = (flop[1] + BESIDE * 128) / (flop[0] + BESIDE * 64)
    assert found.likely == pytest.approx(10 * ratio)
    assert found.high == pytest.approx(1.3 * found.likely)


def test_repetitions_that_differ_make_it_less_sure():
    disturbed = Steps({512: Timing((Round(9, 0.5), Round(9, 0.6), Round(9, 0.6)))})
    found = alone(work(), {work().kind: (work(), disturbed)})
    assert found.high / found.likely == found.likely / found.low == pytest.approx(1.35)


def test_steps_of_one_kind_are_timed_once():
    assert work(fits=2, iterations=3, learning_rate=1.0).kind == work().kind
    assert work(side=600).kind == work(side=700).kind  # only so much of either is timed
    others = [work(16), work(gates=(2.0, 2.0)), work(side=17), work(engine="autograd"), work(batch=8)]
    assert len({each.kind for each in (work(), *others)}) == 6


def test_the_profiles_here_have_few_kinds_between_them():
    params = config.read(path=ROOT / "params.yaml")
    kinds = {name: {each.kind for each in of_profile(params, name, 1, "cpu")} for name in params.profiles}
    assert kinds["photograph"] == kinds["kodak_crops"]
    assert len(kinds["quick"]) == len(kinds["paper"]) == 4  # with gates, without, twice as wide, and leaky


def test_without_a_budget_one_kind_is_timed_of_all_that_go_one_way():
    wire = Work(Wire(width=8), Represent(), TRAIN, 16, 32, "cpu")
    lots = [work(8), work(16, fits=5)], [wire]
    timed = time_kinds(lots, Budget(0.0))
    assert timed.keys() == {work(16).kind, wire.kind}  # of the first lot, what is most of it
    assert all(alone(each, timed).low > 0 for lot in lots for each in lot)


def test_a_unit_is_work():
    found = of_unit(unit(0), "cpu", fits=7)
    assert (found.points, found.fits, found.train.iterations) == (12 * 16, 7, 3)


def test_a_profile_that_asks_for_a_gpu_is_told_of_the_cpu():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    params = config.read(path=ROOT / "params.yaml")
    assert device_of(params.profiles["quick"]) == ("cpu", "")
    assert device_of(params.profiles["paper"]) == ("cpu", "on this CPU, though the profile asks for a CUDA GPU")


def test_a_kind_that_did_not_settle_is_told_from_one_that_did():
    timed = {each.kind: (each, found) for each, found in ((work(64), steps(9.0, rounds=1)), (work(8), steps(1.0)))}
    assert alone(work(64), timed).likely == pytest.approx(10 * work(64).effort / work(8).effort)
    only = {work(64).kind: (work(64), steps(9.0, rounds=1))}
    found = alone(work(64), only)
    assert (found.low, found.likely, found.high) == pytest.approx((90 / 3.15, 90, 90 * 3.15))  # a wide guess
