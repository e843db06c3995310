import numpy as np
import pytest

from refield.errors import UserError
from refield.fields.gated import Gated
from refield.making import MOST_AT_ONCE, groups, make_all
from refield.store import Store
from refield.training import Train
from refield.units import Unit

TRAIN = Train(iterations=3, learning_rate=1e-3)


def unit(name: str, height: int = 12, width: int = 16, hidden: int = 4, **train: float) -> Unit:
    image = np.random.default_rng(len(name)).integers(0, 256, (height, width, 3), dtype=np.uint8)
    field = Gated(gates=("dense", 2.0), width=hidden, activation="relu")
    return Unit(name, image, None, field, TRAIN.model_copy(update=train), 0)


def sizes(units, device):
    return [len(group) for group in groups(units, device)]


def test_a_cpu_fits_one_after_the_other_and_a_gpu_what_fills_it():
    kodak, crops = [unit("k", 512, 768, 256)] * 3, [unit("c", 128, 192, 64)] * 40
    assert sizes(crops, "cpu") == [1] * 40
    assert sizes(kodak, "cuda") == [1, 1, 1]
    assert sizes(crops, "cuda") == [MOST_AT_ONCE, MOST_AT_ONCE, 40 - 2 * MOST_AT_ONCE]
    assert sizes([*kodak[:1], *crops[:3], *kodak[:1]], "cuda") == [4, 1]
    assert sizes([], "cuda") == []


@pytest.mark.parametrize("at_once", [1, 3])
def test_what_fails_does_not_stop_the_rest_and_is_named(at_once, monkeypatch):
    monkeypatch.setattr(
        "refield.making.groups", lambda units, _: [units[i : i + at_once] for i in range(0, 3, at_once)]
    )
    units, store = [unit("one"), unit("three", learning_rate=1e30, iterations=40), unit("fives")], Store()
    with pytest.raises(UserError, match=r"title: 1 of 3 fits failed; three: the loss is \w+ at iteration \d+"):
        make_all(units, store, "cpu", "title")
    assert store.get(units[1].key()) is None
    for good in (units[0], units[2]):
        kept = store.get(good.key())
        assert kept.provenance["together"] == at_once
        assert kept.provenance["precision"] == "float32"


def test_files_are_the_same_alone_and_together(monkeypatch, tmp_path):
    units = [unit("one"), unit("three"), unit("fives")]
    alone = make_all(units, Store(tmp_path / "alone"), "cpu", "title")
    monkeypatch.setattr("refield.making.groups", lambda units, _: [units])
    together = make_all(units, Store(tmp_path / "together"), "cpu", "title")
    for name, made in alone.items():
        assert together[name].files == made.files
