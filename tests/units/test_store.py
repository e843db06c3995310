"""The store gives back what was put, or nothing."""

import json
import multiprocessing
import os
import stat

import pytest

from refield.errors import UserError
from refield.units.store import RECORD, Made, Store

KEY = "ab" + "0" * 62
UNIT = Made({"weights": b"\x00\x01", "curve.csv": b"iteration,loss\n"}, {"seconds": 1.5, "device": "CPU"})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "units")


def test_what_is_put_is_got(store):
    assert store.get(KEY) is None
    store.put(KEY, UNIT)
    assert store.get(KEY) == UNIT
    assert Store(store.root).get(KEY) == UNIT


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "weights").write_bytes(b"\x00\x02"),
        lambda folder: (folder / "weights").write_bytes(b"\x00"),
        lambda folder: (folder / "weights").unlink(),
        lambda folder: (folder / RECORD).unlink(),
        lambda folder: (folder / RECORD).write_text(""),
        lambda folder: (folder / RECORD).write_text("[]"),
        lambda folder: (folder / RECORD).write_text(json.dumps({"files": {}})),
    ],
    ids=["changed", "cut", "file gone", "record gone", "record empty", "record foreign", "record half"],
)
def test_a_damaged_unit_is_not_read_and_can_be_put_again(store, damage, caplog):
    store.put(KEY, UNIT)
    damage(store.root / "ab" / KEY)
    assert store.get(KEY) is None
    assert "damaged" in caplog.text
    store.put(KEY, UNIT)
    assert store.get(KEY) == UNIT


def test_a_unit_can_be_replaced(store):
    store.put(KEY, UNIT)
    other = Made({"weights": b"new"}, {"seconds": 2})
    store.put(KEY, other)
    assert store.get(KEY) == other


def test_nothing_but_whole_units_is_left(store):
    for _ in range(3):
        store.put(KEY, UNIT)
    assert [path.name for path in store.root.iterdir()] == ["ab"]


def test_refit_makes_it_look_empty(store, monkeypatch):
    store.put(KEY, UNIT)
    monkeypatch.setenv("REFIELD_REFIT", "1")
    assert Store(store.root).get(KEY) is None
    assert not Store(store.root).has(KEY)
    assert Store(store.root, refit=False).get(KEY) == UNIT


def _write_and_read(root, number):
    store = Store(root)
    for i in range(40):
        store.put(KEY, Made({"weights": bytes([number, i]) * 5000}, {}))
        got = store.get(KEY)
        assert got is None or len(got.files["weights"]) == 10000
    os._exit(0)


def test_many_processes_may_write_the_same_unit(store):
    processes = [
        multiprocessing.get_context("spawn").Process(target=_write_and_read, args=(store.root, n)) for n in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(UserError, match="REFIELD_UNITS"):
        Store(tmp_path / "units")


def test_a_file_in_the_folders_place_is_named(tmp_path):
    (tmp_path / "units").write_text("")
    with pytest.raises(UserError, match="REFIELD_UNITS"):
        Store(tmp_path / "units")
