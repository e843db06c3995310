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
from small import last_checkpoint, unit

from refield import config
from refield.errors import UserError
from refield.executors import make_units
from refield.executors.settings import Inline, Slurm
from refield.executors.submission import submissions
from refield.pipeline import audit, studies
from refield.pipeline.layout import Layout
from refield.units.store import Store

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(not available(), reason="needs slurm-wlm, munge and root")]

SETTINGS = {
    "kind": "slurm",
    "gpus": 0,
    "cpus": 1,
    "minutes": 5,
    "at_once": 4,
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
    """Starts a process that wants `count` units, in jobs of `each`, and waits for them."""
    with contextlib.ExitStack() as stack:

        def start(count: int, iterations: int, each: int, **settings: object) -> subprocess.Popen[str]:
            second = {"teraflops": unit(0, iterations).flop / 1e12, "minutes_per_job": each / 60}  # a unit takes one
            arguments = [str(ROOT / "tests"), str(count), str(iterations), json.dumps(SETTINGS | second | settings)]
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
sys.path.append(sys.argv[1])
from small import unit
from refield.executors import make_units
from refield.executors.settings import Slurm
from refield.units.store import Store
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


def nodes_of_units(store: Store) -> set[str]:
    """Where those that are kept were fitted."""
    return {json.loads(record.read_text())["provenance"]["node"] for record in store.root.glob("??/*/unit.json")}


def submitted_units(said: str) -> list[int]:
    """How many units each submission was of."""
    return [int(count) for count in re.findall(r"refield-\w+: (\d+) units", said)]


def iterations_in(seconds: float, folder: Path) -> int:
    """How many iterations of a unit this machine makes in that time, as it is now: machines differ tenfold."""
    store, once = Store(folder), 2000
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
    """Eight jobs on four nodes; one dies, the process that submitted them does, and the controller is restarted."""
    count, iterations = 32, iterations_in(1, tmp_path / "timed")
    watch = Watch(store)
    first = submit(count, iterations, each=4)
    wait_until(lambda: number_of_units(store) >= 3)
    slurm.kill_node("node2")
    wait_until(lambda: number_of_units(store) >= 6)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    slurm.restart_controller()
    before = {submission.name for submission in submissions(store)}
    second = submit(count, iterations, each=4)
    wait_until(lambda: number_of_units(store) >= 16)
    slurm.start_node("node2")
    said = second.communicate(timeout=300)[1]
    assert second.returncode == 0, said
    assert len(before) == 1
    assert "refield-" not in said  # it has found those that run
    assert number_of_units(store) == count
    assert watch.times() == {1}
    some = [unit(seed, iterations) for seed in range(0, count, 8)]
    for key, made in make_units(some, Store(tmp_path / "inline"), "cpu", "title", Inline()).items():
        assert store.get(key).files == made.files


def test_a_job_that_is_requeued_goes_on_with_what_is_missing(slurm, submit, store, tmp_path):
    watch = Watch(store)
    process = submit(8, iterations_in(1, tmp_path / "timed"), each=8)
    job = running(slurm)
    wait_until(lambda: number_of_units(store) >= 1)
    slurm.command("scontrol", "requeue", job.id)
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said
    assert said.count("units in 1 jobs") == 1
    assert (number_of_units(store), watch.times()) == (8, {1})


def test_a_job_that_is_requeued_goes_on_from_its_checkpoint(slurm, submit, store, tmp_path, monkeypatch):
    monkeypatch.setenv("REFIELD_CHECKPOINT_SECONDS", "0.2")
    iterations = iterations_in(4, tmp_path / "timed")
    process, one = submit(1, iterations, each=60), unit(0, iterations)
    wait_until(lambda: (last := last_checkpoint(store, one)) and last.iteration > iterations / 4)
    slurm.command("scontrol", "requeue", running(slurm).id)
    wait_until(lambda: not any(job.state == "RUNNING" for job in slurm.jobs()))
    reached = last_checkpoint(store, one).iteration
    wait_until(lambda: (last := last_checkpoint(store, one)) is None or last.iteration != reached)
    assert (last := last_checkpoint(store, one)) is None or last.iteration > reached
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said
    whole = make_units([one], Store(tmp_path / "whole"), "cpu", "title", Inline())[one.key()]
    assert store.get(one.key()).files == whole.files


def test_a_fit_of_many_time_limits_is_one_job_for_as_long_as_it_comes_on(slurm, submit, store, tmp_path, monkeypatch):
    """Of a job of five minutes submitit takes every warning for one of its time limit."""
    monkeypatch.setenv("REFIELD_CHECKPOINT_SECONDS", "0.2")
    iterations = iterations_in(12, tmp_path / "timed")
    process, one = submit(1, iterations, each=60, retries=0), unit(0, iterations)
    for limit in (1, 2, 3):
        wait_until(
            lambda limit=limit: (last := last_checkpoint(store, one)) and last.iteration > limit * iterations / 5
        )
        slurm.command("scancel", "--signal=USR2", job := running(slurm).id)
        wait_until(lambda job=job, limit=limit: f"Restarts={limit}" in slurm.command("scontrol", "show", "job", job))
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said
    assert said.count("units in 1 jobs") == 1


# The next two have more work than is done: no machine is so fast that it finishes before the job is warned, or killed.


def test_a_job_over_its_time_limit_is_queued_again(slurm, submit, store):
    """The limit is moved to where Slurm warns the job when it next looks, as it does every 30 s.

    By then the worker listens; with a limit of a minute, the least there is, Slurm might warn it before.
    """
    watch = Watch(store)
    process = submit(400, 3000, each=400, at_once=1, minutes=7, warning_seconds=60)
    wait_until(lambda: number_of_units(store) >= 1)
    job = running(slurm)
    assert "TimeLimit=00:07:00" in slurm.command("scontrol", "show", "job", job.id)
    slurm.command("scontrol", "update", f"jobid={job.id}", "endtime=now+65")
    wait_until(lambda: "Restarts=1" in slurm.command("scontrol", "show", "job", job.id))
    kept = number_of_units(store)
    wait_until(lambda: number_of_units(store) > kept)
    assert running(slurm).id == job.id
    assert process.poll() is None
    assert (len(list(submissions(store))), watch.times()) == (1, {1})


def test_a_job_that_dies_is_submitted_again_elsewhere(slurm, submit, store):
    watch = Watch(store)
    process = submit(100, 3000, each=100, at_once=1)
    wait_until(lambda: number_of_units(store) >= 1)
    job = running(slurm)
    slurm.command("scancel", "--signal=KILL", "--full", job.id)
    wait_until(lambda: len(nodes_of_units(store)) > 1)
    process.kill()
    said = process.communicate()[1]
    assert said.count("units in 1 jobs") == 2
    assert f"not on {job.node}" in said
    assert watch.times() == {1}


def test_what_sbatch_refuses_is_one_sentence(slurm, store):
    with pytest.raises(UserError, match=r"sbatch refuses the jobs: .*invalid partition specified: night") as error:
        make_units([unit(1)], store, "cpu", "title", Slurm(**SETTINGS, partition="night"))
    assert "\n" not in str(error.value)


def test_dvc_repro_on_a_cluster(slurm, tmp_path, capsys):
    """The same bytes; and what the cluster is asked for first is all that can be begun."""
    project, goal = Project.create(tmp_path / "refield", tmp_path / "units"), "provenance@quick"
    project.environment |= {name: os.environ[name] for name in ("PATH", "SLURM_CONF")}
    (project.folder / "executor.yaml").write_text("".join(f"{key}: {value}\n" for key, value in SETTINGS.items()))
    submitted = submitted_units(project.dvc("repro", goal))
    assert sum(submitted) == 2 * len(METHODS)
    assert len(submitted) <= 3  # positional methods, and each map's as soon as it is there
    assert ",node" in (project.folder / "reports/provenance/quick/ours.csv").read_text()
    (project.folder / "studies/tiny").mkdir()
    (project.folder / "studies/tiny/params.yaml").write_text(STUDY.replace("  - 1\n", "  - 1\n  - 2\n  - 3\n"))
    with project.inside():
        assert audit.refitted(Layout(), config.read(), 3) == []
        said, errors = capsys.readouterr()
        assert said.count("fitted anew, the same bytes") == 3
        assert submitted_units(errors) == [3]
        studies.main(Layout(), Path("studies/tiny"))
        assert submitted_units(capsys.readouterr().err) == [6]  # three combinations at once; one is there already
    (project.folder / "executor.yaml").unlink()
    Project(project.folder, tmp_path / "inline").fit(*METHODS)
    assert "up to date" in project.dvc("repro", goal)  # which compares the fits' bytes with those of the cluster
