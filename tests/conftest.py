import shutil

import pytest
from pipeline import Project


def pytest_runtest_setup(item):
    """`pytest -m gpu` says on a machine without one that it tested nothing."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")


@pytest.fixture(autouse=True)
def unit_store(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's own store, or his choice of device."""
    monkeypatch.setenv("REFIELD_UNITS", str(tmp_path_factory.mktemp("units")))
    monkeypatch.delenv("REFIELD_DEVICE", raising=False)
    monkeypatch.delenv("REFIELD_REFIT", raising=False)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A small copy of this repository after its first `dvc repro`, committed; tests change copies of it only."""
    folder = tmp_path_factory.mktemp("finished")
    project = Project.create(folder / "refield", folder / "units")
    assert "Running stage 'report'" in project.dvc("repro")
    project.sh("python", "-m", "stages.readme")
    project.commit("run")
    return project


@pytest.fixture
def project(finished, tmp_path):
    """A copy of `finished`, with a copy of its unit store."""
    return finished.copy(tmp_path / "refield", shutil.copytree(finished.units, tmp_path / "store"))
