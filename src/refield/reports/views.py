"""What figures show of a task's pictures: estimates themselves, unless their quality lies in something else of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from refield.scores.edges import gradient_magnitude
from refield.signals import Image
from refield.tasks.edges import Edges
from refield.tasks.inpaint import Inpaint
from refield.tasks.superresolve import Superresolve, blocks
from refield.tasks.task import Task

BRIGHTER = 4  # times: gradients of photographs are far below the largest that there can be

Picture = Callable[[np.ndarray], np.ndarray]  # of pixels (h, w, c) uint8, others of that height and width


@dataclass(frozen=True)
class View:
    """How an image and its estimates are shown."""

    of: Picture | None = None  # of both; None shows them as they are
    words: str = ""  # what that is
    given: Picture | None = None  # what a field is fitted to; None if that is the image


@singledispatch
def view(task: Task) -> View:
    """The view of a task: of most kinds, the pictures as they are."""
    return View()


@view.register
def _inpaint(task: Inpaint) -> View:
    def seen(pixels: np.ndarray) -> np.ndarray:
        return np.where(task.draw_mask(pixels.shape[:2])[..., None], 0, pixels).astype(np.uint8)

    return View(given=seen)


@view.register
def _superresolve(task: Superresolve) -> View:
    def reduced(pixels: np.ndarray) -> np.ndarray:
        values = Image(pixels).with_values(np.repeat(task.reduce(Image(pixels)), task.factor**2, axis=0)).pixels
        height, width, channels = pixels.shape
        # The rows of `values` are block after block.
        order = blocks(np.arange(height * width).reshape(height, width, 1), task.factor).reshape(-1)
        picture = np.empty((height * width, channels), dtype=np.uint8)
        picture[order] = values.reshape(-1, channels)
        return picture.reshape(pixels.shape)

    return View(given=reduced)


@view.register
def _edges(task: Edges) -> View:
    def gradient(pixels: np.ndarray) -> np.ndarray:
        return np.minimum(np.rint(BRIGHTER * gradient_magnitude(pixels)), 255).astype(np.uint8)[..., None]

    return View(of=gradient, words=f"the length of the luma's gradient by Sobel's operator, {BRIGHTER} times as bright")
