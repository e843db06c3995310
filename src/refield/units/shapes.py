"""The shapes of a field's weights, from its own `initialise`, without their memory."""

import math
from typing import Any

import numpy as np


class TooMany(ValueError):
    """More arrays than were allowed for."""


class Shapes(np.random.Generator):
    """Draws zeros that take no memory; `TooMany` after so many draws: some fields have as many layers as one says."""

    def __init__(self, most: float = math.inf) -> None:
        super().__init__(np.random.PCG64(0))
        self.left = most

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        return self._zeros(size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        return self._zeros(size)

    def gamma(self, shape: Any, scale: Any = 1.0, size: Any = None) -> Any:
        return self._zeros(size)

    def _zeros(self, size: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise TooMany
        return np.broadcast_to(0.0, size)
