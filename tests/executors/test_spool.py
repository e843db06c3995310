import dataclasses
import hashlib
import json

import numpy as np
import pytest
from small import unit

from refield.errors import UserError
from refield.executors.spool import Spool
from refield.fields import FIELDS, build
from refield.signals import Image
from refield.signals.image import array_sha256
from refield.tasks import TASKS

WIDE = {"width": 4}
SETTINGS = {"mlp": [{"gates": ("dense",), "width": (3,)}, {"gates": (2.0, "segment"), "regions": 2, **WIDE}]}
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
    one = dataclasses.replace(one, field=field, task=TASKS[task](), signal=image, labels=labels, seed=5)
    key = spool.put(one)
    again = spool.get(key, "again")
    assert (again.field, again.task, again.train, again.seed) == (one.field, one.task, one.train, 5)
    assert (again.name, again.key(), again.description()) == ("again", key, one.description())
    np.testing.assert_array_equal(again.signal.pixels, image.pixels)
    assert (again.labels is None) if labels is None else (again.labels == labels).all()


@pytest.mark.parametrize("task", TASKS)
def test_a_tasks_own_settings_travel_too(task, spool):
    settings = {"inpaint": {"hidden": 0.25, "mask_seed": 7}, "gradients": {"operator": "central"}}.get(task, {})
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
        f"{array_sha256(one.labels)}.npy",
    }
    spool.remove(key)
    assert {path.name for path in spool.root.iterdir()} == files - {f"{key}.json"}


@pytest.mark.parametrize(
    ("change", "said"),
    [({"code": "f" * 64}, "image0: the fitting code here is"), ({"seed": 7}, "image0: its files in .* are damaged")],
)
def test_a_unit_of_other_code_or_of_other_content_is_refused(change, said, spool):
    key = spool.put(unit(0))
    file = spool.root / f"{key}.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(UserError, match=said):
        spool.get(key, "image0")


DAMAGES = {
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "changed": lambda content: content[:-30] + bytes([content[-30] ^ 1]) + content[-29:],
    "foreign": lambda content: b"[]",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("suffix", [".json", ".png", ".npy"])
def test_a_file_that_was_damaged_is_refused(suffix, damage, spool):
    key = spool.put(unit(0))
    (file,) = spool.root.glob(f"*{suffix}")
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
        spool.get(key, "image0")


def test_a_file_that_is_gone_is_said(spool):
    key = spool.put(unit(0))
    for file in spool.root.iterdir():
        content = file.read_bytes()
        file.unlink()
        with pytest.raises(UserError, match=r"image0: its files in .* are damaged"):
            spool.get(key, "image0")
        file.write_bytes(content)
    assert spool.get(key, "image0").key() == key
