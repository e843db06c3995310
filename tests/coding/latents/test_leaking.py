"""Rectifiers that leak: values and slopes, none that is lost for good, and what a file has, which does not leak."""

import numpy as np
import pytest
import skimage.data
import torch

from refield.coding.latents.compress import Size, learning_rates
from refield.coding.latents.descent import Descent
from refield.coding.latents.leaking import LEAKING
from refield.coding.latents.softening import Softness
from refield.coding.latents.start import begin
from refield.fields.activations.activation import Work
from refield.fitting.mlp.calls import Program
from refield.signals import Image

PHOTOGRAPH = Image(np.ascontiguousarray(skimage.data.coffee()[100:148, 200:264]))


@pytest.mark.parametrize("part", [0.0, 0.1, 1.0])
def test_values_and_slopes_are_read_when_the_calls_are_made(part):
    u, leak = torch.tensor([[-3.0, -0.5, 0.25, 2.0]]), torch.tensor(7.0)
    out, program = torch.empty_like(u), Program(u.device)
    LEAKING.write(program, u, out, Work([], slope=u, beta=leak))
    leak.fill_(part)
    below = u.clone()
    expected = LEAKING.function(below, leak)
    program()
    np.testing.assert_allclose(out, expected)
    np.testing.assert_allclose(out, [[-3 * part, -0.5 * part, 0.25, 2.0]])
    np.testing.assert_allclose(u, [[part, part, 1, 1]])


def of(photograph: Image, steps: int, leak: bool) -> Descent:
    size = Size.of(photograph.shape)
    with Descent(photograph, *size, seed=0) as fit:
        begin(fit.tensors(), size.width, size.hidden)
        fit.tensors()["layers.1.bias"][:] = -2.0  # all rectifiers before the output are 0, whatever is seen
        for step in range(steps):
            softness = Softness.at(step / steps, 1e-3)
            fit.step(softness if leak else softness._replace(leak=0.0), 1e-3, learning_rates(1e-3, step / steps))
        fit.show(None)
        fit.evaluation.run(back=False)
    return fit


def test_what_leaks_brings_back_rectifiers_that_are_0_everywhere():
    tight, leaking = (of(PHOTOGRAPH, 150, leak).error() for leak in (False, True))
    spread = float(np.var(PHOTOGRAPH.values() / 2, axis=0).mean())  # what a single colour is wrong by
    assert tight == pytest.approx(spread, rel=0.02)
    assert leaking < 0.3 * spread


def test_what_is_rounded_is_shown_by_rectifiers_that_do_not_leak():
    fit = of(PHOTOGRAPH, 20, leak=True)
    weights = {name: torch.as_tensor(array) for name, array in fit.tensors().items() if name.startswith("layers")}
    grids = {name: shown.clone() for name, shown in fit.shown.items()}
    values = fit.field.evaluate({**grids, **weights}, torch.as_tensor(PHOTOGRAPH.points()))
    np.testing.assert_allclose((fit.evaluation.values() + 1) / 2, values.numpy(), atol=2e-5)
