"""A rectifier that lets a part of numbers below 0 through, which is put to 0 in the course of a descent.

A file's network has rectifiers, which whole numbers can have as well. Some tens of them are few: where one is 0 at all
pixels it stays so, and with it a colour may be lost. What leaks at first brings it back.
"""

from refield.arrays import Tensor
from refield.fields.activations.activation import Activation, Program, Work


def leaking(u: Tensor, part: Tensor) -> Tensor:
    import torch

    return torch.maximum(u, part * u)


def write(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    """max(u, part u), and the slope, 1 or the part; which is at most 1, and read whenever the calls are made."""
    program.add("multiply", u, work.beta, out=out)
    program.add("maximum", u, out, out=out)
    if work.slope is not None:
        program.add("greater", u, 0.0, out=u)
        program.add("maximum", u, work.beta, out=u)


LEAKING = Activation(leaking, write, shaped=True)
