"""What the benchmarks fit: fields by name, to an image of noise."""

from collections.abc import Callable

import numpy as np

from refield.fields.activations import ACTIVATIONS
from refield.fields.field import Field
from refield.fields.incode import Incode
from refield.fields.mfn import Mfn
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.signals import Image
from refield.tasks.problem import Problem
from refield.tasks.represent import Represent

GATES = {
    "siren": ("dense",) * 4,
    "ftc": (128.0, 8.0, 4.0, 2.0),
    "qt": (2.0, 4.0, 8.0, 128.0),
    "ours": (128.0, 8.0, 4.0, "segment"),
}
OTHERS: dict[str, Callable[[int], Field]] = {  # of a width
    "wire complex": lambda width: Wire(width=width),
    "wire complex_2d": lambda width: Wire(form="complex_2d", width=width, omega=10.0, sigma=10.0),
    "wire real": lambda width: Wire(form="real", width=width, omega=10.0, sigma=10.0),
    "mfn fourier": lambda width: Mfn(filter="fourier", width=width),
    "mfn gabor": lambda width: Mfn(filter="gabor", width=width),
    "incode": lambda width: Incode(width=width),
}


def gated(method: str, width: int, hidden: int, regions: int) -> Mlp:
    """A method's network, its tiles as large in pixels as the paper's."""
    gates = tuple(gate if isinstance(gate, str) else gate * width / 768 for gate in GATES[method])
    return Mlp(gates=gates, width=hidden, regions=regions)


def activated(activation: str, hidden: int) -> Mlp:
    """An MLP of three hidden layers, in which all is trained of an activation that can be."""
    trained = "base" if ACTIVATIONS[activation].trained else None
    return Mlp(gates=("dense",) * 3, width=hidden, activation=activation, trained=trained)


def noise(height: int, width: int, regions: int) -> Problem:
    """An image of noise; its regions are patches of 8x8."""
    rng = np.random.default_rng(0)
    image = Image(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    labels = rng.integers(0, regions, (height // 8, width // 8)).repeat(8, axis=0).repeat(8, axis=1)
    return Represent().problem(image, labels.reshape(-1))


def subject(name: str, height: int, width: int, hidden: int, regions: int) -> tuple[Field, Problem]:
    """The field of a method (of GATES), an activation (of ACTIVATIONS) or another name (of OTHERS), and its problem."""
    problem = noise(height, width, regions)
    if name in GATES:
        return gated(name, width, hidden, regions), problem
    return activated(name, hidden) if name in ACTIVATIONS else OTHERS[name](hidden), problem
