"""The benchmark of latents runs, and its contestants take the same steps."""

import numpy as np
import pytest
from benchmarks import latents


@pytest.mark.parametrize("activation", latents.ACTIVATIONS)
@pytest.mark.parametrize("by", [by for by in latents.CONTESTANTS if by != "refield"])
def test_contestants_take_the_same_steps(by, activation, monkeypatch):
    monkeypatch.setattr(latents, "CHUNK", 100)
    losses = {}
    for each in ("refield", by):
        fit, losses[each] = latents.start(each, activation, 16, 24), []
        for _ in range(4):
            fit.step()
            losses[each].append(fit.loss())
    np.testing.assert_allclose(losses[by], losses["refield"], rtol=2e-6)
    np.testing.assert_allclose(np.diff(losses[by]), np.diff(losses["refield"]), rtol=0.01)


@pytest.mark.slow
def test_a_race_has_a_row_for_each_turn_but_the_first(monkeypatch):
    monkeypatch.setattr(latents, "TURNS", 1)
    turns = latents.race("gelu", 16, 24)
    assert turns.shape == (1, 3)
    assert (turns > 0).all(axis=None)
