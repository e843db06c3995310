"""Checkpoints in the store, and processes that are killed."""

import dataclasses
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small import last_checkpoint
from small import unit as a_unit

from refield.errors import UserError
from refield.fitting.checkpoint import Checkpoint
from refield.units.checkpoints import UnitCheckpoints
from refield.units.make import make_all
from refield.units.names import CURVE
from refield.units.store import Store

MACHINE = {"device": "CPU (some)", "threads": 2, "blas": "openblas"}
REACHED = Checkpoint(7, [(0, 0.5), (5, 0.1 + 0.2)], {"a/value": np.arange(6, dtype=np.float32).reshape(2, 3)})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def kept(store, machine=MACHINE):
    checkpoints = UnitCheckpoints(store, "key", machine)
    checkpoints.keep(REACHED)
    return checkpoints


def test_what_is_kept_is_found_again(store):
    kept(store)
    found = UnitCheckpoints(store, "key", MACHINE | {"threads": 64}).last()  # whose number changes no bit
    assert (found.iteration, found.curve) == (REACHED.iteration, REACHED.curve)
    np.testing.assert_array_equal(found.state["a/value"], REACHED.state["a/value"])
    assert list(store.unfinished("key").parent.iterdir()) == [store.unfinished("key")]
    assert UnitCheckpoints(store, "other", MACHINE).last() is None


def test_another_kind_of_machine_begins_anew(store, caplog):
    kept(store)
    assert UnitCheckpoints(store, "key", MACHINE | {"blas": "mkl"}).last() is None
    assert "another kind of machine" in caplog.text


@pytest.mark.parametrize("length", [0, 10, 64, 65, 200, -1])
def test_a_torn_file_is_as_good_as_none(store, length):
    file = kept(store).file
    file.write_bytes(file.read_bytes()[:length])
    assert UnitCheckpoints(store, "key", MACHINE).last() is None


def test_no_changed_byte_is_believed(store):
    file = kept(store).file
    data, rng = file.read_bytes(), random.Random(0)
    for _ in range(200):
        changed = bytearray(data)
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        file.write_bytes(changed)
        assert UnitCheckpoints(store, "key", MACHINE).last() is None


@pytest.mark.parametrize("curve", [[(5, 0.5), (0, 0.5)], [(0, 0.5), (0, 0.5)], [(0, 0.5), (7, 0.5)], [(-1, 0.5)]])
def test_a_curve_of_other_iterations_is_not_gone_on_with(curve, store, caplog):
    """It would end in the unit, which nobody would take for one."""
    checkpoints = UnitCheckpoints(store, "key", MACHINE)
    checkpoints.keep(dataclasses.replace(REACHED, curve=curve))
    assert checkpoints.last() is None
    assert "its curve is not that of its iterations" in caplog.text


def test_a_link_to_another_folder_is_not_read(store, tmp_path):
    folder = kept(store).file.parent
    folder.rename(tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    assert UnitCheckpoints(store, "key", MACHINE).last() is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"not safetensors"])
def test_a_file_with_the_right_digest_and_other_contents_is_as_good_as_none(store, content):
    file = kept(store).file
    file.write_bytes(hashlib.sha256(content).hexdigest().encode() + content)
    assert UnitCheckpoints(store, "key", MACHINE).last() is None


def test_short_fits_leave_none_and_a_finished_unit_takes_it_away(store, monkeypatch):
    unit = a_unit(0, iterations=20)
    make_all([unit], store, "cpu", "title")
    assert not store.unfinished(unit.key()).parent.exists()
    monkeypatch.setenv("REFIELD_CHECKPOINT_SECONDS", "0")
    again = Store(store.root.with_name("again"))
    make_all([unit], again, "cpu", "title")
    assert list(again.unfinished(unit.key()).parent.iterdir()) == []
    assert again.get(unit.key()).files == store.get(unit.key()).files


def test_a_checkpoint_that_cannot_be_written_is_done_without(store, caplog):
    checkpoints = UnitCheckpoints(store, "k" * 300, MACHINE)
    checkpoints.keep(REACHED)
    assert "could not be written" in caplog.text
    assert checkpoints.last() is None


def test_a_fit_that_diverges_leaves_none(store, monkeypatch):
    monkeypatch.setenv("REFIELD_CHECKPOINT_SECONDS", "0")
    unit = a_unit(0, iterations=30, learning_rate=1e30)
    with pytest.raises(UserError, match="learning_rate"):
        make_all([unit], store, "cpu", "title")
    assert not store.unfinished(unit.key()).exists()


def test_seconds_that_are_no_number_are_refused(store, monkeypatch):
    monkeypatch.setenv("REFIELD_CHECKPOINT_SECONDS", "soon")
    with pytest.raises(UserError, match=r"REFIELD_CHECKPOINT_SECONDS = 'soon' is not allowed; it must be a number"):
        UnitCheckpoints(store, "key", MACHINE)


FIT = """
import sys
from small import unit
from refield.units.make import make_all
from refield.units.store import Store
make_all([unit(0, int(sys.argv[1]), engine=sys.argv[2])], Store(), "cpu", "title")
"""


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "iterations"), [("fast", 4000), ("autograd", 1000)])
def test_a_fit_that_is_killed_at_random_goes_on_to_the_same_bytes(engine, iterations, store, tmp_path, monkeypatch):
    unit, rng = a_unit(0, iterations, engine=engine), random.Random(0)
    monkeypatch.setenv("REFIELD_CHECKPOINT_SECONDS", "0.05")
    environment = os.environ | {
        "REFIELD_UNITS": str(store.root),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "src")]),
    }
    command = [sys.executable, "-c", FIT, str(iterations), engine]
    reached = []
    while not store.has(unit.key()):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
        if len(reached) < 3:  # three are killed, each some time after it has begun to leave checkpoints
            before, file = _when(store.unfinished(unit.key())), store.unfinished(unit.key())
            while process.poll() is None and _when(file) == before:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
        errors = process.communicate()[1]
        last = last_checkpoint(store, unit)
        if last is not None:
            reached.append(last.iteration)
        assert last is not None or store.has(unit.key()), errors
    assert reached == sorted(reached)
    assert len(set(reached)) > 1
    whole = make_all([unit], Store(tmp_path / "whole"), "cpu", "title")[unit.key()]
    found = store.get(unit.key())
    assert found.files == whole.files
    assert found.files[CURVE].count(b"\n") == iterations / 10 + 2
    assert not store.unfinished(unit.key()).exists()


def _when(file):
    return file.stat().st_mtime_ns if file.exists() else 0
