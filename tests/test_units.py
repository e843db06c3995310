"""A unit's key changes with everything that determines its result."""

import dataclasses

import numpy as np
import pytest

from refield.fields.gated import Gated
from refield.training import Train
from refield.units import Unit

IMAGE = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3)
UNIT = Unit("one", IMAGE, None, Gated(gates=("dense",), width=4), Train(iterations=3, learning_rate=1e-3), 0)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"image": IMAGE + 1},
        {"image": IMAGE.reshape(4, 6, 3)},
        {"labels": np.zeros((6, 4), np.uint8)},
        {"field": Gated(gates=("dense",), width=5)},
        {"field": Gated(gates=(2.0,), width=4)},
        {"train": Train(iterations=4, learning_rate=1e-3)},
        {"train": Train(iterations=3, learning_rate=2e-3)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_result_has_another_key(change):
    assert dataclasses.replace(UNIT, **change).key() != UNIT.key()


def test_another_code_has_another_key(monkeypatch):
    before = UNIT.key()
    monkeypatch.setattr("refield.units.fingerprint", lambda *_: "other")
    assert dataclasses.replace(UNIT).key() != before


def test_the_images_name_does_not_matter():
    assert dataclasses.replace(UNIT, image_name="two").key() == UNIT.key()
    assert dataclasses.replace(UNIT, image=IMAGE.copy(order="F")).key() == UNIT.key()
