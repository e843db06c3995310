"""Volumes: bits and voxels, and that what a file claims is checked."""

import numpy as np
import pytest
from safetensors.numpy import save

from refield.errors import UserError
from refield.signals import volume
from refield.signals.volume import Volume


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).random(shape) < 0.4


@pytest.mark.parametrize("shape", [(4, 5, 6), (3, 2, 8), (2, 3, 17), (1, 1, 1)])
def test_a_volume_keeps_its_voxels(shape):
    occupied = noise(*shape)
    made = Volume.of(occupied)
    assert made.shape == shape
    assert made.count == occupied.sum()
    assert (made.occupied() == occupied).all()
    assert (made.values().reshape(shape) == np.where(occupied, 1, -1)).all()
    again = Volume.decode(made.encode())
    assert (again.occupied() == occupied).all()
    assert again.digest() == made.digest()
    assert made.with_values(made.values() * 0.1).digest() == made.digest()


def test_slabs_are_the_whole(monkeypatch):
    monkeypatch.setattr(volume, "SLAB", 70)
    made = Volume.of(noise(7, 5, 6))
    slabs = list(made.slabs())
    assert [len(made.occupied(slab)) for slab in slabs] == [2, 2, 2, 1]
    assert (np.concatenate([made.occupied(slab) for slab in slabs]) == made.occupied()).all()
    assert (np.concatenate([made.points_of(slab) for slab in slabs]) == made.points()).all()


def test_points_are_those_of_the_axes_in_the_order_of_values():
    occupied = np.zeros((3, 4, 5), bool)
    occupied[2, 1, 3] = True
    made = Volume.of(occupied)
    (where,) = np.flatnonzero(made.values() == 1)
    np.testing.assert_allclose(made.points()[where], [1, -1 / 3, 0.5])


def test_volumes_of_the_same_bits_and_another_shape_are_others():
    one, other = Volume.of(np.zeros((2, 2, 3), bool)), Volume.of(np.zeros((2, 2, 4), bool))
    assert (one.bits == other.bits).all()
    assert one.digest() != other.digest()


def arrays(**changes: np.ndarray) -> bytes:
    return save({"bits": np.zeros((2, 3, 1), np.uint8), "shape": np.array([2, 3, 5]), **changes})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no readable volume"),
        (save({"bits": np.zeros((2, 3, 1), np.uint8)}), "is no readable volume"),
        (arrays(shape=np.array([2, 3])), "three axes"),
        (arrays(shape=np.array([2, 3, 0])), "three axes"),
        (arrays(shape=np.array([2.0, 3, 5])), "three axes"),
        (arrays(bits=np.zeros((2, 3, 1), np.int8)), "three axes"),
        (arrays(shape=np.array([2, 3, 9])), "holds other bits than those of 2 x 3 x 9 voxels"),
        (arrays(bits=np.full((2, 3, 1), 4, np.uint8)), "holds other bits than those of 2 x 3 x 5 voxels"),
        (arrays(shape=np.array([2**40, 2**40, 2**40])), "more than 1,073,741,824"),
    ],
)
def test_a_file_that_is_no_volume_is_refused(data, said):
    with pytest.raises(UserError, match=said):
        Volume.decode(data)
    assert Volume.decode(arrays()).shape == (2, 3, 5)


def test_a_volume_has_three_axes_and_one_channel():
    assert Volume.blank((2, 3, 9), 1).count == 0
    with pytest.raises(UserError, match="not 2 and 3"):
        Volume.blank((2, 3), 3)
