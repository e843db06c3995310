from collections.abc import Iterator

import jaxtyping
import numpy as np
import pytest
import torch

from refield.tasks.problem import Batch, Problem, squared_error

TWO, FOUR = np.zeros((2, 2)), np.zeros((4, 2))


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Signatures as they are for a user, whose shapes nothing checks."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", ["target", "labels", "importance"])
def test_everything_has_as_many_rows_as_there_are_points(name: str) -> None:
    arrays = {"target": np.zeros((4, 1)), "labels": np.zeros(4, int), "importance": np.ones(4)}
    Problem(FOUR, channels=1, **arrays)
    with pytest.raises(ValueError, match=r"3 \w+ for 4 points"):
        Problem(FOUR, channels=1, **arrays | {name: arrays[name][:3]})


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("importance", [[-1.0, 2.0], [0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0], [1.0]])
def test_impossible_importances_are_refused(importance: list[float]) -> None:
    with pytest.raises(ValueError, match="importances"):
        Problem(TWO, np.zeros((2, 1)), 1, importance=np.array(importance))


def test_importances_are_relative_to_their_mean() -> None:
    weighted = Problem(FOUR, np.zeros((4, 1)), 1, importance=np.array([0.0, 2.0, 2.0, 4.0]))
    assert weighted.relative_importance().tolist() == [0, 1, 1, 2]
    assert Problem(FOUR, np.zeros((4, 1)), 1).relative_importance().tolist() == [1, 1, 1, 1]


def test_importances_count_in_the_mean_squared_error_by_their_share() -> None:
    """(0 * 81 + 2 * 1 + 2 * 0 + 4 * 1) / 8, and without importances 2^2 / 4."""
    values = np.array([[9.0], [1.0], [0.0], [1.0]])
    weighted = Problem(FOUR, np.zeros((4, 1)), 1, importance=np.array([0.0, 2.0, 2.0, 4.0]))
    assert weighted.mean_squared_error(values) == pytest.approx(6 / 8)
    plain = Problem(FOUR, np.zeros((4, 1)), 1)
    assert plain.mean_squared_error(np.array([[2.0], [0.0], [0.0], [0.0]])) == pytest.approx(1)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_that_is_descended_is_the_mean_squared_error(weighted: bool) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6, 3))
    importance = rng.uniform(size=6) if weighted else None
    problem = Problem(rng.uniform(-1, 1, (6, 2)), rng.normal(size=(6, 3)), 3, importance=importance)
    points, target = torch.tensor(problem.points), torch.tensor(problem.target)
    relative = torch.tensor(problem.relative_importance()) if weighted else None
    loss = squared_error(lambda *_: torch.tensor(values), Batch(points, None, target, relative))
    assert loss.item() == pytest.approx(problem.mean_squared_error(values), rel=1e-12)
