"""What an activation is: a function of each number of a layer, said twice.

Once as its definition in torch, of which autograd takes derivatives, and once as a list of calls that put value and
slope into arrays which are there already. Textbook forms of some divide by 0 at a few arguments and lose digits near
them. Here they are written as sums and products of sin(x)/x, whose own removable singularity is bridged by its series:
values and derivatives are finite for every argument and shape parameter, and lose no digits where there was one.

A pass over memory takes up to a quarter of a sine's time. So the calls have no masks: `clip` keeps arguments away from
singular points, and a short series, which is exactly 0 elsewhere, leads back. (numpy's `maximum` with a number,
`copysign` and `sign` take three to five times as long as its `clip` and `divide`.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from refield.arrays import Tensor

# What can be trained of a layer's h = amplitude * f(omega * z + phase; beta), in the order in which it is stored.
PARAMETERS = ("amplitude", "omega", "phase", "beta")


@runtime_checkable
class Program(Protocol):
    """Calls that are written down once and made many times."""

    def add(self, name: str, *arguments: Tensor | float, out: Tensor) -> None:
        """A function that numpy and torch have in common."""

    def truncate(self, numbers: Tensor, out: Tensor) -> None:
        """Numbers as integers."""

    def take(self, table: Tensor, index: Tensor, out: Tensor) -> None:
        """The numbers in places `index` of a table (m,), each at least 0 and below m."""


@dataclass(frozen=True)
class Work:
    """Where the calls of an activation work, besides u (n, m) and the values' place; no array overlaps another's."""

    scratch: Sequence[Tensor]  # (n, m) each, as many as the activation says; they hold nothing before and after
    slope: Tensor | None = None  # (n, outputs * m), whose first m columns are u; None where no slope is wanted
    beta: Tensor | float = 0.0  # a tensor of shape (), if it can be trained: read whenever the calls are made
    by_beta: Tensor | None = None  # (n, outputs * m), where slopes are wanted of a beta that can be trained
    index: Tensor | None = None  # (n, m) of int64, for an activation that looks up a table


@dataclass(frozen=True)
class Activation:
    """A function f(u; beta), applied to each number of a layer.

    `function(u)`, or `function(u, beta)` of one that is `shaped`, makes (n, outputs * m) of (n, m). `write(program, u,
    out, work)` adds the calls that put the same into `out` and, where slopes are wanted, f'(u) into the place of u and
    the columns behind it, and the slope by beta into its place. Without slopes u is spoilt.
    """

    function: Callable[..., Tensor]
    write: Callable[[Program, Tensor, Tensor, Work], None]
    outputs: int = 1  # numbers made of one
    scratch: int = 0
    indexed: bool = False  # whether the calls look up a table
    shaped: bool = False  # whether there is a beta
    trained: tuple[
        str, ...
    ] = ()  # the parameters that MIRE's dictionary trains of it, of PARAMETERS; none: it is not in it
