"""Units fitted by other processes: real ones of this machine, and what befalls them."""

import dataclasses
import os
import re
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from pipeline import ROOT
from small import last_checkpoint, unit

from refield.errors import UserError
from refield.executors import make_units
from refield.executors.settings import Inline, Local, Slurm
from refield.executors.submission import submissions
from refield.tasks.inpaint import Inpaint
from refield.units.store import Store
from refield.units.unit import Unit

LOCAL = Local(kind="local", workers=2, minutes_per_job=0.001, teraflops=1e-6)  # a job for each unit


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def workers(store: Store) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [each for each in found if any(str(store.jobs) in word for word in each.info["cmdline"] or [])]


def test_other_processes_fit_again_what_the_store_holds_to_the_same_bytes(store):
    units = [unit(seed) for seed in range(2)]
    inline = make_units(units, store, "cpu", "title", Inline())
    before = {key: (store.root / key[:2] / key / "unit.json").stat().st_mtime_ns for key in inline}
    elsewhere = make_units(units, Store(store.root, refit=True), "cpu", "title", LOCAL)
    assert elsewhere.keys() == inline.keys()
    for key, made in inline.items():
        assert elsewhere[key].files == made.files
        assert (store.root / key[:2] / key / "unit.json").stat().st_mtime_ns > before[key]
    assert not list(submissions(store))  # what is done leaves nothing behind
    assert not list(store.wanted.glob("*.json"))


@pytest.mark.slow
def test_what_fails_is_named_and_the_rest_goes_on(store):
    good, bad = unit(1), unit(4, iterations=40, learning_rate=1e30)
    unfit = dataclasses.replace(unit(5), task=Inpaint(hidden=1e-9))
    with pytest.raises(UserError, match=r"^title: 2 of 3 fits failed; image") as error:
        make_units([good, bad, unfit], store, "cpu", "title", LOCAL)
    assert re.search(r"image4: diverged: the loss is \w+ at iteration \d+", str(error.value))
    assert "image5: has 12 x 16 pixels, of which task.hidden = 1e-09 hides none" in str(error.value)
    assert [store.has(each.key()) for each in (good, bad, unfit)] == [True, False, False]


@pytest.mark.slow
def test_a_lost_worker_is_replaced_and_a_unit_that_is_always_lost_is_given_up(store):
    """Killed once it goes on elsewhere; killed every time it is reported with its log."""
    killed = []

    def kill(times: int) -> None:
        while len(killed) < times:
            for worker in workers(store):
                if worker.pid not in killed and "refield.executors.worker" in " ".join(worker.cmdline()):
                    killed.append(worker.pid)
                    worker.kill()
            time.sleep(0.02)

    long = unit(1, iterations=2000)
    thread = threading.Thread(target=kill, args=(1,))
    thread.start()
    made = make_units([long], store, "cpu", "title", LOCAL)
    thread.join()
    assert set(made) == {long.key()}
    other = unit(2, iterations=10**6)
    thread = threading.Thread(target=kill, args=(4,))
    thread.start()
    with pytest.raises(UserError, match=r"image2: its process was lost 3 times, at last .* holds its log, job 0"):
        make_units([other], store, "cpu", "title", LOCAL)
    thread.join()


@pytest.mark.slow
def test_what_a_lost_worker_had_reached_is_gone_on_with_to_the_same_bytes(store, tmp_path, monkeypatch):
    monkeypatch.setenv("REFIELD_CHECKPOINT_SECONDS", "0.05")
    long, reached = unit(1, iterations=6000), []

    def kill() -> None:
        while (last := last_checkpoint(store, long)) is None or last.iteration < 1000:
            time.sleep(0.02)
        for worker in workers(store):
            worker.kill()
        reached.append((kept := last_checkpoint(store, long)).iteration)
        while (last := last_checkpoint(store, long)) is not None and last.iteration == kept.iteration:
            time.sleep(0.01)
        reached.append(last.iteration if last else long.train.iterations)

    thread = threading.Thread(target=kill)
    thread.start()
    made = make_units([long], store, "cpu", "title", LOCAL)[long.key()]
    thread.join()
    assert 1000 <= reached[0] < reached[1]
    whole = make_units([long], Store(tmp_path / "whole"), "cpu", "title", Inline())[long.key()]
    assert made.files == whole.files
    assert not store.unfinished(long.key()).exists()


SUBMITTER = """\
import sys
sys.path += [sys.argv[1], sys.argv[1] + "/executors"]
from test_collecting import LOCAL, make_units, unit, Store
make_units([unit(seed, iterations=3000) for seed in range(4)], Store(), "cpu", "title", LOCAL)
"""


@pytest.mark.slow
def test_workers_end_with_who_started_them_and_the_next_run_goes_on(store):
    environment = {**os.environ, "REFIELD_UNITS": str(store.root)}
    first = subprocess.Popen(
        [sys.executable, "-c", SUBMITTER, str(ROOT / "tests")], env=environment, stderr=subprocess.DEVNULL
    )
    units = [unit(seed, iterations=3000) for seed in range(4)]
    while not any(store.has(each.key()) for each in units):
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    end = time.monotonic() + 10
    while workers(store):
        assert time.monotonic() < end, "workers go on"
        time.sleep(0.05)
    done = {each.key() for each in units if store.has(each.key())}
    assert 0 < len(done) < 4
    written = {key: (store.root / key[:2] / key / "unit.json").stat().st_mtime_ns for key in done}
    assert len(make_units(units, store, "cpu", "title", LOCAL)) == 4
    for key, time_written in written.items():
        assert (store.root / key[:2] / key / "unit.json").stat().st_mtime_ns == time_written


def test_a_machine_without_slurm_says_so(store, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="kind: slurm needs sbatch and squeue"):
        make_units([unit(1)], store, "cpu", "title", Slurm(kind="slurm"))


def test_edited_code_is_refused(store, monkeypatch):
    """The worker computes the key anew: a unit never comes from other code than its key says."""
    monkeypatch.setattr(Unit, "code", property(lambda _: "0" * 64))
    with pytest.raises(UserError, match="its process was lost 1 times"):
        make_units([unit(1)], store, "cpu", "title", LOCAL.model_copy(update={"retries": 0}))
    (log,) = store.jobs.glob("*/*.log")
    assert "the fitting code here is" in log.read_text()
