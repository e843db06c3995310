"""A unit's key changes with everything that determines its result, and with nothing else."""

import dataclasses
import json

import numpy as np
import pytest

from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks.gradients import Gradients
from refield.tasks.inpaint import Inpaint
from refield.tasks.represent import Represent
from refield.units import unit as module
from refield.units.unit import Unit

PIXELS = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3)
LABELS = np.arange(6 * 4, dtype=np.uint8).reshape(6, 4) % 2
FIELD = Mlp(gates=(2.0, "segment"), width=4, regions=2)
TRAIN = Train(iterations=3, learning_rate=1e-3)
UNIT = Unit("one", Image(PIXELS), LABELS, Inpaint(), FIELD, TRAIN, 0)


def changed(part, **keys):
    return type(part)(**{**part.model_dump(exclude_unset=True), **keys})


TRAINS = {
    "iterations": 4,
    "learning_rate": 2e-3,
    "schedule": "cosine",
    "final_factor": 0.2,
    "trace_every": 1,
    "target": "unit",
    "beta2": 0.9,
    "batch": 5,
    "engine": "autograd",
    "precision": "mixed",
}
OTHERS = [
    {"seed": 1},
    {"signal": Image(PIXELS + 1)},
    {"signal": Image(PIXELS.reshape(4, 6, 3))},
    {"labels": None},
    {"labels": 1 - LABELS},
    {"labels": LABELS.astype(np.int64)},
    {"field": changed(FIELD, width=5)},
    {"field": changed(FIELD, gates=(2.5, "segment"))},
    {"field": changed(FIELD, omega_0=29.0)},
    {"field": changed(FIELD, bias="per_expert")},
    {"field": Wire(width=4)},
    {"task": Represent()},
    {"task": Gradients()},
    {"task": Inpaint(hidden=0.7)},
    {"task": Inpaint(mask="text")},
    {"task": Inpaint(mask_seed=1)},
    *({"train": changed(TRAIN, **{key: value})} for key, value in TRAINS.items()),
]


def test_other_results_have_other_keys():
    keys = [UNIT.key(), *(dataclasses.replace(UNIT, **other).key() for other in OTHERS)]
    same = [other for number, other in enumerate(OTHERS, 1) if keys.count(keys[number]) > 1]
    assert same == []


def test_every_key_of_a_part_is_in_the_description():
    """A default counts as well: when it changes, so does the result. Keys that joined later are there if not."""
    described = json.loads(UNIT.description())
    for part, kind in (("field", Mlp), ("train", Train), ("task", Inpaint)):
        later = {name for name, info in kind.model_fields.items() if info.exclude_if is not None}
        assert described[part].keys() - {"field", "kind"} == kind.model_fields.keys() - later
    other = dataclasses.replace(UNIT, field=changed(FIELD, sigma_0=3.0, residual=True, encoding={"octaves": 2}))
    assert json.loads(other.description())["field"].items() >= {"sigma_0": 3.0, "residual": True}.items()
    assert other.key() != UNIT.key()
    assert TRAINS.keys() == Train.model_fields.keys()


def test_another_code_has_another_key(monkeypatch):
    before = UNIT.key()
    monkeypatch.setattr(module, "fingerprint", lambda *_: "other")
    assert dataclasses.replace(UNIT).key() != before


@pytest.mark.parametrize(
    "same",
    [
        {"name": "two"},
        {"signal": Image(PIXELS.copy(order="F"))},
        {"labels": LABELS.copy(order="F")},
        {"train": changed(TRAIN, schedule="constant", final_factor=0.1)},
        {"field": Mlp(gates=[2, "segment"], width=4, regions=2)},
    ],
)
def test_the_same_result_has_the_same_key(same):
    assert dataclasses.replace(UNIT, **same).key() == UNIT.key()


def test_what_only_scores_depend_on_does_not_count():
    keys = {dataclasses.replace(UNIT, task=Represent(iou_regions=regions)).key() for regions in (2, 4)}
    assert len(keys) == 1


def test_no_path_or_name_is_in_the_description():
    """A unit is the same in every clone, on every machine, at every time."""
    described = dataclasses.replace(UNIT, name="lake").description()
    assert "/" not in described
    assert "lake" not in described


@pytest.mark.parametrize(("batch", "points"), [(None, 24), (10, 10), (100, 24)])
def test_flop_are_those_of_the_points_of_all_steps(batch, points):
    unit = dataclasses.replace(UNIT, train=changed(TRAIN, batch=batch))
    assert unit.flop == FIELD.cost(2, 3).flop * points * 3
