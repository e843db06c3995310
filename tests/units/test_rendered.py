"""A fit's field, rendered again from its weights, is what its files show."""

import numpy as np
import pytest
from fitting.descents import mlp
from signals import scene

from refield.errors import UserError
from refield.fitting.train import Train
from refield.signals import Image, Views
from refield.tasks.radiance import Radiance
from refield.units.make import make
from refield.units.names import WEIGHTS
from refield.units.rendered import render
from refield.units.store import Store
from refield.units.unit import Unit
from refield.units.weights import Contents, parse

VIEWS = scene.views(3, 2, 11)


@pytest.mark.parametrize("target", ["symmetric", "unit"])
def test_held_out_views_are_those_of_the_files(target, tmp_path):
    task, train = Radiance(samples=5, fine=3), Train(iterations=3, learning_rate=1e-2, batch=100, target=target)
    field = mlp("dense", regions=None)
    (made,) = make([Unit("scene", VIEWS, None, task, field, train, 0)], Store(tmp_path), "cpu", lambda *_: None)
    seen = render(parse(made.files[WEIGHTS]), task, VIEWS.held_out.cameras)
    kept = Views.decode(made.files["reconstruction.safetensors"])
    assert np.abs(seen.views.pixels.astype(int) - kept.pixels).max() <= 1
    assert (seen.views.shape, seen.depth.shape) == ((2, 11, 11), (2, 11, 11))
    assert (seen.colours == seen.views.pixels[..., :3]).all()
    assert seen.depth.max() < scene.DISTANCE + 3**0.5


def test_an_image_has_none():
    field = mlp("dense")
    weights = field.initialise(2, 3, np.random.default_rng(0))
    with pytest.raises(UserError, match="is no fit of views"):
        render(Contents(field, weights, Image, 2, 3, "unit"), Radiance(), VIEWS.cameras)
