import dataclasses
import hashlib
import json

import numpy as np
import pytest
from small import unit

from refield.errors import UserError
from refield.executors.spool import Spool
from refield.fields import FIELDS, build
from refield.fields.sparse_latents import SparseLatents
from refield.signals import Image
from refield.signals.image import array_sha256
from refield.tasks import TASKS

WIDE = {"width": 4}
GATED = [{"gates": ("dense",), "width": (3,)}, {"gates": (2.0, "segment"), "regions": 2, **WIDE}]
LATENTS = [{"gates": ("dense", 2.0, "segment"), "regions": 2, **WIDE}]
ENCODED = {"gates": ("dense",) * 3, "skip": 2, "encoding": {"octaves": 2}, **WIDE}
SETTINGS = {"mlp": [*GATED, ENCODED], "mlp_same_law": GATED, "gated_latents": LATENTS}
NAMED = {"network_file": "a", "network_sha256": "0" * 64, "masks_file": "b", "masks_sha256": "1" * 64}
NEEDED = {"segmented": NAMED}  # of tasks that need more than their kind
ALL_FIELDS = [build({"field": kind, **settings}) for kind in FIELDS for settings in SETTINGS.get(kind, [WIDE])]


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "wanted")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("field", ALL_FIELDS, ids=lambda field: type(field).__name__)
def test_every_field_and_task_comes_back_as_it_was_put(field, task, channels, spool):
    one = unit(0)
    labels = one.labels if field.needs_labels else None
    image = Image(one.signal.pixels[..., :channels])
    one = dataclasses.replace(
        one, field=field, task=TASKS[task](**NEEDED.get(task, {})), signal=image, labels=labels, seed=5
    )
    if isinstance(field, SparseLatents) and not one.task.least_squares:
        pytest.skip("its nodes are chosen by errors of values")
    key = spool.put(one)
    again = spool.get(key, "again")
    assert (again.field, again.task, again.train, again.seed) == (one.field, one.task, one.train, 5)
    assert (again.name, again.key(), again.description()) == ("again", key, one.description())
    np.testing.assert_array_equal(again.signal.pixels, image.pixels)
    assert (again.labels is None) if labels is None else (again.labels == labels).all()


@pytest.mark.parametrize("task", TASKS)
def test_a_tasks_own_settings_travel_too(task, spool):
    settings = {
        "inpaint": {"mask": "file", "hidden": 0.25, "mask_seed": 7, "mask_file": "a.png", "mask_sha256": "0" * 64},
        "gradients": {"operator": "central"},
        "superresolve": {"factor": 2, "loss": "averaged", "grid": "ends"},
        "segmented": NAMED | {"reference": "prediction", "regularisation": 0.5},
    }.get(task, {})
    one = dataclasses.replace(unit(0), task=TASKS[task](**settings))
    assert spool.get(spool.put(one), "again").task == one.task


def test_a_unit_is_the_text_whose_hash_is_its_key_and_what_units_share_is_there_once(spool):
    one = unit(0)
    key = spool.put(one)
    spool.put(unit(0, iterations=9))
    files = {path.name for path in spool.root.iterdir()}
    assert hashlib.sha256((spool.root / f"{key}.json").read_bytes()).hexdigest() == key
    assert files == {
        f"{key}.json",
        f"{unit(0, iterations=9).key()}.json",
        f"{one.signal.digest()}.png",
        f"{array_sha256(one.labels)}.safetensors",
    }
    spool.remove(key)
    assert {path.name for path in spool.root.iterdir()} == files - {f"{key}.json"}


def put_text(spool: Spool, **changes: object) -> str:
    """Another description in the place of a unit's, under the key that it has."""
    file = spool.root / f"{spool.put(unit(0))}.json"
    text = json.dumps({**json.loads(file.read_text()), **changes}, sort_keys=True).encode()
    key = hashlib.sha256(text).hexdigest()
    (spool.root / f"{key}.json").write_bytes(text)
    return key


def test_a_unit_of_other_code_is_refused(spool):
    with pytest.raises(UserError, match="image0: the fitting code here is"):
        spool.get(put_text(spool, code="f" * 64), "image0")


def test_a_description_of_another_key_is_refused(spool):
    key = spool.put(unit(0))
    (spool.root / f"{key}.json").write_bytes((spool.root / f"{spool.put(unit(1))}.json").read_bytes())
    with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
        spool.get(key, "image0")


ODD = {
    "a seed of words": {"seed": "0"},
    "no seed": {"seed": None},
    "a seed below 0": {"seed": -1},
    "no signal": {"signal": None},
    "an unknown signal": {"signal": {"kind": "sounds", "sha256": "0" * 64}},
    "a list of signals": {"signal": {"kind": ["images"], "sha256": "0" * 64}},
    "a signal elsewhere": {"signal": {"kind": "images", "sha256": "../outside/picture"}},
    "labels elsewhere": {"labels": "../outside/picture"},
    "a list of labels": {"labels": ["0" * 64]},
    "an unknown field": {"field": {"field": "x"}},
    "a list of fields": {"field": {"field": ["mlp"]}},
    "a field of nothing": {"field": {"field": "mlp", "gates": [], "width": 4}},
    "an unknown task": {"task": {"kind": "x"}},
    "no task": {"task": {}},
    "odd training": {"train": {"iterations": -1, "learning_rate": 1e-3}},
    "more training": {"train": {"iterations": 1, "learning_rate": 1e-3, "self": 1}},
    "another key": {"more": 1},
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD)
def test_an_odd_description_is_refused_and_reads_nothing_elsewhere(changes, spool, tmp_path):
    (tmp_path / "outside").mkdir()
    for suffix in (".png", ".safetensors"):
        (tmp_path / f"outside/picture{suffix}").write_bytes(unit(0).signal.encode())
    with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
        spool.get(put_text(spool, **changes), "image0")
    assert len(list((tmp_path / "outside").iterdir())) == 2


def test_a_map_of_another_signal_is_refused(spool):
    labels = np.zeros((3, 3), np.uint8)
    spool.put(dataclasses.replace(unit(1), labels=labels))
    with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
        spool.get(put_text(spool, labels=array_sha256(labels)), "image0")


ODD_MAPS = {
    "of numbers with a point": lambda labels: labels.astype(float),
    "of yes and no": lambda labels: labels.astype(bool),
    "of regions below 0": lambda labels: labels.astype(np.int8) - 1,
    "of more regions": lambda labels: labels + 1,
    "none": lambda labels: None,
}


@pytest.mark.parametrize("odd", ODD_MAPS.values(), ids=ODD_MAPS)
def test_a_map_that_its_field_cannot_follow_is_refused(odd, spool):
    key = spool.put(dataclasses.replace(unit(0), labels=odd(unit(0).labels)))
    with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
        spool.get(key, "image0")


def test_a_map_that_no_gate_follows_is_refused(spool):
    key = spool.put(dataclasses.replace(unit(0), field=build({"field": "mlp", "gates": ("dense",), **WIDE})))
    with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
        spool.get(key, "image0")


def test_a_link_to_another_folder_is_not_read_and_loses_nothing(spool, tmp_path):
    key = spool.put(unit(0))
    spool.root.rename(tmp_path / "outside")
    spool.root.symlink_to(tmp_path / "outside")
    with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
        spool.get(key, "image0")
    spool.remove(key)
    assert len(list((tmp_path / "outside").iterdir())) == 3


DAMAGES = {
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "changed": lambda content: content[:-30] + bytes([content[-30] ^ 1]) + content[-29:],
    "foreign": lambda content: b"[]",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("suffix", [".json", ".png", ".safetensors"])
def test_a_file_that_was_damaged_is_refused(suffix, damage, spool):
    key = spool.put(unit(0))
    (file,) = spool.root.glob(f"*{suffix}")
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
        spool.get(key, "image0")
    spool.put(unit(0))  # as who wants the unit does, once its process is lost
    assert spool.get(key, "image0").key() == key


def test_a_file_that_is_gone_is_said(spool):
    key = spool.put(unit(0))
    for file in spool.root.iterdir():
        content = file.read_bytes()
        file.unlink()
        with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
            spool.get(key, "image0")
        file.write_bytes(content)
    assert spool.get(key, "image0").key() == key


@pytest.mark.parametrize("suffix", [".json", ".png", ".safetensors"])
def test_a_link_is_neither_read_nor_written_through(suffix, spool, tmp_path):
    key = spool.put(unit(0))
    (file,) = spool.root.glob(f"*{suffix}")
    content, outside = file.read_bytes(), tmp_path / "outside"
    file.rename(outside)
    file.symlink_to(outside)
    with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
        spool.get(key, "image0")
    file.symlink_to(outside)
    spool.put(unit(0))
    assert not file.is_symlink()
    assert outside.read_bytes() == content
    assert spool.get(key, "image0").key() == key


@pytest.mark.parametrize("link", [True, False])
def test_the_folder_is_no_link_and_no_file(link, spool, tmp_path):
    (tmp_path / "outside").mkdir()
    spool.root.symlink_to(tmp_path / "outside") if link else spool.root.write_text("")
    spool.put(unit(0))
    assert not spool.root.is_symlink()
    assert not list((tmp_path / "outside").iterdir())
