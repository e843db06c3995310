"""A step as a fixed list of calls."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

LIBRARY: dict[str, Any] = {"cpu": np, "cuda": torch}


class Program:
    """A list of calls on fixed tensors, written once and replayed every step: numpy's on a CPU, torch's on a GPU.

    There numpy's sine takes a third of the time of torch's, OpenBLAS multiplies at least as fast as torch's MKL, on AMD
    up to twice as fast, and no threads of torch's wait for work on the cores that ours need.
    """

    def __init__(self, device: torch.device) -> None:
        self.library = LIBRARY[device.type]
        self.calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def add(self, name: str, *arguments: Tensor | float, out: Tensor) -> None:
        """A function that numpy and torch have in common."""
        seen = [self._see(argument) for argument in arguments]
        self.calls.append((getattr(self.library, name), tuple(seen), {"out": self._see(out)}))

    def call(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.calls.append((function, arguments, {}))

    def allow_tf32(self, allow: bool) -> None:
        self.call(setattr, torch.backends.cuda.matmul, "allow_tf32", allow)

    def truncate(self, numbers: Tensor, out: Tensor) -> None:
        """Numbers as integers."""
        if self.library is np:
            self.calls.append((np.copyto, (self._see(out), self._see(numbers)), {"casting": "unsafe"}))
        else:
            self.call(out.copy_, numbers)

    def take(self, table: Tensor, index: Tensor, out: Tensor) -> None:
        """The numbers in places `index` of a table (m,), each at least 0 and below m."""
        mode = {"mode": "wrap"} if self.library is np else {}  # without it numpy writes to a copy first
        seen = self._see(table), self._see(index)
        self.calls.append((self.library.take, seen, {"out": self._see(out), **mode}))

    def __call__(self) -> None:
        for function, arguments, keywords in self.calls:
            function(*arguments, **keywords)

    def _see(self, argument: Tensor | float) -> Any:
        return argument.numpy() if self.library is np and isinstance(argument, Tensor) else argument
