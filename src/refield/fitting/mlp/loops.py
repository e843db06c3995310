"""An activation's passes over memory as a few loops, where llvmlite is installed, to the same bytes.

A pulse is up to ninety of numpy's passes, most of them sums, products and their like: of these IEEE says every bit, so
that a loop may do them all with a number while it has it. It may do so with sines as well, by numpy's own method, where
a trial has numpy's bytes. Other functions remain numpy's.
"""

import ctypes
import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from refield.fields.activations.activation import Activation, Work
from refield.fitting.mlp.calls import Program
from refield.fitting.mlp.machine_code import OPERATIONS, Compiled, compiled, installed
from refield.fitting.mlp.recording import OWN, SINES, Own, Recording
from refield.fitting.mlp.trial import has_numpys_sines

COMPILING = threading.Lock()


@dataclass(frozen=True)
class Plan:
    """What takes the place of an activation's calls: its one loop, if a loop has sines."""

    steps: list[Compiled | Own]
    tables: dict[str, Tensor]
    has_sines: bool


def write(program: Program, activation: Activation, u: Tensor, out: Tensor, work: Work) -> None:
    """What the activation's own `write` does, in loops where there is a plan for them."""
    plan = planned(activation, work, u)
    if plan is None:
        activation.write(program, u, out, work)
        return
    at: dict[str, Any] = {"u": u, "out": out, "by_beta": work.by_beta, "beta": work.beta, **plan.tables}
    at |= {f"row{k}": row for k, row in enumerate(work.scratch)}
    for step in plan.steps:
        if isinstance(step, Own):
            program.add(step.name, at[step.source], out=at[step.target])
            continue
        arguments = (u.numel(), *(_address(at[place]) for place in step.places))
        if plan.has_sines:
            passes = Program(u.device)
            activation.write(passes, u, out, work)
            program.call(_loop_or_passes, step.function, passes, *arguments)
        else:
            program.call(step.function, *arguments)


def _loop_or_passes(loop: Callable[..., int], passes: Program, *arguments: Any) -> None:
    """Numpy's passes where there are angles that the loop's sine cannot take: it has done nothing then."""
    if loop(*arguments):
        passes()


def planned(activation: Activation, work: Work, u: Tensor) -> Plan | None:
    """None where loops are not to be had, or no gain: values without slopes are wanted but once a fit, and a plan
    takes a twentieth of a second."""
    usable = u.is_cpu and u.dtype == torch.float32 and activation.outputs == 1 and work.slope is not None
    if not usable or not installed():
        return None
    with COMPILING:
        return _planned(activation, None if isinstance(work.beta, Tensor) else work.beta, work.by_beta is not None)


@functools.cache
def _planned(activation: Activation, beta: float | None, by_beta: bool) -> Plan | None:
    """For a beta that is a constant, or None."""
    if has_numpys_sines():
        plan = _made(activation, beta, by_beta, tuple(name for name in OWN if name not in SINES))
        if plan is not None and not (plan.has_sines and len(plan.steps) > 1):
            return plan
    return _made(activation, beta, by_beta, OWN)


def _made(activation: Activation, beta: float | None, by_beta: bool, own: tuple[str, ...]) -> Plan | None:
    """A plan that leaves some functions to numpy; None where loops do not know a call, or are as many."""
    places = {name: torch.empty(1, 1) for name in ("u", "out", "by_beta")} | {"beta": torch.empty(())}
    work = Work(
        scratch=[torch.empty(1, 1) for _ in range(activation.scratch)],
        slope=places["u"],
        beta=places["beta"] if beta is None else beta,
        by_beta=places["by_beta"] if by_beta else None,
        index=torch.empty(1, 1, dtype=torch.int64),
    )
    recording = Recording(places, own)  # of calls on a layer of one number
    activation.write(recording, places["u"], places["out"], work)
    steps = recording.steps(["out", "u", *(["by_beta"] if by_beta else [])])
    names = {value.name for value in recording.values}
    calls = sum(bool(value.arguments) for value in recording.values)
    rows = sum(isinstance(each, Own) and each.target.startswith("row") for each in steps)
    if not names <= {*OPERATIONS, *own, "number", "table"} or len(steps) >= calls or rows > activation.scratch:
        return None
    return Plan(
        [each if isinstance(each, Own) else compiled(each, recording.values) for each in steps],
        {name: place for name, place in recording.places.items() if name.startswith("table")},
        not names.isdisjoint({*SINES} - {*own}),
    )


def _address(tensor: Tensor) -> ctypes.c_void_p:
    """Which keeps the tensor."""
    return tensor.numpy().ctypes.data_as(ctypes.c_void_p)
