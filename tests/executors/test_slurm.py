"""Against a real Slurm of four nodes on this machine: no unit is lost, none kept twice, whatever is killed."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pipeline import METHODS, ROOT, STUDY, Project
from slurm_cluster import Cluster, Job, available, wait_until
from small import unit

from refield.errors import UserError
from refield.executors import make_units
from refield.executors.settings import Inline, Slurm
from refield.executors.submission import submissions
from refield.units.store import Store

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(not available(), reason="needs slurm-wlm, munge and root")]

SETTINGS = {
    "kind": "slurm",
    "gpus": 0,
    "cpus": 1,
    "minutes": 5,
    "at_once": 4,
    "minutes_per_job": 0.05,
    "teraflops": 1e-4,
    "patience_seconds": 3.0,
    "poll_seconds": 0.5,
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, Cluster(Path(folder)) as cluster:  # a short path
        yield cluster


@pytest.fixture
def slurm(cluster, monkeypatch) -> Iterator[Cluster]:
    """The cluster, with nothing left to do and all nodes up."""
    for name in ("PATH", "SLURM_CONF"):
        monkeypatch.setenv(name, cluster.environment[name])
    yield cluster
    cluster.command("scancel", "--me")
    for node in cluster.nodes:
        if node not in cluster.daemons:
            cluster.start_node(node)
    wait_until(lambda: cluster.command("sinfo", "-hNo", "%T").split() == ["idle"] * 4)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


class Watch(threading.Thread):
    """Sees every time that a unit is kept: a second time replaces its folder."""

    def __init__(self, store: Store) -> None:
        super().__init__(daemon=True)
        self.store, self.kept, self.over = store, dict[str, set[int]](), False
        self.start()

    def run(self) -> None:
        while not self.over:
            for record in self.store.root.glob("??/*/unit.json"):
                with contextlib.suppress(FileNotFoundError):
                    self.kept.setdefault(record.parent.name, set()).add(record.stat().st_mtime_ns)
            time.sleep(0.1)

    def times(self) -> set[int]:
        """How often units were kept."""
        self.over = True
        self.join()
        return {len(times) for times in self.kept.values()}


@pytest.fixture
def submit(slurm, store) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a process that wants `count` units and waits for them."""
    with contextlib.ExitStack() as stack:

        def start(count: int, iterations: int, **settings: object) -> subprocess.Popen[str]:
            arguments = [str(ROOT / "tests"), str(count), str(iterations), json.dumps({**SETTINGS, **settings})]
            process = subprocess.Popen(
                [sys.executable, "-c", SUBMITTER, *arguments],
                env={**os.environ, "REFIELD_UNITS": str(store.root)},
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


SUBMITTER = """\
import json, sys
sys.path += [sys.argv[1], sys.argv[1] + "/executors"]
from small import unit
from test_slurm import Slurm, Store, make_units
units = [unit(seed, int(sys.argv[3])) for seed in range(int(sys.argv[2]))]
make_units(units, Store(), "cpu", "title", Slurm(**json.loads(sys.argv[4])))
"""


def running(slurm: Cluster) -> Job:
    """The only job that runs, once it does."""
    wait_until(lambda: any(job.state == "RUNNING" for job in slurm.jobs()))
    (job,) = [job for job in slurm.jobs() if job.state == "RUNNING"]
    return job


def number_of_units(store: Store) -> int:
    return len(list(store.root.glob("??/*/unit.json")))


def iterations_in(seconds: float, folder: Path) -> int:
    """How many iterations of a unit this machine makes in that time, as it is now: machines differ tenfold."""
    store, once = Store(folder), 5000
    make_units([unit(0)], store, "cpu", "title", Inline())  # the first one starts torch
    start = time.perf_counter()
    make_units([unit(0, once)], store, "cpu", "title", Inline())
    return max(1, round(once * seconds / (time.perf_counter() - start)))


def test_the_same_bytes_as_inline(slurm, store, tmp_path):
    units = [unit(seed) for seed in range(6)]
    inline = make_units(units, Store(tmp_path / "inline"), "cpu", "title", Inline())
    made = make_units(units, store, "cpu", "title", Slurm(**SETTINGS))
    assert {key: one.files for key, one in made.items()} == {key: one.files for key, one in inline.items()}
    assert {one.provenance["node"] for one in made.values()} <= set(slurm.nodes)
    assert {one.provenance["threads"] for one in made.values()} == {SETTINGS["cpus"]}


def test_nothing_is_lost_or_done_twice_whatever_is_killed(slurm, submit, store, tmp_path):
    """200 units on four nodes; one dies, the process that submitted them does, and the controller is restarted."""
    watch = Watch(store)
    first = submit(200, 1500)
    wait_until(lambda: number_of_units(store) >= 10)
    slurm.kill_node("node2")
    slurm.write_off("node2")
    wait_until(lambda: number_of_units(store) >= 40)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    slurm.restart_controller()
    before = {submission.name for submission in submissions(store)}
    second = submit(200, 1500)
    wait_until(lambda: number_of_units(store) >= 80)
    assert {submission.name for submission in submissions(store)} == before  # it has found those that run
    slurm.start_node("node2")
    said = second.communicate(timeout=300)[1]
    assert second.returncode == 0, said
    assert number_of_units(store) == 200
    assert watch.times() == {1}
    inline = make_units(
        [unit(seed, 1500) for seed in range(0, 200, 40)], Store(tmp_path / "inline"), "cpu", "title", Inline()
    )
    for key, made in inline.items():
        assert store.get(key).files == made.files


def test_a_job_that_is_requeued_goes_on_with_what_is_missing(slurm, submit, store):
    watch = Watch(store)
    process = submit(8, 12000, minutes_per_job=10, at_once=1)
    wait_until(lambda: number_of_units(store) >= 2)
    slurm.command("scontrol", "requeue", running(slurm).id)
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said
    assert said.count("units in 1 jobs") == 1
    assert (number_of_units(store), watch.times()) == (8, {1})


def test_a_job_over_its_time_limit_is_queued_again(slurm, submit, store, tmp_path):
    """The work of 75 seconds in jobs of one minute: short units, so that each job finishes some.

    Slurm may warn a minute early: a worker that has no ear for it yet ends, and its job is submitted once more.
    """
    watch = Watch(store)
    iterations = iterations_in(3, tmp_path / "timed")
    process = submit(25, iterations, minutes_per_job=100, at_once=1, minutes=1, warning_seconds=20)
    said = process.communicate(timeout=500)[1]
    assert process.returncode == 0, said
    names = re.findall(r"(refield-\w+): \d+ units in 1 jobs", said)
    jobs = [job for job in slurm.command("scontrol", "show", "job").split("\n\n") if f"JobName={names[0]}" in job]
    assert len(names) > 1 or "Restarts=0" not in jobs[0]
    assert (number_of_units(store), watch.times()) == (25, {1})


def test_a_job_that_dies_is_submitted_again_elsewhere(slurm, submit, store):
    process = submit(1, 60000)
    wait_until(lambda: list(store.jobs.glob("*/*.nodes")))
    job = running(slurm)
    slurm.command("scancel", "--signal=KILL", "--full", job.id)
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said
    assert said.count("units in 1 jobs") == 2
    assert f"not on {job.node}" in said
    (record,) = store.root.glob("??/*/unit.json")
    assert json.loads(record.read_text())["provenance"]["node"] != job.node


def test_what_sbatch_refuses_is_one_sentence(slurm, store):
    with pytest.raises(UserError, match=r"sbatch refuses the jobs: .*invalid partition specified: night") as error:
        make_units([unit(1)], store, "cpu", "title", Slurm(**SETTINGS, partition="night"))
    assert "\n" not in str(error.value)


def test_dvc_repro_on_a_cluster(slurm, finished, tmp_path):
    """The one command, the same bytes; and what the cluster is asked for first is all that can be begun."""
    project = Project.create(tmp_path / "refield", tmp_path / "units")
    project.environment |= {name: os.environ[name] for name in ("PATH", "SLURM_CONF")}
    (project.folder / "executor.yaml").write_text("".join(f"{key}: {value}\n" for key, value in SETTINGS.items()))
    output = project.dvc("repro")
    fits = [f"data/quick/fits/{method}" for method in METHODS]
    assert project.digests(*fits, "reports/scores") == finished.digests(*fits, "reports/scores")
    submitted = [int(count) for count in re.findall(r"refield-\w+: (\d+) units", output)]
    assert sum(submitted) == 2 * len(METHODS)
    assert len(submitted) <= 3  # positional methods, and each map's as soon as it is there
    assert ",node" in (project.folder / "reports/provenance/quick/ours.csv").read_text()
    project.sh("refield", "readme")
    anew = project.sh("refield", "verify", "--refit", "3").stdout
    assert anew.count("fitted anew, the same bytes") == 3
    assert anew.count("refield-") == 1
    (project.folder / "studies/tiny").mkdir()
    (project.folder / "studies/tiny/params.yaml").write_text(STUDY.replace("  - 1\n", "  - 1\n  - 2\n  - 3\n"))
    said = project.sh("python", "-m", "stages.study", "tiny").stdout
    assert re.findall(r"refield-\w+: (\d+) units", said) == ["6"]  # of three combinations at once; one is there already
    (project.folder / "executor.yaml").unlink()
    assert "up to date" in project.dvc("repro")
