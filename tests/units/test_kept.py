"""What the store gives back of a unit is looked into: its own record may be right, and its files no fit of it."""

import dataclasses
import json

import numpy as np
import pytest
from safetensors.numpy import load, save
from small import unit

from refield.executors import make_units
from refield.executors.settings import Inline
from refield.segmentation.labels import encode
from refield.signals import Image
from refield.units.kept import kept
from refield.units.names import CURVE, LABELS, WEIGHTS
from refield.units.store import Made, Store

ONE = unit(0)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Made:
    (made,) = make_units([ONE], Store(tmp_path_factory.mktemp("store")), "cpu", "title", Inline()).values()
    return made


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_a_fit_of_the_unit_is_kept(made, store):
    assert kept(store, ONE) is None
    store.put(ONE.key(), made)
    assert kept(store, ONE) == made


def nan(files):
    arrays = {name: np.full_like(array, np.nan) for name, array in load(files[WEIGHTS]).items()}
    return save(arrays, {"model": json.dumps({})})


def of_another_field(files):
    return files[WEIGHTS].replace(rb"\"omega_0\": 30.0", rb"\"omega_0\": 31.0")


CHANGES = {
    "weights": lambda files: {WEIGHTS: b"weights"},
    "no numbers": lambda files: {WEIGHTS: nan(files)},
    "another field": lambda files: {WEIGHTS: of_another_field(files)},
    "a picture": lambda files: {"reconstruction.png": b"picture"},
    "another size": lambda files: {"reconstruction.png": Image(np.zeros((3, 4, 3), np.uint8)).encode()},
    "no map": lambda files: {LABELS: b"map"},
    "another map": lambda files: {LABELS: encode(1 - ONE.labels)},
    "no curve": lambda files: {CURVE: b"\x00"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_no_fit_of_the_unit_is_removed(change, made, store, caplog):
    other = {**made.files, **change(made.files)}
    assert other != made.files
    store.put(ONE.key(), dataclasses.replace(made, files=other))
    assert kept(store, ONE) is None
    assert "image0: " in caplog.text
    assert not store.has(ONE.key())


def test_a_map_that_was_left_out_is_missed(made, store):
    files = {name: data for name, data in made.files.items() if name != LABELS}
    store.put(ONE.key(), dataclasses.replace(made, files=files))
    assert kept(store, ONE) is None
