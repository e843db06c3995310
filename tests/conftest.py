import os
import shutil
import uuid

import pytest
from filelock import FileLock
from pipeline import Project

if "PYTEST_XDIST_WORKER" in os.environ:
    # Read when torch is first imported. Its threads go on spinning, on cores that other tests are waiting for.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

if not os.path.exists("/dev/nvidiactl"):
    os.environ.setdefault("TRITON_INTERPRET", "1")  # read when a kernel is defined, by whichever test is the first


def pytest_runtest_setup(item):
    """`pytest -m gpu` says on a machine without one that it tested nothing."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")


@pytest.fixture(autouse=True)
def unit_store(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's own store and logs, or his choice of device."""
    folder = tmp_path_factory.getbasetemp()
    # Made by what keeps something there: a folder for each of thousands of tests takes longer than most of them.
    monkeypatch.setenv("REFIELD_UNITS", str(folder / "units" / uuid.uuid4().hex))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))  # where logs go
    monkeypatch.delenv("REFIELD_DEVICE", raising=False)
    monkeypatch.delenv("REFIELD_REFIT", raising=False)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id):
    """A small copy of this repository after its first `dvc repro`, committed; tests change copies of it only.

    One for all of pytest-xdist's workers: the first that asks for it makes it.
    """
    folder = tmp_path_factory.getbasetemp()
    folder = (folder if worker_id == "master" else folder.parent) / "finished"
    project = Project(folder / "refield", folder / "units")
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            project = Project.create(folder / "refield", folder / "units")
            assert "Running stage 'report'" in project.dvc("repro")
            project.refield("readme")
            project.commit("run")
            (folder / "done").touch()
    return project


@pytest.fixture
def project(finished, tmp_path):
    """A copy of `finished`, with a copy of its unit store."""
    return finished.copy(tmp_path / "refield", shutil.copytree(finished.units, tmp_path / "store"))
