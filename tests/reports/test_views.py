"""What figures show of each task: fields are given no more than they were fitted to."""

import numpy as np
import pytest

from refield.reports.views import view
from refield.signals import Image
from refield.tasks import TASKS
from refield.tasks.edges import Edges
from refield.tasks.inpaint import Inpaint
from refield.tasks.represent import Represent
from refield.tasks.superresolve import Superresolve

PIXELS = np.random.default_rng(0).integers(1, 256, (24, 36, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", TASKS)
def test_every_task_has_a_view(kind: str) -> None:
    seen = view(TASKS[kind].model_construct())
    for picture in filter(None, (seen.of, seen.given)):
        assert picture(PIXELS).shape[:2] == PIXELS.shape[:2]
        assert picture(PIXELS).dtype == np.uint8
    assert bool(seen.of) == bool(seen.words)


def test_hidden_pixels_are_black_and_the_others_as_they_are() -> None:
    task = Inpaint(hidden=0.5)
    given, mask = view(task).given(PIXELS), task.draw_mask((24, 36))
    assert not given[mask].any()
    assert np.array_equal(given[~mask], PIXELS[~mask])


def test_a_reduced_image_is_shown_as_blocks_of_its_pixels() -> None:
    task = Superresolve(factor=4)
    given = view(task).given(PIXELS)
    blocks = given.reshape(6, 4, 9, 4, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
    small = Image(PIXELS[:6, :9]).with_values(task.reduce(Image(PIXELS))).pixels
    assert np.array_equal(blocks[:, 0, :, 0], small)


def test_edges_are_shown_by_their_gradient() -> None:
    step = np.zeros((8, 8, 3), dtype=np.uint8)
    step[:, 4:] = 40
    gradient = view(Edges()).of(step)
    assert gradient.shape == (8, 8, 1)
    assert (gradient[:, 3:5] == 80).all()  # half of the step over two pixels, four times as bright
    assert not gradient[:, :3].any()
    assert view(Represent()).of is None
