"""What would take days on a CPU stops before it begins, unless it is asked for."""

from itertools import cycle, islice

import numpy as np
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML

from refield import config
from refield.errors import UserError
from refield.pipeline import guard
from refield.signals import Image
from refield.units.unit import Unit


@pytest.fixture
def cpu(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.chdir(ROOT)


def device_for(profile, fits):
    """What so many of a profile's fits to an image would run on, by one method after the other."""
    params = config.read(profile)
    height, width = (512, 768) if params.profiles[profile].images.frame == "native" else (128, 192)
    image = Image(np.zeros((height, width, 3), dtype=np.uint8))
    units = [
        Unit(
            "image", image, None, params.task(profile), params.field(profile, method), params.train(profile, method), 0
        )
        for method in islice(cycle(params.methods_of(profile)), fits)
    ]
    device = guard.choose_device(params, profile, ROOT / "data/sources" / profile)
    guard.require_short(units, device, params, profile)
    return device


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize(
    ("profile", "fits", "said"),
    [
        ("paper", 360, "paper needs a CUDA GPU and none is available: on this CPU 360 fits"),
        ("paper_cpu", 4, "paper_cpu would keep this CPU for long: on this CPU 4 fits"),
        ("paper_cpu_23", 2, "paper_cpu_23 would keep this CPU for long: on this CPU 2 fits"),
    ],
)
def test_days_of_a_cpu_are_refused_with_an_estimate_unless_they_are_asked_for(profile, fits, said, monkeypatch):
    with pytest.raises(UserError, match=rf"{said} would take about .* run quick, kodak_crops instead"):
        device_for(profile, fits)
    monkeypatch.setenv("REFIELD_DEVICE", "cpu")
    assert device_for(profile, fits) == "cpu"


@pytest.mark.usefixtures("cpu")
@pytest.mark.parametrize(
    ("profile", "fits"), [("quick", 4), ("kodak_crops", 24), ("paper_cpu", 1), ("paper_cpu_08", 1)]
)
def test_hours_are_not(profile, fits):
    assert device_for(profile, fits) == "cpu"


@pytest.mark.usefixtures("cpu")
def test_what_cannot_be_timed_yet_is_refused_all_the_same(tmp_path):
    yaml = YAML()
    values = yaml.load(ROOT / "params.yaml")
    values["profiles"]["paper"]["task"] = {"kind": "segmented", "network_file": "unet", "masks_file": "masks"}
    yaml.dump(values, tmp_path / "params.yaml")
    params = config.read("paper", path=tmp_path / "params.yaml")
    said = r"none is available: how long .* cannot be told yet \(task\.network_file: unet is missing\); run quick"
    with pytest.raises(UserError, match=said):
        guard.choose_device(params, "paper", ROOT / "data/sources/paper")
