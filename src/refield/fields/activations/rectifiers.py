"""max(u, 0), and max(u, beta u) with a small beta."""

import math

from refield.arrays import Tensor
from refield.fields.activations.activation import Activation, Program, Work


def relu(u: Tensor) -> Tensor:
    import torch

    return torch.relu(u)


def write_relu(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    program.add("clip", u, 0.0, math.inf, out=out)
    if work.slope is not None:
        program.add("greater", u, 0.0, out=u)


def leaky_relu(u: Tensor, beta: float) -> Tensor:
    import torch

    return torch.nn.functional.leaky_relu(u, beta)


def write_leaky_relu(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    assert isinstance(work.beta, float)
    program.add("multiply", u, work.beta, out=out)
    program.add("maximum", u, out, out=out)
    if work.slope is not None:
        program.add("greater", u, 0.0, out=u)
        program.add("multiply", u, 1 - work.beta, out=u)
        program.add("add", u, work.beta, out=u)


RELU = Activation(relu, write_relu)
LEAKY_RELU = Activation(leaky_relu, write_leaky_relu, shaped=True)
