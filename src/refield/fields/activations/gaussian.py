"""exp(-u^2): of GAUSS (Ramasinghe and Lucey, ECCV 2022), whose inverse width is the factor in u."""

from refield.arrays import Tensor
from refield.fields.activations.activation import Activation, Program, Work


def gaussian(u: Tensor) -> Tensor:
    import torch

    return torch.exp(-u.square())


def write(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    program.add("clip", u, -1e18, 1e18, out=u)  # whose square is a float32 number
    program.add("multiply", u, -1.0, out=out)
    program.add("multiply", out, u, out=out)
    program.add("exp", out, out=out)
    if work.slope is not None:
        program.add("multiply", u, -2.0, out=u)
        program.add("multiply", u, out, out=u)


GAUSSIAN = Activation(gaussian, write, trained=("omega",))
