"""Jobs lie where other machines write too: what is not as it should be counts as not there; no link is followed."""

import dataclasses
import json
import os
import time
from collections.abc import Set

import pytest
from small import unit

from refield.errors import UserError
from refield.executors import submission
from refield.executors.collecting import ABANDONED, Collector
from refield.executors.settings import Local
from refield.executors.spool import Spool
from refield.executors.submission import Submission, note_failure, note_start, read_job, submissions
from refield.executors.worker import work
from refield.fields.mlp import Mlp
from refield.units.store import Store

KEY = "0" * 64


class Idle:
    """Nothing runs."""

    patience_seconds, poll_seconds, workers = 0.0, 0.0, 1

    def submit(self, submission: Submission, avoid: Set[str]) -> None: ...

    def alive(self) -> Set[tuple[str, int]]:
        return set()

    def describe(self) -> str:
        return ""

    def close(self) -> None: ...


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def handed(store) -> Submission:
    return Submission.create(store, [[unit(0)], [unit(1), unit(2)]], "cpu")


def clear(store: Store) -> None:
    Collector(store, Idle(), Local(kind="local"), "cpu").clear()


def age(folder) -> None:
    then = time.time() - 2 * ABANDONED
    os.utime(folder, (then, then))


def test_a_submission_is_read_as_written(store, handed):
    assert list(submissions(store)) == [handed]
    assert handed.numbers() == [0, 1]
    assert handed.units(1) == {unit(seed).key(): f"image{seed}" for seed in (1, 2)}
    assert read_job(handed.job(0)).device == "cpu"
    assert (handed.failed(0), handed.nodes(0)) == ({}, [])
    assert handed.folder.stat().st_mode & 0o077 == 0


def test_failures_and_machines_are_noted(handed, monkeypatch):
    for number, node in enumerate(["n1", "n2"]):
        monkeypatch.setenv("SLURMD_NODENAME", node)
        note_start(handed.job(0))
        note_failure(handed.job(0), str(number) * 64, f"reason {number}\n\x1b[31m" + "x" * 10**4)
    assert handed.nodes(0) == ["n1", "n2"]
    assert handed.failed(0).keys() == {"0" * 64, "1" * 64}
    assert handed.failed(0)[KEY].startswith("reason 0  [31mxxx")
    assert handed.failed(1) == {}


ODD_JOBS = {
    "no JSON": "{",
    "a list": "[]",
    "no units": {"device": "cpu", "units": {}},
    "a list of units": {"device": "cpu", "units": [KEY]},
    "a key that is none": {"device": "cpu", "units": {"../../outside": "image"}},
    "a name of two lines": {"device": "cpu", "units": {KEY: "a\nb"}},
    "a number for a name": {"device": "cpu", "units": {KEY: 1}},
    "an unknown device": {"device": "tpu", "units": {KEY: "image"}},
    "a store of its own": {"device": "cpu", "units": {KEY: "image"}, "store": "/elsewhere"},
    "deep": "[" * 10**5,
}


@pytest.mark.parametrize("content", ODD_JOBS.values(), ids=ODD_JOBS)
def test_an_odd_job_is_refused_by_its_worker_and_harms_nobody_else(content, store, handed):
    handed.job(0).write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(UserError, match=r"0\.json: "):
        work(handed.job(0))
    assert handed.units(0) == {}
    clear(store)
    assert handed.folder.exists()  # its other job may be somebody's
    age(handed.folder)
    clear(store)
    assert not handed.folder.exists()


def test_what_no_memory_holds_is_noted_and_the_rest_is_fitted(store):
    large = dataclasses.replace(unit(1), field=Mlp(gates=("dense", "dense"), width=10**8), labels=None)
    spool = Spool(store.wanted)
    keys = [spool.put(each) for each in (unit(0), large)]
    handed = Submission.create(store, [[unit(0), large]], "cpu")
    work(handed.job(0))
    assert store.get(keys[0])
    assert "image1: its fit needs a memory of" in handed.failed(0)[keys[1]]


def test_a_job_whose_folder_is_none_is_refused(store, handed):
    handed.folder.rename(store.jobs / "away")
    for make in (handed.folder.symlink_to, lambda _: handed.folder.write_text("x")):
        make(handed.folder)
        with pytest.raises(UserError, match=r"0\.json cannot be read: "):
            work(handed.job(0))
        handed.folder.unlink()


def test_a_submission_without_any_job_is_kept_until_it_is_old(store, handed):
    """It is no finished one: who wrote it may see what this machine does not."""
    for number in handed.numbers():
        handed.job(number).write_text("")
    clear(store)
    assert handed.folder.exists()
    age(handed.folder)
    clear(store)
    assert not handed.folder.exists()


ODD_REASONS = ["{", "[]", "5", {KEY: 1}, {KEY: None}, {KEY: "a\nb"}, {KEY: "x" * 10**4}, {"k": "x"}, [[KEY, "x"]]]


@pytest.mark.parametrize("content", ODD_REASONS, ids=lambda content: str(content)[:20])
def test_odd_failures_are_none(content, handed):
    file = handed.job(0).with_suffix(".failed.json")
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    assert handed.failed(0) == {}
    note_failure(handed.job(0), KEY, "said")
    assert handed.failed(0) == {KEY: "said"}


def test_only_names_of_machines_are_such(handed):
    """They are handed to sbatch and printed."""
    handed.job(0).with_suffix(".nodes").write_bytes(b"n1 [/x] n2;touch$IFS\x1b n-3.example.org --all\n../n4")
    assert handed.nodes(0) == ["n1", "n-3.example.org"]
    handed.job(0).with_suffix(".nodes").write_bytes(b"\xff\xfe")
    assert handed.nodes(0) == []


@pytest.mark.parametrize("name", ["٣.json", "²".rjust(3) + ".json", "01.json", "-1.json", "9" * 100 + ".json"])
def test_jobs_have_plain_numbers(name, handed):
    (handed.folder / name).write_text("{}")
    assert handed.numbers() == [0, 1]


def test_what_is_written_follows_no_link(handed, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("as it was")
    for suffix in (".nodes", ".failed.json", ".draft"):
        handed.job(0).with_suffix(suffix).symlink_to(outside)
    note_start(handed.job(0))
    note_failure(handed.job(0), KEY, "said")
    assert outside.read_text() == "as it was"
    assert handed.failed(0) == {KEY: "said"}
    assert handed.nodes(0) == [submission.node()]


def test_links_are_no_submissions(store, handed, tmp_path):
    """Nor is what they name removed, however old."""
    outside = tmp_path / "outside"
    handed.folder.rename(outside)
    handed.folder.symlink_to(outside)
    age(outside)
    assert list(submissions(store)) == []
    clear(store)
    assert (outside / "0.json").exists()
    handed.folder.unlink()
    store.jobs.rmdir()
    (tmp_path / "jobs").mkdir()
    outside.rename(tmp_path / "jobs" / handed.name)
    age(tmp_path / "jobs" / handed.name)
    store.jobs.symlink_to(tmp_path / "jobs")
    clear(store)
    assert (tmp_path / "jobs" / handed.name / "0.json").exists()
    Submission.create(store, [[unit(3)]], "cpu")
    assert not store.jobs.is_symlink()
    assert len(list((tmp_path / "jobs").iterdir())) == 1


def test_a_worker_writes_nothing_for_a_job_that_is_none(handed):
    handed.job(0).write_text("{}")
    before = sorted(handed.folder.iterdir())
    with pytest.raises(UserError):
        work(handed.job(0))
    assert sorted(handed.folder.iterdir()) == before


@pytest.mark.parametrize("suffix", [".json", ".failed.json", ".nodes"])
def test_what_is_no_file_is_not_waited_for(suffix, handed):
    file = handed.job(0).with_suffix(suffix)
    file.unlink(missing_ok=True)
    os.mkfifo(file)
    assert (handed.units(0), handed.failed(0), handed.nodes(0)) == (
        {} if suffix == ".json" else {unit(0).key(): "image0"},
        {},
        [],
    )


def test_a_worker_writes_into_the_store_that_its_job_lies_in(store, monkeypatch, tmp_path):
    from refield.executors.spool import Spool

    Spool(store.wanted).put(unit(0))
    job = Submission.create(store, [[unit(0)]], "cpu").job(0)
    monkeypatch.setenv("REFIELD_UNITS", str(tmp_path / "another"))
    work(job)
    assert store.get(unit(0).key()) is not None
    assert not (tmp_path / "another").exists()
