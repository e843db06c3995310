"""What can go wrong does, on purpose and often; `pytest -m slow tests/test_faults.py` writes docs/reliability.md of it.

Every fault is tried on a small copy of the pipeline, with the real dvc, and ends with the bytes of a quiet run.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import reliability
from pipeline import METHODS, Project, fitted, heed_ctrl_c

pytestmark = pytest.mark.slow

RESULTS = ("data/quick/fits", "reports/scores", "reports/curves")
KILLS = 12
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]
HEAD = """\
Made by `pytest -m slow tests/test_faults.py`, on a small copy of the pipeline with the real DVC: two photographs, four
methods. "Same bytes" are fits, scores and curves, file by file, as a run has them that nothing disturbed.

DVC 3.67 writes `dvc.lock` and `.dvc/tmp/rwlock` in place. A kill in that moment, which is rare, leaves half of one, and
DVC then refuses to run; `refield verify` says so, and that removing it is enough.

| fault | tried | outcome |
| --- | ---: | --- |
"""


# What DVC says of its own files when a kill has cut them off.
CUT_OFF = {".dvc/tmp/rwlock": "Unable to read RWLock-file", "dvc.lock": "dvc.lock' validation failed"}


@pytest.fixture(scope="module")
def record():
    """Takes a fault, how often it was tried, and its outcome; all of them together are the document."""
    rows: list[tuple[str, int, str]] = []
    yield lambda *row: rows.append(row)
    if len(rows) == len(FAULTS):
        lines = [f"| {fault} | {tried} | {outcome} |\n" for fault, tried, outcome in rows]
        reliability.write("Faults", HEAD + "".join(lines))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A project after a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("quiet")
    project = Project.create(folder / "refield", folder / "units")
    project.set({"profiles.quick.train.iterations": 600})
    project.dvc("repro")
    project.sh("refield", "readme")
    return project


@pytest.fixture
def fresh(quiet, tmp_path):
    """The same project before its first run."""
    folder = tmp_path / "refield"
    made = {str(quiet.folder / name) for name in ("reports", "data/quick", "data/checked", "dvc.lock", ".dvc/cache")}
    shutil.copytree(
        quiet.folder, folder, ignore=lambda place, names: {name for name in names if f"{place}/{name}" in made}
    )
    return Project(folder, tmp_path / "units")


def started(project: Project) -> subprocess.Popen:
    return subprocess.Popen(
        ["dvc", "repro"],
        cwd=project.folder,
        env=project.environment,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_kills_at_random_moments(fresh, quiet, record):
    """The whole process group or dvc alone, by each signal; none, in the end."""
    chance, killed, cut = random.Random(), 0, 0
    for number in range(KILLS):
        dvc = started(fresh)
        time.sleep(chance.uniform(1, 6))
        if running := dvc.poll() is None:
            which = SIGNALS[number % len(SIGNALS)]
            # Ctrl-C reaches the whole group; dvc alone leaves it to its stage.
            whole = which == signal.SIGINT or chance.random() < 0.5
            os.killpg(dvc.pid, which) if whole else dvc.send_signal(which)
            killed += 1
        said = dvc.communicate(timeout=60)[0]
        if not (mended := mend(fresh, said)) and not running:
            assert dvc.returncode == 0, said
            break
        cut += mended
        time.sleep(1)  # a stage ends with its dvc, within a moment
    assert killed >= 3
    while (last := fresh.sh("dvc", "repro", check=False)).returncode:
        assert mend(fresh, last.stdout), last.stdout
        cut += 1
    assert fresh.digests(*RESULTS) == quiet.digests(*RESULTS)
    outcome = f"same bytes; {cut} times a file of DVC's own was cut off, which `refield verify` named with its remedy"
    record("dvc or all its processes killed at a random moment (SIGINT, SIGTERM, SIGKILL)", killed, outcome)


def mend(project: Project, said: str) -> bool:
    """Whether dvc refuses to run because a kill cut off a file that it writes in place; the file is then removed."""
    broken = [name for name, complaint in CUT_OFF.items() if complaint in said]
    for name in broken:
        assert f"{name} was left half-written" in project.fails("refield", "verify")
        (project.folder / name).unlink()
    return bool(broken)


def test_two_runs_at_once(fresh, quiet, record):
    first = started(fresh)
    time.sleep(3)
    second = started(fresh)
    told = [process.communicate(timeout=300)[0] for process in (first, second)]
    assert first.returncode == 0
    assert second.returncode == 0 or "Unable to acquire lock" in told[1] or "is busy" in told[1], told[1]
    fresh.dvc("repro")
    assert fresh.digests(*RESULTS) == quiet.digests(*RESULTS)
    waited = "waits or says that the clone is busy"
    record("two `dvc repro` in one clone at once", 1, f"the second {waited}; same bytes")


def test_two_clones_share_a_store(fresh, quiet, record, tmp_path):
    other = Project(tmp_path / "other", fresh.units)
    shutil.copytree(fresh.folder, other.folder)
    both = [started(fresh), started(other)]
    told = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert fresh.digests(*RESULTS) == other.digests(*RESULTS) == quiet.digests(*RESULTS)
    record("two clones that run at once with one unit store", 1, "same bytes in both")


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a bit turned": flip,
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:10]),
    "removed": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_in_the_unit_store(damage, fresh, quiet, record, tmp_path):
    shutil.copytree(quiet.units, fresh.units)
    units = sorted(fresh.units.glob("*/*/weights.safetensors"))
    DAMAGES[damage](units[0])
    counts = fitted(fresh.dvc("repro")).values()
    assert sum(new for _, new in counts) == 1
    assert fresh.digests(*RESULTS) == quiet.digests(*RESULTS)
    record(f"a file of the unit store {damage}", 1, "that unit is fitted again, and no other; same bytes")


def test_damage_in_the_cache(quiet, record, tmp_path):
    project = quiet.copy(tmp_path / "refield")
    project.damage_cache("weights.safetensors")
    said = project.fails("refield", "verify")
    assert "is damaged; remove it with data/quick/fits and" in said
    cached, folder = re.findall(r"(\S+/files/md5/\S+) of \S+ is damaged; remove it with (\S+) and", said)[0]
    (project.folder / cached).unlink()
    shutil.rmtree(project.folder / folder)
    project.dvc("repro")
    assert "up to date" in project.sh("refield", "verify").stdout
    assert project.digests(*RESULTS) == quiet.digests(*RESULTS)
    record("a bit turned in a file of DVC's cache", 1, "`refield verify` names it and the remedy; same bytes after it")


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Root ignores permissions, but no mount."""
    if subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True).returncode:
        pytest.skip("needs the right to mount a folder read-only")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_unit_store(fresh, quiet, record):
    shutil.copytree(quiet.units, fresh.units)
    weights = next(fresh.units.glob("*/*/weights.safetensors"))
    with read_only(fresh.units):
        fresh.dvc("repro")
        assert fresh.digests(*RESULTS) == quiet.digests(*RESULTS)
    flip(weights)
    shutil.rmtree(fresh.folder / "data/quick/fits")
    with read_only(fresh.units):
        said = fresh.fails("dvc", "repro", "--force", "--keep-going")
        assert said.count("the unit store is read-only; set REFIELD_UNITS to another folder") == 1
    fresh.dvc("repro")
    assert fresh.digests(*RESULTS) == quiet.digests(*RESULTS)
    outcome = "what it holds is used; what must be fitted is refused at once, in one sentence; writable, same bytes"
    record("a read-only unit store, whole and with a damaged unit", 2, outcome)


def test_a_read_only_cache(quiet, record, tmp_path):
    project = quiet.copy(tmp_path / "refield")
    with read_only(project.folder / ".dvc/cache"):
        assert "up to date" in project.dvc("repro")
        project.set({"seed": 1})
        assert "Read-only file system" in project.fails("dvc", "repro")
    project.dvc("repro")
    project.set({"seed": 0})
    project.dvc("repro")
    assert project.digests(*RESULTS) == quiet.digests(*RESULTS)
    record("a read-only cache of DVC's", 1, "a run that has nothing to do works, another says so; writable, same bytes")


def test_a_full_disk(fresh, quiet, record, tmp_path):
    store = tmp_path / "small"
    store.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(store)], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        full = Project(fresh.folder, store)
        said = full.fails("dvc", "repro")
        assert "the unit could not be written" in said
        assert "No space left on device" in said
        assert not list(store.glob("draft-*"))
    finally:
        subprocess.run(["umount", str(store)], check=True)
    fresh.dvc("repro")
    assert fresh.digests(*RESULTS) == quiet.digests(*RESULTS)
    record("the unit store's disk is full", 1, "one sentence, no half unit left; with room, same bytes")


def test_a_loss_that_is_no_number(fresh, quiet, record):
    fresh.set({"profiles.quick.train.learning_rate": 1.0e30})
    said = fresh.fails("dvc", "repro", "--keep-going")
    assert said.count("2 of 2 fits failed") == len(METHODS)
    assert said.count("lower train.learning_rate") == 2 * len(METHODS)
    fresh.set({"profiles.quick.train.learning_rate": 2.0e-3})
    fresh.dvc("repro")
    assert fresh.digests(*RESULTS) == quiet.digests(*RESULTS)
    outcome = "the unit stops with a sentence, all others go on; at the old rate same bytes"
    record("a loss that is no number (learning rate 1e30)", 2 * len(METHODS), outcome)


FAULTS = [
    test_kills_at_random_moments,
    test_two_runs_at_once,
    test_two_clones_share_a_store,
    *[test_damage_in_the_unit_store] * len(DAMAGES),
    test_damage_in_the_cache,
    test_a_read_only_unit_store,
    test_a_read_only_cache,
    test_a_full_disk,
    test_a_loss_that_is_no_number,
]
