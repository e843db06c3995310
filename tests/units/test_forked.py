"""Small fits side by side: who is forked, and that nobody could tell it from the files."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import torch

from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks.represent import Represent
from refield.units import forked, make
from refield.units.forked import SMALL, processes
from refield.units.make import make_all
from refield.units.store import Store
from refield.units.unit import Unit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")


def unit(name: str, side: int = 12, width: int = 4, rate: float = 1e-3, iterations: int = 40) -> Unit:
    image = np.random.default_rng(len(name)).integers(0, 256, (side, side, 3), dtype=np.uint8)
    train = Train(iterations=iterations, learning_rate=rate, trace_every=10)
    return Unit(name, Image(image), None, Represent(), Mlp(gates=("dense", "dense"), width=width), train, 0)


UNITS = [unit("one"), unit("three"), unit("fives"), unit("twelve")]


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def pids(monkeypatch):
    """The processes that make units, as their provenance tells."""
    real = make._provenance
    monkeypatch.setattr(make, "_provenance", lambda *given: {**real(*given), "pid": os.getpid()})


def test_forks_are_for_several_small_fits_on_a_cpu(two_threads, monkeypatch):
    large = unit("large", side=1024, width=SMALL // 2**20 + 1)
    assert processes(UNITS, "cpu") == 2
    assert processes(UNITS[:1], "cpu") == processes(UNITS, "cuda") == processes([*UNITS, large], "cpu") == 1
    monkeypatch.setattr(forked.psutil, "virtual_memory", lambda: type("", (), {"available": 1000}))
    assert processes(UNITS, "cpu") == 1
    monkeypatch.undo()
    torch.set_num_threads(1)
    assert processes(UNITS, "cpu") == 1


def test_files_are_the_same_in_forks_and_here(two_threads, pids, tmp_path):
    forks = make_all(UNITS, Store(tmp_path / "forks"), "cpu", "title")
    torch.set_num_threads(1)
    here = make_all(UNITS, Store(tmp_path / "here"), "cpu", "title")
    assert {key: made.files for key, made in forks.items()} == {key: made.files for key, made in here.items()}
    assert {made.provenance["pid"] for made in here.values()} == {os.getpid()}
    assert os.getpid() not in {made.provenance["pid"] for made in forks.values()}
    assert all(Store(tmp_path / "forks").has(unit.key()) for unit in UNITS)


def test_what_fails_in_a_fork_does_not_stop_the_rest(two_threads, tmp_path):
    units, store = [*UNITS, unit("diverges", rate=1e30)], Store(tmp_path)
    with pytest.raises(UserError, match="1 of 5 fits failed; diverges: diverged: the loss is "):
        make_all(units, store, "cpu", "title")
    assert [store.has(each.key()) for each in units] == [True] * 4 + [False]


def test_what_a_killed_fork_leaves_is_made_here(two_threads, pids, monkeypatch, tmp_path):
    parent, real = os.getpid(), make.make

    def make_or_die(units, *rest):
        if units[0].name == "three" and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does where memory is short
        return real(units, *rest)

    monkeypatch.setattr(make, "make", make_or_die)
    made = make_all(UNITS, Store(tmp_path), "cpu", "title")
    assert made.keys() == {each.key() for each in UNITS}
    assert made[UNITS[1].key()].provenance["pid"] == parent


def test_a_mistake_in_a_fork_is_not_hidden(two_threads, monkeypatch, tmp_path):
    def wrong(*_):
        raise ZeroDivisionError("in a fork")

    monkeypatch.setattr(make, "make", wrong)
    with pytest.raises(ZeroDivisionError, match="in a fork"):
        make_all(UNITS, Store(tmp_path), "cpu", "title")


LONG = """
import sys
sys.path.insert(0, "tests/units")
from test_forked import Store, make_all, unit
make_all([unit(name, iterations=10**6) for name in ("one", "three")], Store(), "cpu", "title")
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_forks_end_with_their_parent(end, tmp_path):
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "REFIELD_UNITS": str(tmp_path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", LONG],
        env=environment,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        forks = wait_until(lambda: len(found := psutil.Process(parent.pid).children()) == 2 and found)
        time.sleep(0.3)  # until they fit
        os.kill(parent.pid, end)
        parent.wait(30)
        wait_until(lambda: not any(fork.is_running() and fork.status() != psutil.STATUS_ZOMBIE for fork in forks))
    finally:
        parent.kill()


def wait_until(condition, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return result
