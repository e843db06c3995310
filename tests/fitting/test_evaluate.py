import numpy as np
import pytest
import torch
from fitting.descents import mlp, noise

from refield.fitting import evaluate


@pytest.mark.parametrize("gates", [("dense",), (8.0, "segment")], ids=str)
def test_values_are_the_fields_however_many_points_are_taken_at_once(gates, monkeypatch):
    field, problem = mlp(*gates), noise()
    weights = field.initialise(2, 3, np.random.default_rng(0))
    labels = problem.labels if field.needs_labels else None
    whole = evaluate.evaluate(field, weights, problem.points, labels)
    exact = field.evaluate(
        {name: torch.tensor(array) for name, array in weights.items()},
        torch.tensor(problem.points),
        None if labels is None else torch.tensor(labels),
    )
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, exact.numpy(), atol=1e-4)
    monkeypatch.setattr(evaluate, "AT_ONCE", 100)
    np.testing.assert_allclose(evaluate.evaluate(field, weights, problem.points, labels), whole, atol=1e-5)
