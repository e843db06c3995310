from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
