"""FINER's sine, whose frequency grows with its argument (Liu et al., CVPR 2024)."""

from refield.arrays import Tensor
from refield.fields.activations.activation import Activation, Program, Work

LARGEST_FACTOR = 1e8  # a larger one has no digit of its phase left, and might overflow


def finer(u: Tensor, beta: float) -> Tensor:
    """sin((beta |u| + 1) u), which is sin(omega (|x| + 1) x) with u = omega x and beta = 1 / omega.

    As in the official code (https://github.com/liuzhen0212/FINER at 51a9254, models.py, lines 83 to 95) the factor is a
    constant for derivatives.
    """
    import torch

    return torch.sin((beta * u.detach().abs() + 1).clamp(max=LARGEST_FACTOR) * u)


def write(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    (factor,) = work.scratch
    program.add("abs", u, out=factor)
    program.add("multiply", factor, work.beta, out=factor)
    program.add("add", factor, 1.0, out=factor)
    program.add("clip", factor, 1.0, LARGEST_FACTOR, out=factor)
    program.add("multiply", u, factor, out=u)
    program.add("sin", u, out=out)
    if work.slope is not None:
        program.add("cos", u, out=u)
        program.add("multiply", u, factor, out=u)


FINER = Activation(finer, write, scratch=1, shaped=True)
