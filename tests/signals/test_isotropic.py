"""Coordinates of one scale on both axes."""

import numpy as np
import pytest

from refield.coding import file
from refield.coding.description import Description
from refield.coding.tensors import quantise
from refield.fields.mlp import Mlp
from refield.signals import Image, IsotropicImage


def test_the_coordinates_are_those_that_are_published():
    """Both indices over the height less 1, on [-1/2, 1/2], times 2: so does COIN's `to_coordinates_and_features`."""
    blank = IsotropicImage.blank((512, 768), 3)
    indices = np.argwhere(np.ones((512, 768)))
    np.testing.assert_allclose(blank.points(), 2 * (indices / 511 - 0.5), atol=1e-14)
    assert blank.points()[-1] == pytest.approx([1, 2.00195], abs=1e-5)
    assert IsotropicImage.blank((768, 512), 3).points()[-1] == pytest.approx([1, 0.33246], abs=1e-5)


def test_a_square_image_has_the_coordinates_of_any_other():
    of_one_scale, plain = (kind.blank((13, 13), 1).points() for kind in (IsotropicImage, Image))
    np.testing.assert_allclose(of_one_scale, plain, atol=1e-15)


def test_a_compressed_file_says_which_coordinates_it_has():
    field, rng = Mlp(gates=("dense",), width=5), np.random.default_rng(0)
    tensors = {name: quantise(array, 0.01) for name, array in field.initialise(2, 3, rng).items()}
    pictures = []
    for kind in (Image, IsotropicImage):
        coded = file.decode(file.encode(file.Coded(Description(field, kind, 2, 3, "unit"), (6, 9), tensors)))
        pictures.append(coded.signal())
        assert type(pictures[-1]) is kind
    left, right = (picture.pixels for picture in pictures)
    assert (left[:, 0] == right[:, 0]).all()
    assert (left[:, 1:] != right[:, 1:]).any()
