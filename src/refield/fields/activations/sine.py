"""sin(u): of SIREN (Sitzmann et al., NeurIPS 2020) and, with a frequency and a phase of its own, of MIRE."""

from refield.arrays import Tensor
from refield.fields.activations.activation import Activation, Program, Work


def sine(u: Tensor) -> Tensor:
    import torch

    return torch.sin(u)


def write(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    program.add("sin", u, out=out)
    if work.slope is not None:
        program.add("cos", u, out=u)


SINE = Activation(sine, write, trained=("omega", "phase"))
