"""A profile that does without a method has no fits of it, and says so nowhere: neither is it wanted, nor scored."""

import numpy as np
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from stages import evaluate, wanted

from refield import config
from refield.errors import UserError
from refield.machine.work import of_profile
from refield.pipeline import executing, fits, guard
from refield.pipeline.layout import Layout
from refield.pipeline.units import read_units
from refield.signals import png
from refield.units.failures import FitsFailed

TOY = Layout("toy")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """One image, and three methods, of which the profile does without the second."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REFIELD_DEVICE", "cpu")
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["methods"] = {name: {"gates": ["dense"]} for name in ("first", "second", "third")}
    quick = params["profiles"]["quick"]
    params["profiles"] = {"quick": quick}
    quick["network"] = {"width": 4}
    quick["train"] = {"iterations": 3, "learning_rate": 1e-3}
    quick["methods"] = ["third", "first"]
    TOY.pipeline.parent.mkdir(parents=True)
    TOY.pipeline.write_text("stages: {}\n")
    yaml.dump(params, TOY.params)
    png.write(TOY.signals("quick") / "a.png", np.random.default_rng(0).integers(0, 256, (12, 13, 3), dtype=np.uint8))
    return config.read("quick", path=TOY.params)


def test_what_a_profile_does_without_is_neither_fitted_nor_scored(clone):
    wanted.main("quick", "toy")
    assert sorted(file.stem for file in (TOY.reports / "wanted/quick").iterdir()) == ["first", "third"]
    # Both are of one unit.
    assert list(fits.fit(TOY, "quick"))[-1] == "quick: 2 fits, 1 of which were made now"
    assert sorted(path.name for path in TOY.fits_of_all("quick").iterdir()) == ["first", "third"]
    evaluate.main("quick", "toy")
    assert sorted(file.stem for file in (TOY.scores_of_all / "quick").iterdir()) == ["first", "third"]
    assert len(of_profile(clone, "quick", 5, "cpu")) == 2


def test_fits_are_made_in_the_order_of_the_profiles_list_or_of_what_is_asked_for(clone, monkeypatch):
    made = []
    monkeypatch.setattr(fits, "_fit", lambda layout, params, profile, method, *_: made.append(method) or 0)
    for only in ((), ["first", "third"]):
        list(fits.fit(TOY, "quick", only))
    assert made == ["third", "first", "first", "third"]


def test_a_method_that_the_profile_lacks_cannot_be_asked_for(clone):
    with pytest.raises(UserError, match="'second' is no method of quick; it must be one of first, third"):
        list(fits.fit(TOY, "quick", ["second"]))


def test_methods_that_are_short_one_by_one_may_be_long_together(clone, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("REFIELD_DEVICE")
    (unit,) = read_units(TOY, clone, "quick", "first")
    monkeypatch.setattr(guard, "LONG", 1.5 * unit.flop)
    with pytest.raises(UserError, match="quick would keep this CPU for long: on this CPU 2 fits would take"):
        list(fits.fit(TOY, "quick"))
    assert list(fits.fit(TOY, "quick", ["first"]))[-1] == "quick: 1 fits, 1 of which were made now"
    assert list(fits.fit(TOY, "quick"))[-1] == "quick: 2 fits, none of which were made now"  # of one unit


@pytest.mark.parametrize(
    ("error", "tried"),
    [(UserError("needs a GPU"), 1), (FitsFailed("title", [], {}, {}), 2)],
    ids=["nothing can be fitted", "fits fail"],
)
def test_only_fits_that_fail_leave_the_next_method_its_turn(error, tried, clone, monkeypatch):
    asked = []

    def make(*given, **_):
        asked.append(given)
        raise error

    monkeypatch.setattr(executing, "make", make)
    with pytest.raises(UserError):
        list(fits.fit(TOY, "quick"))
    assert len(asked) == tried
