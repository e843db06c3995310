"""Elementwise activation functions that have no singularity: definitions in torch, of which autograd takes derivatives.

Textbook forms divide by 0 at a few arguments and lose digits near them. These are the same functions, written as sums
and products of sin(x)/x, whose own removable singularity is bridged by its series: values and derivatives are finite
for every argument and shape parameter, and lose no digits near what was a singularity.

`atom_calls` computes values and slopes of the same functions in place. Torch is imported where it is used.
"""

import functools
import math
from typing import Any

from refield.arrays import Tensor
from refield.fields import prolate as wave

LARGEST_FACTOR = 1e8  # of finer's argument: a larger one has no digit of its phase left, and might overflow


def sine(u: Tensor) -> Tensor:
    """sin(u)"""
    import torch

    return torch.sin(u)


def gaussian(u: Tensor) -> Tensor:
    """exp(-u^2)"""
    import torch

    return torch.exp(-u.square())


def sinc(u: Tensor) -> Tensor:
    """sin(u) / u, 1 at 0."""
    import torch

    near = u.abs() < (1 / 2 if u.element_size() < 8 else 1 / 32)  # where the series is as good as the quotient
    q = torch.where(near, u, 0).square()
    far = torch.where(near, 1, u)
    return torch.where(near, ((-q / 5040 + 1 / 120) * q - 1 / 6) * q + 1, torch.sin(far) / far)


def raised_cosine(u: Tensor, beta: Tensor | float) -> Tensor:
    """sin(pi u) / (pi u) * cos(pi beta u) / (1 - (2 beta u)^2), roll-off beta; 1 at 0.

    By partial fractions the second factor is pi/4 (sinc(pi beta u - pi/2) + sinc(pi beta u + pi/2)).
    """
    p = math.pi * u
    b = beta * p
    return sinc(p) * (math.pi / 4 * (sinc(b - math.pi / 2) + sinc(b + math.pi / 2)))


def root_raised_cosine(u: Tensor, beta: Tensor | float) -> Tensor:
    """h(u) / h(0), h(u) = (sin(pi u (1 - beta)) + 4 beta u cos(pi u (1 + beta))) / (pi u (1 - (4 beta u)^2)), roll-off
    beta; h(0) = 1 + (4/pi - 1) beta, which is 0 at beta = -3.66.

    By partial fractions h(u) = (1 - beta) sinc((1 - beta) p) + beta (sinc(beta p - pi/4) cos(p - pi/4)
    + sinc(beta p + pi/4) cos(p + pi/4)) with p = pi u.
    """
    import torch

    p, eighth = math.pi * u, math.pi / 4
    b = beta * p
    left, right = sinc(b - eighth) * torch.cos(p - eighth), sinc(b + eighth) * torch.cos(p + eighth)
    return ((1 - beta) * sinc((1 - beta) * p) + beta * (left + right)) / (1 + (4 / math.pi - 1) * beta)


def prolate(u: Tensor, c: float) -> Tensor:
    """The prolate spheroidal wave function of order 0 and bandwidth c, 1 at 0: the natural cubic spline."""
    import torch

    spline, table = wave.spline(c), prolate_table(c, u.dtype, u.device)
    s = u / spline.spacing
    whole = torch.floor(s.detach())
    t = s - whole
    row = whole.clamp(-wave.INTERVALS - 1, wave.INTERVALS).add(spline.first).long()
    first, second, third, fourth = table[:, row.clamp(0, table.shape[1] - 1)]  # for what is no number, a row as well
    return ((fourth * t + third) * t + second) * t + first


@functools.cache
def prolate_table(c: float, dtype: Any, device: Any) -> Tensor:
    """The spline's coefficients (4, rows); kept, as a captured graph goes on to read them."""
    import torch

    return torch.as_tensor(wave.spline(c).coefficients.T.copy(), dtype=dtype, device=device)


def finer(u: Tensor, omega: float) -> Tensor:
    """sin(omega (|x| + 1) x) with u = omega x: a sine whose frequency grows with |x| (Liu et al., CVPR 2024).

    As in its official code the factor |x| + 1 is a constant for derivatives.
    """
    import torch

    return torch.sin((u.detach().abs() / omega + 1).clamp(max=LARGEST_FACTOR) * u)


def relu(u: Tensor) -> Tensor:
    """max(u, 0)"""
    import torch

    return torch.relu(u)


def leaky_relu(u: Tensor, leak: float) -> Tensor:
    """max(u, leak u)"""
    import torch

    return torch.nn.functional.leaky_relu(u, leak)


def gabor(a: Tensor, b: Tensor, omega: float, sigma: float) -> tuple[Tensor, Tensor]:
    """Real and imaginary part of exp(i omega z - sigma^2 |z|^2) at z = a + ib."""
    import torch

    modulus = torch.exp(-omega * b - sigma**2 * (a.square() + b.square()))
    return modulus * torch.cos(omega * a), modulus * torch.sin(omega * a)


def gabor_slopes(a: Tensor, b: Tensor, omega: float, sigma: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The derivatives of the real part by a and b, and of the imaginary part by a and b."""
    real, imaginary = gabor(a, b, omega, sigma)
    along, across = -2 * sigma**2 * a, -2 * sigma**2 * b - omega  # of the modulus's logarithm
    return (
        along * real - omega * imaginary,
        across * real,
        along * imaginary + omega * real,
        across * imaginary,
    )
