import json

import numpy as np
import pytest
from small import unit

from refield.errors import UserError
from refield.executors.spool import Spool
from refield.fields.gated import Gated
from refield.units import Unit, sha256


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "wanted")


def test_what_is_put_is_got(spool):
    dense = Unit("dense", unit(0).image, None, Gated(gates=("dense",), width=(3,)), unit(0).train, 5)
    for one in (unit(0), dense):
        key = spool.put(one)
        again = spool.get(key, one.image_name)
        assert (again.field, again.train, again.seed, again.key()) == (one.field, one.train, one.seed, key)
        np.testing.assert_array_equal(again.image, one.image)
        assert (again.labels is None) == (one.labels is None)


def test_a_unit_is_the_text_whose_hash_is_its_key_and_arrays_are_shared(spool):
    key = spool.put(unit(0))
    spool.put(unit(0, iterations=9))
    assert sha256((spool.root / f"{key}.json").read_bytes()) == key
    assert len(list(spool.root.glob("*.json"))) == 2
    assert len(list(spool.root.glob("*.npy"))) == 2  # an image and its labels
    spool.remove(key)
    assert len(list(spool.root.glob("*.json"))) == 1


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


def test_an_array_that_was_changed_is_refused(spool):
    key = spool.put(unit(0))
    for array in spool.root.glob("*.npy"):
        array.write_bytes(array.read_bytes()[:-1] + b"\xff")
    with pytest.raises(UserError, match="are damaged"):
        spool.get(key, "image0")
