"""The store gives back what was put, or nothing; nothing outside of a unit's own folder is read, written or lost."""

import hashlib
import json
import multiprocessing
import os
import random
import stat
from pathlib import Path

import pytest

from refield import files
from refield.errors import UserError
from refield.units.names import CURVE, LABELS, WEIGHTS
from refield.units.store import MOST_OF_RECORD, RECORD, Made, Store

KEY = "ab" + "0" * 62
FILES = {WEIGHTS: b"\x00\x01", "reconstruction.png": b"picture", CURVE: b"iteration,loss\n"}
WORDS = {"date": "2026-01-31", "device": "CPU (x)", "precision": "float32", "torch": "2.1+cpu", "code": "0123456789ab"}
PROVENANCE = {"seconds": 1.5, "together": 1, "blas": "", **WORDS, "seed": 0, "node": "n1"}
UNIT = Made(FILES, PROVENANCE)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "units")


@pytest.fixture
def folder(store):
    """Of a unit in the store."""
    store.put(KEY, UNIT)
    return store.root / "ab" / KEY


def test_what_is_put_is_got(store):
    assert store.get(KEY) is None
    store.put(KEY, UNIT)
    assert store.get(KEY) == UNIT
    assert list(store.get(KEY).provenance) == list(PROVENANCE)  # the columns of its table
    assert Store(store.root).get(KEY) == UNIT


def test_labels_are_a_file_of_some_units(store):
    unit = Made({**FILES, LABELS: b"map"}, PROVENANCE)
    store.put(KEY, unit)
    assert store.get(KEY) == unit


def change(folder: Path, **changes: object) -> None:
    """Write other values into a unit's record."""
    record = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps({**record, **changes}))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


DAMAGES = {
    "changed": lambda folder: (folder / WEIGHTS).write_bytes(b"\x00\x02"),
    "cut": lambda folder: (folder / WEIGHTS).write_bytes(b"\x00"),
    "file gone": lambda folder: (folder / WEIGHTS).unlink(),
    "file a folder": lambda folder: ((folder / WEIGHTS).unlink(), (folder / WEIGHTS).mkdir()),
    "file a pipe": lambda folder: ((folder / WEIGHTS).unlink(), os.mkfifo(folder / WEIGHTS)),
    "record gone": lambda folder: (folder / RECORD).unlink(),
    "record empty": lambda folder: (folder / RECORD).write_text(""),
    "record foreign": lambda folder: (folder / RECORD).write_text("[]"),
    "record half": lambda folder: (folder / RECORD).write_text(json.dumps({"files": {}})),
    "record deep": lambda folder: (folder / RECORD).write_text("[" * MOST_OF_RECORD),
    "record long": lambda folder: (folder / RECORD).write_text((folder / RECORD).read_text() + " " * MOST_OF_RECORD),
    "no text": lambda folder: (folder / RECORD).write_bytes(b"\xff\xfe"),
    "another key": lambda folder: change(folder, more=1),
    "no files": lambda folder: change(folder, files={}),
    "files a list": lambda folder: change(folder, files=[WEIGHTS]),
    "no curve": lambda folder: change(folder, files={name: sha256(FILES[name]) for name in FILES if name != CURVE}),
    "no digest": lambda folder: change(folder, files=dict.fromkeys(FILES, 5)),
    "the record itself": lambda folder: change(
        folder, files={RECORD: "0" * 64, **{n: sha256(FILES[n]) for n in FILES}}
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_unit_is_not_read_and_can_be_put_again(damage, store, folder, caplog):
    damage(folder)
    assert store.get(KEY) is None
    assert "damaged" in caplog.text
    assert "\n" not in caplog.messages[0]
    assert not folder.exists()
    store.put(KEY, UNIT)
    assert store.get(KEY) == UNIT
    assert [path.name for path in store.root.iterdir()] == ["ab"]


ODD_PROVENANCE = [
    *({"seconds": value} for value in (None, "1.5", [1.5], True, float("nan"), float("inf"), {})),
    *({"together": value} for value in (1.5, None, 10**400)),
    *({"device": value} for value in (None, 5, "a\nb", "\x1b[31m", "x" * 10**4, ["CPU"])),
    *({"more": value} for value in (None, [], {"a": {"b": 1}}, float("nan"))),
    *({name: "x"} for name in ("", "image", "profile", "A", "a b", "a" * 100)),
    {f"column{number}": number for number in range(100)},
]


@pytest.mark.parametrize("odd", ODD_PROVENANCE, ids=lambda odd: str(odd)[:30])
def test_provenance_is_scalars_of_the_right_type(odd, store, folder):
    change(folder, provenance={**PROVENANCE, **odd})
    assert store.get(KEY) is None


@pytest.mark.parametrize("name", ["seconds", "together", "date", "device", "precision", "torch", "seed", "code"])
def test_provenance_lacks_nothing_that_tables_need(name, store, folder):
    change(folder, provenance={key: value for key, value in PROVENANCE.items() if key != name})
    assert store.get(KEY) is None


def test_provenance_may_say_more(store):
    unit = Made(FILES, {**PROVENANCE, "resumed": 2, "shared": True, "share": 0.5})
    store.put(KEY, unit)
    assert store.get(KEY) == unit


SECRET = b"a secret"


@pytest.fixture
def outside(tmp_path):
    """A folder beside the store, with a file."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_bytes(SECRET)
    return tmp_path / "outside"


def as_before(outside: Path) -> bool:
    return {path.name: path.read_bytes() for path in outside.iterdir()} == {"file": SECRET}


@pytest.mark.parametrize("way", ["../../../outside/file", "../../../outside/new", "absolute", "weights/../../x", "."])
def test_a_record_cannot_name_what_lies_elsewhere(way, store, folder, outside):
    name = str(outside / "file") if way == "absolute" else way
    change(folder, files={**{n: sha256(data) for n, data in FILES.items()}, name: sha256(SECRET)})
    assert store.get(KEY) is None
    assert as_before(outside)
    store.put(KEY, UNIT)
    change(folder, files={name: sha256(SECRET)})
    assert store.get(KEY) is None
    assert as_before(outside)


@pytest.mark.parametrize("name", [WEIGHTS, RECORD])
def test_a_link_is_not_read_though_it_names_the_same_bytes(name, store, folder, outside):
    (outside / "file").write_bytes((folder / name).read_bytes())
    (folder / name).unlink()
    (folder / name).symlink_to(outside / "file")
    assert store.get(KEY) is None
    assert (outside / "file").exists()
    store.put(KEY, UNIT)
    assert store.get(KEY) == UNIT
    assert not (folder / name).is_symlink()


def replace_by_link(place: Path, outside: Path) -> None:
    place.rename(outside / place.name)
    place.symlink_to(outside / place.name)


IN_THE_WAY = {
    "a file": lambda place, outside: (files.remove(place), place.write_text("x")),
    "a link to the unit": replace_by_link,
    "a link to itself": lambda place, outside: (files.remove(place), place.symlink_to(place)),
    "a link to nothing": lambda place, outside: (files.remove(place), place.symlink_to(outside / "nothing")),
    "a link to a folder": lambda place, outside: (files.remove(place), place.symlink_to(outside)),
    "a pipe": lambda place, outside: (files.remove(place), os.mkfifo(place)),
}


@pytest.mark.parametrize("asked", [True, False], ids=["asked for", "only put"])
@pytest.mark.parametrize("which", ["folder", "parent"])
@pytest.mark.parametrize("block", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_stands_where_a_folder_belongs_is_replaced(block, which, asked, store, folder, outside):
    place = folder if which == "folder" else folder.parent
    block(place, outside)
    kept = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    if asked:
        assert store.get(KEY) is None
    store.put(KEY, UNIT)
    assert store.get(KEY) == UNIT
    assert files.is_folder(folder)
    assert files.is_folder(folder.parent)
    assert [path.name for path in store.root.iterdir()] == ["ab"]
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == kept


def test_discarding_follows_no_link(store, folder, outside):
    replace_by_link(folder.parent, outside)
    store.discard(KEY)
    assert (outside / "ab" / KEY / WEIGHTS).exists()
    assert store.get(KEY) is None


def test_putting_takes_no_checkpoint_away_that_lies_behind_a_link(store, outside):
    (outside / KEY).write_bytes(SECRET)
    store.unfinished(KEY).parent.symlink_to(outside)
    store.put(KEY, UNIT)
    assert (outside / KEY).exists()


@pytest.mark.parametrize("key", ["../../outside", "..", "", "a" * 63, "A" * 64, f"{'a' * 64}\n", "/" + "a" * 64])
def test_what_is_no_key_is_no_part_of_a_path(key, store, outside):
    for use in (store.get, store.has, store.discard, lambda key: store.put(key, UNIT)):
        with pytest.raises(UserError, match="is no unit's key"):
            use(key)
    assert as_before(outside)


def test_a_unit_that_no_store_would_read_is_not_put(store, monkeypatch):
    with pytest.raises(ValueError, match="the files of a unit"):
        store.put(KEY, Made({**FILES, "../x": b""}, PROVENANCE))
    monkeypatch.setattr(files, "MOST", 5)
    with pytest.raises(UserError, match=r"reconstruction\.png has more than 5 bytes"):
        store.put(KEY, UNIT)
    assert list(store.root.iterdir()) == []


def test_whatever_is_changed_in_a_folder_is_found_or_does_not_matter(store, outside):
    """A unit is got as it was put, or not at all, after any of sixty random damages."""
    rng = random.Random(0)
    got = 0
    for _ in range(60):
        store.put(KEY, UNIT)
        folder = store.root / "ab" / KEY
        file = rng.choice(sorted(folder.iterdir()))
        data = bytearray(file.read_bytes())
        match rng.randrange(7):
            case 0:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            case 1:
                del data[rng.randrange(len(data)) :]
            case 2:
                data += rng.randbytes(rng.randrange(3))
            case 3:
                start = rng.randrange(len(data))
                data[start : start + rng.randrange(9)] = rng.randbytes(rng.randrange(9))
            case 4:
                data = data.replace(
                    rng.choice([b"weights", b'"', b"1", b"0", b"{", b":"]), rng.choice([b"../", b"", b"9"])
                )
            case 5:
                data = bytearray((outside / "file").read_bytes())
        if rng.randrange(7) < 6:
            file.write_bytes(data)
        else:
            rng.choice([file.unlink, lambda file=file: (file.unlink(), file.symlink_to(outside / "file"))])()
        made = store.get(KEY)
        got += made is not None
        assert made is None or made.files == FILES
        assert as_before(outside)
    assert 0 < got < 20


def test_a_unit_can_be_replaced(store):
    store.put(KEY, UNIT)
    other = Made({**FILES, WEIGHTS: b"new"}, {**PROVENANCE, "seconds": 2})
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
        store.put(KEY, Made({**FILES, WEIGHTS: bytes([number, i]) * 5000}, PROVENANCE))
        got = store.get(KEY)
        assert got is None or len(got.files[WEIGHTS]) == 10000
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
