"""Interrupted at any point, the next run continues with the missing units, and ends with the bytes of a quiet run."""

import os
import signal
import subprocess
import time

import psutil
import pytest
from pipeline import METHODS, Project, fitted, heed_ctrl_c

STAGE = "fit@quick"
FITS = "data/quick/fits/siren"


@pytest.fixture
def ready(finished, tmp_path):
    """A project whose images are ready, and whose fits, which its store lacks, take about a second each."""
    project = finished.copy(tmp_path / "refield", tmp_path / "units")
    project.set({"profiles.quick.train.iterations": 1500})
    project.edit(lambda params: [params["methods"].pop(name) for name in METHODS if name != "siren"])
    return project


@pytest.fixture
def quiet(ready, tmp_path):
    """The bytes of fits that nothing disturbs."""
    project = ready.copy(tmp_path / "quiet/refield", tmp_path / "quiet/units")
    project.fit("siren")
    return project.digests(FITS)


def workers(project: Project) -> list[psutil.Process]:
    """The processes that fit in this project's folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if process.info["cwd"] == str(project.folder) and "stages.fit" in (process.info["cmdline"] or []):
            found.append(process)
    return found


def wait_until(condition, seconds: float = 300.0):
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return result


def kill_worker(dvc, project):
    workers(project)[-1].kill()


KILLS = {
    "Ctrl-C": lambda dvc, _: os.killpg(dvc.pid, signal.SIGINT),
    "SIGTERM to dvc": lambda dvc, _: dvc.terminate(),
    "SIGKILL to dvc": lambda dvc, _: dvc.kill(),
    "SIGKILL to the worker": kill_worker,
}


@pytest.mark.parametrize(
    "kill",
    [name if name == "Ctrl-C" else pytest.param(name, marks=pytest.mark.slow) for name in KILLS],
)
def test_an_interrupted_run_continues(kill, ready, quiet):
    project = ready
    dvc = subprocess.Popen(
        ["dvc", "repro", STAGE],
        cwd=project.folder,
        env=project.environment,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: list(project.units.glob("??/*/unit.json")))
    KILLS[kill](dvc, project)
    assert dvc.wait(30) != 0
    wait_until(lambda: not workers(project), seconds=10)  # no orphan goes on
    assert fitted(project.dvc("repro", STAGE)) == {"siren": (1, 1)}
    assert project.digests(FITS) == quiet
