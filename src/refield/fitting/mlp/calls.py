"""A step as a fixed list of calls."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from refield.fields.mlp import LEAK

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

    def add_activation(self, activation: str, z: Tensor, out: Tensor, *, with_slope: bool) -> None:
        """Write act(z) to `out`, and then the derivative there over z."""
        if activation == "sine":
            self.add("sin", z, out=out)
            if with_slope:
                self.add("cos", z, out=z)
            return
        leak = LEAK if activation == "leaky_relu" else 0.0
        self.add("multiply", z, leak, out=out)
        self.add("maximum", z, out, out=out)
        if with_slope:
            self.add("greater", z, 0.0, out=z)
            self.add("multiply", z, 1 - leak, out=z)
            self.add("add", z, leak, out=z)

    def __call__(self) -> None:
        for function, arguments, keywords in self.calls:
            function(*arguments, **keywords)

    def _see(self, argument: Tensor | float) -> Any:
        return argument.numpy() if self.library is np and isinstance(argument, Tensor) else argument
