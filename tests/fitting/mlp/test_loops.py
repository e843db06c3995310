"""An activation's loops against numpy's passes: every byte, of its value and slopes and of whole fits."""

import math
from importlib import metadata, util

import numpy as np
import pytest
import torch
from fitting.descents import GATES, a_job, initial, mlp, noise

from refield.fields.activations import ACTIVATIONS
from refield.fields.activations.activation import Activation, Work
from refield.fields.activations.gelu import GELU
from refield.fitting.mlp import loops, machine_code, sines, trial
from refield.fitting.mlp.calls import Program
from refield.fitting.mlp.engine import MlpDescent
from refield.fitting.workers import Workers

LLVM = pytest.mark.skipif(util.find_spec("llvmlite") is None, reason="llvmlite")
ALL = ACTIVATIONS | {"gelu": GELU}  # which is no activation of an MLP's
PULSES = ["sinc", "raised_cosine", "root_raised_cosine", "prolate"]
WITH_SINES = ["sine", "finer", "sinc", "raised_cosine", "root_raised_cosine"]
LOOPED = [*PULSES, "gaussian", "finer", "sine"]
BETAS = [0.0, -0.0, 1e-30, 1e-3, 0.1, 0.37, 0.5, 1.0, 1.5, -0.4, 50.0, -3.66]
SETTINGS = {"prolate": [0.3, 3.0, 40.0], "finer": [1 / 30, 0.0]}  # beta of those that do not train it
SLOPES = [
    (name, beta)
    for name in [*LOOPED, "gelu"]
    for beta in (BETAS if "beta" in ALL[name].trained else SETTINGS.get(name, [0.0]))
]


@pytest.fixture
def numpys(monkeypatch):
    """From here on there is no llvmlite."""
    return lambda: monkeypatch.setattr(loops, "installed", lambda: False)


@pytest.fixture(params=["sines of loops", "numpy's sines"])
def whose_sines(request, monkeypatch):
    """Once as it is here, and once where a trial would say that a loop's sines have other bytes."""
    if request.param == "numpy's sines":
        monkeypatch.setattr(loops, "has_numpys_sines", lambda: False)
    loops._planned.cache_clear()
    yield
    loops._planned.cache_clear()


def places(beta: float) -> np.ndarray:
    """Where an activation may be singular, or a series begin or end."""
    inverse = 1 / beta if abs(beta) > 1e-3 else 0.0
    return np.array(
        [0, 0.5, 7 / 8, 0.25, 1 / math.pi, 7 / 8 / math.pi, inverse / 2, inverse / 4, inverse * 7 / 8 / math.pi, 1e18]
    )


def points(beta: float) -> torch.Tensor:
    """Both signs of: those, and numbers around them; ordinary ones; tiny and huge ones, and what is no number."""
    rng = np.random.default_rng(0)
    steps = np.array([0, *(10.0**-k for k in range(1, 9))])
    around = np.concatenate([(places(beta)[:, None] + sign * steps).ravel() for sign in (1, -1)])
    ordinary = [rng.normal(0, scale, 2000) for scale in (0.01, 0.5, 3, 30, 1000)]
    sizes = [0.0, 1e-45, 1e-39, 1.2e-38, 1e-30, 1e-18, 1e10, 1e19, 1e30, 3e38, math.inf, math.nan]
    numbers = np.concatenate([around, *ordinary, sizes]).astype(np.float32)
    beside = [np.nextafter(numbers, np.float32(way)) for way in (math.inf, -math.inf)]
    return torch.from_numpy(np.concatenate([numbers, *beside, -numbers]))


def filled(activation: Activation, u: torch.Tensor, beta: float, by_numbers: int) -> list[np.ndarray]:
    """Bits of value and slopes, in arrays that begin at any address; what is no number has bits that nobody defines."""
    u = torch.cat([u.new_zeros(by_numbers), u])[by_numbers:].view(1, -1)
    out, *scratch = (torch.full_like(u, math.nan) for _ in range(1 + activation.scratch))
    trained = "beta" in activation.trained
    by_beta = torch.full_like(u, math.nan) if trained else None
    index = torch.zeros(u.shape, dtype=torch.int64) if activation.indexed else None
    place = torch.tensor(7.0)
    program = Program(u.device)
    loops.write(program, activation, u, out, Work(scratch, u, place if trained else beta, by_beta, index))
    place.fill_(beta)  # which is read when calls are made
    with Workers(1) as workers:  # whose threads take numbers below 1e-38 for 0
        list(workers.map(lambda _: program(), [0]))
    made = [each for each in (out, u, by_beta) if each is not None]
    return [each.masked_fill_(each.isnan(), math.nan).numpy().view(np.uint32) for each in made]


@LLVM
@pytest.mark.parametrize(("name", "beta"), SLOPES)
def test_value_and_slopes_are_numpys_to_the_last_bit(name, beta, numpys, whose_sines):
    """Also where one of many angles is too large for a loop's sine, is infinite, or is no number."""
    activation, u = ALL[name], points(beta)
    small = [u[u.abs() <= size] for size in (1, 30, 300)]
    cuts = [(u, 0), (u[:-5], 1), (u[7:8], 0), (u[:3], 3), (u[11:57], 2), *((each, 0) for each in small)]
    got = [filled(activation, *cut[:1], beta, cut[1]) for cut in cuts]
    numpys()
    for cut, numbers in zip(cuts, got, strict=True):
        expected = filled(activation, cut[0], beta, cut[1])
        for of_loops, of_passes in zip(numbers, expected, strict=True):
            np.testing.assert_array_equal(of_loops, of_passes)


@LLVM
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", LOOPED)
def test_a_fit_has_the_same_bytes(name, threads, numpys):
    def fitted(gates, **train):
        torch.set_num_threads(threads)
        trained = "base" if ACTIVATIONS[name].trained else None
        job = a_job(mlp(*gates, activation=name, trained=trained, width=70), noise((40, 31, 3)), **train)
        with MlpDescent(job, initial(job), torch.device("cpu")) as descent:
            for _ in range(3):
                descent.step(1e-2)
            return descent.loss(), descent.finish(), descent.state()

    before, made = torch.get_num_threads(), []
    try:
        for _ in range(2):
            made.append([fitted(gates) for gates in GATES] + [fitted(GATES[3], precision="mixed")])
            numpys()
    finally:
        torch.set_num_threads(before)
    for (loss, (values, error), state), (loss_of_passes, (values_of_passes, error_of_passes), state_of_passes) in zip(
        *made, strict=True
    ):
        assert (loss, error) == (loss_of_passes, error_of_passes)
        assert values.tobytes() == values_of_passes.tobytes()
        assert {key: array.tobytes() for key, array in state.items()} == {
            key: array.tobytes() for key, array in state_of_passes.items()
        }


@LLVM
@pytest.mark.parametrize("name", PULSES)
def test_without_sines_a_pulse_is_two_loops_and_numpys_sines(name, monkeypatch):
    monkeypatch.setattr(loops, "has_numpys_sines", lambda: False)
    loops._planned.cache_clear()
    activation = ACTIVATIONS[name]
    trained, u = "beta" in activation.trained, torch.zeros(1, 8)
    program, passes = Program(u.device), Program(u.device)
    scratch, index = [torch.zeros(1, 8) for _ in range(activation.scratch)], torch.zeros(1, 8, dtype=torch.int64)
    work = Work(scratch, u, torch.tensor(0.5) if trained else 3.0, torch.zeros(1, 8) if trained else None, index)
    loops.write(program, activation, u, torch.zeros(1, 8), work)
    activation.write(passes, u, torch.zeros(1, 8), work)
    loops._planned.cache_clear()
    assert len(program.calls) <= 8 < 19 <= len(passes.calls)


@LLVM
@pytest.mark.parametrize("name", WITH_SINES)
def test_with_sines_an_activation_is_one_loop_unless_an_angle_is_large(name, monkeypatch):
    """numpy's own calls are made of the same numbers beside a large one; of these none are."""
    if not trial.has_numpys_sines():
        pytest.skip("a CPU or a numpy with sines of another kind")
    activation, made = ACTIVATIONS[name], []
    trained = "beta" in activation.trained
    monkeypatch.setattr(Program, "__call__", lambda program: made.append(program))
    for largest in (3.0, 1e9, math.nan):
        u = torch.linspace(-3, largest, 8)[None]
        work = Work(
            [torch.zeros(1, 8) for _ in range(activation.scratch)],
            u,
            torch.tensor(0.5) if trained else 3.0,
            torch.zeros(1, 8) if trained else None,
        )
        program = Program(u.device)
        loops.write(program, activation, u, torch.zeros(1, 8), work)
        ((function, arguments, _),) = program.calls
        before = u.view(torch.int32).clone()
        function(*arguments)
        assert (len(made) == 0) == (largest == 3.0)
        assert torch.equal(u.view(torch.int32), before) == (largest != 3.0)
    assert len(made) == 2


@LLVM
@pytest.mark.slow
def test_every_angle_has_numpys_sine_and_cosine():
    """Of all numbers of float32 that a loop takes, of either sign."""
    if not trial.has_numpys_sines():
        pytest.skip("a CPU or a numpy with sines of another kind")
    last, step = int(np.float32(sines.LARGEST).view(np.uint32)), 2**22
    for first in range(0, last + 1, step):
        for sign in (0, 2**31):
            bits = np.arange(first, min(first + step, last + 1), dtype=np.uint32) | np.uint32(sign)
            assert trial.agrees(bits.view(np.float32))


@LLVM
def test_a_trial_finds_sines_of_another_kind(monkeypatch):
    """One that counts quarters of a turn with one more rounding differs from numpy's in a few numbers of a million."""
    assert trial.agrees(trial.angles())
    counted = "%raised = call float @llvm.fma.f32(float %angle, float 0x3FE45F3060000000, float 0x4168000000000000)"
    assert counted in sines.FUNCTION
    twice = """%turned = fmul float %angle, 0x3FE45F3060000000
      %raised = fadd float %turned, 0x4168000000000000"""
    monkeypatch.setattr(sines, "FUNCTION", sines.FUNCTION.replace(counted, twice))
    assert not trial.agrees(trial.angles())


@LLVM
def test_a_trial_refuses_what_a_loop_cannot_take():
    beyond = np.nextafter(np.float32(sines.LARGEST), np.float32(math.inf))
    assert not trial.agrees(np.array([0.5, -beyond], dtype=np.float32))
    assert not trial.agrees(np.array([0.5, math.nan], dtype=np.float32))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_numpys_passes_remain_where_loops_are_no_gain_or_cannot_be(name):
    """In float64, without slopes; of calls that a loop does not know, or that are as few; of a gabor, whose parts lie
    side by side."""
    activation = ACTIVATIONS[name]
    work = Work([], slope=torch.zeros(1, 8), beta=3.0)
    assert loops.planned(activation, work, torch.zeros(1, 8, dtype=torch.float64)) is None
    assert loops.planned(activation, Work([], beta=3.0), torch.zeros(1, 8)) is None
    if name not in LOOPED:
        assert loops.planned(activation, work, torch.zeros(1, 8)) is None


@pytest.mark.parametrize(
    ("version", "usable"), [("0.44.0", False), ("0.45.0rc1", True), ("1.0.0", True), (None, False)]
)
def test_a_version_that_reads_other_pointers_is_as_none(version, usable, monkeypatch):
    def told(name):
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(metadata, "version", told)
    assert machine_code.installed.__wrapped__() == usable
