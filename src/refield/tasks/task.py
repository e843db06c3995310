"""What a task is: it makes a problem of a signal, and of the fitted field's values an estimate that it scores."""

from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Integer

from refield.scores.measure import Measure
from refield.signals import Signal
from refield.strict import Described
from refield.tasks.problem import Problem


@runtime_checkable
class Task(Described, Protocol):
    """A frozen pydantic model whose fields are the keys of a profile's `task` in params.yaml.

    A task may serve some kinds of signal only; it refuses the others by a `UserError`, such as `as_image` raises.
    """

    measures: ClassVar[tuple[Measure, ...]]  # the columns of the scores, the one that ranks methods first
    only_scores: ClassVar[frozenset[str]]  # the keys, of `scores` in params.yaml, that no fit depends on

    @property
    def least_squares(self) -> bool:
        """Whether its loss is `squared_error`, of values at points: the fast engine's."""

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """What a field is fitted to; `labels` (n,) are the regions of the signal's points, for a field that needs them.

        `UserError` if the signal cannot be used, without its name.
        """

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        """The estimate of `signal` by the fitted field, from its values (n, c) where the problem wants them."""

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """How good an estimate is, by the names of `measures`, but for those that ask the field itself.

        `UserError` if it cannot be said.
        """
