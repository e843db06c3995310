"""What would take days on a CPU stops before it begins, unless it is asked for."""

import pytest
from pipeline import ROOT

from refield import config
from refield.errors import UserError
from refield.pipeline.guard import choose_device


@pytest.fixture
def cpu(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.chdir(ROOT)


def chosen(profile):
    return choose_device(config.read(profile), profile, ROOT / "data/sources" / profile)


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("paper", "paper needs a CUDA GPU and none is available"),
        ("paper_cpu", "paper_cpu would keep this CPU for days"),
    ],
)
def test_days_of_a_cpu_are_refused_with_an_estimate_unless_they_are_asked_for(profile, said, monkeypatch):
    with pytest.raises(
        UserError, match=rf"{said}: on this CPU its \d+ fits would take about .* run quick, kodak_crops"
    ):
        chosen(profile)
    monkeypatch.setenv("REFIELD_DEVICE", "cpu")
    assert chosen(profile) == "cpu"


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize("profile", ["quick", "kodak_crops"])
def test_hours_are_not(profile):
    assert chosen(profile) == "cpu"
