"""Drawn solids: their files are the same everywhere, and as round, and as hollow, as their formulas."""

import hashlib

import numpy as np
import pytest
from scipy.ndimage import label

from refield.errors import UserError
from refield.signals import drawn_solids, grids
from refield.signals.drawn_solids import DRAWN

# What papers' lists of addresses have; another solid needs another name.
SUMS = {
    "knot_32": "71e9d60c09ab396a1a74515a4821a0add9b67e40033860fa91abf59cb7b54bae",
    "gyroid_32": "f2dd3b5d994b30a9ead54ad966e690ff6bd04ca0ff2ec43b6e0b850e6fa07b88",
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_bytes_of_a_file_are_known_and_are_read(name):
    data = drawn_solids.encode(name)
    assert hashlib.sha256(data).hexdigest() == SUMS[name]
    assert (grids.decode(data) == DRAWN[name]()).all()


def test_a_knot_is_one_tube_as_long_as_its_curve():
    """Its volume is the length of the curve by the area across, but for where the tube meets itself."""
    occupied, side = drawn_solids.knot(32), 2 * drawn_solids.REACH / 32
    assert label(occupied)[1] == 1
    t = np.linspace(0, 2 * np.pi, 2001)
    curve = np.stack([(2 + np.cos(3 * t)) * np.cos(2 * t), (2 + np.cos(3 * t)) * np.sin(2 * t), np.sin(3 * t)])
    length = np.linalg.norm(np.diff(curve), axis=0).sum()
    np.testing.assert_allclose(occupied.sum() * side**3, length * np.pi * drawn_solids.TUBE**2, rtol=0.03)


def test_a_gyroid_turns_into_itself_by_its_symmetry():
    """A cyclic change of axes leaves the formula as it is, and so does the reflection at the middle."""
    occupied = drawn_solids.gyroid(32)
    assert (occupied == occupied.transpose(1, 2, 0)).all()
    assert (occupied == occupied[::-1, ::-1, ::-1]).all()


def test_an_unknown_solid_is_refused():
    with pytest.raises(UserError, match="'cube' is not among the solids that can be drawn; there are knot_32, gyroid"):
        drawn_solids.encode("cube")
