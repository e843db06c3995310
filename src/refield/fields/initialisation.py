"""How the weights of a multilayer perceptron, and the parameters of its activations, are drawn."""

from typing import Annotated, Literal

import numpy as np
from jaxtyping import Float64
from pydantic import Field, model_validator

from refield.fields.layer import Layer
from refield.strict import Strict

Init = Literal[
    "siren", "pytorch", "uniform", "normal", "kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal"
]


def bound_of(init: Init, fan_in: int, omega: float, *, first: bool) -> float:
    """The bound a of a layer's weights U(+-a); of one expert of a gated layer.

    siren: 1/fan_in in the first layer, sqrt(6/fan_in)/omega in all others, as in the official code; of the output omega
    is that of the layer before. pytorch: nn.Linear's default 1/sqrt(fan_in).
    """
    if init == "siren":
        return 1 / fan_in if first else (6 / fan_in) ** 0.5 / omega
    return float(fan_in**-0.5)


def draw_weights(
    init: Init, layer: Layer, omega: float, rng: np.random.Generator, *, first: bool
) -> Float64[np.ndarray, "experts fan_in fan_out"]:
    """A layer's initial weights.

    Apart from those of `bound_of`: uniform is U(0, 1) and normal N(0, 1), whatever the layer's size. Kaiming's (He et
    al., ICCV 2015) have the variance 2/fan_in, and Xavier's (Glorot and Bengio, AISTATS 2010) 2/(fan_in + fan_out),
    drawn from U(+-a) or from N(0, .), as torch.nn.init does.
    """
    shape = layer.experts, layer.fan_in, layer.fan_out
    if init in ("siren", "pytorch"):
        bound = bound_of(init, layer.fan_in, omega, first=first)
        return rng.uniform(-bound, bound, shape)
    if init == "uniform":
        return rng.uniform(0.0, 1.0, shape)
    scale = 1.0
    if init != "normal":
        scale = (2 / (layer.fan_in + (layer.fan_out if init.startswith("xavier") else 0))) ** 0.5
    if init.endswith("normal"):
        return rng.normal(0.0, scale, shape)
    return rng.uniform(-(3**0.5) * scale, 3**0.5 * scale, shape)


MOST = 1e6  # of what parameters of activations are drawn from


class Drawn(Strict):
    """How the parameters of activations are drawn: each on its own from one distribution."""

    uniform: Annotated[tuple[float, float], Field(strict=False)] | None = None  # between these
    normal: Annotated[tuple[float, float], Field(strict=False)] | None = None  # of this mean and standard deviation

    @model_validator(mode="after")
    def one_of_them(self) -> "Drawn":
        if (self.uniform is None) == (self.normal is None):
            raise ValueError("parameters are drawn from one distribution, uniform or normal")
        name, pair = ("uniform", self.uniform) if self.uniform is not None else ("normal", self.normal)
        assert pair is not None
        if not all(abs(number) <= MOST for number in pair):
            raise ValueError(f"{name} = {list(pair)} is not allowed; its numbers must be from {-MOST:g} to {MOST:g}")
        if self.uniform is not None and pair[1] < pair[0]:
            raise ValueError(f"uniform = {list(pair)} is not allowed; its second number must not be below the first")
        if self.normal is not None and pair[1] < 0:
            raise ValueError(f"normal = {list(pair)} is not allowed; its standard deviation must not be negative")
        return self

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        if self.uniform is not None:
            return rng.uniform(*self.uniform, count)
        assert self.normal is not None
        return rng.normal(*self.normal, count)


def draw_parameters(layer: Layer, how: Drawn | str | None, rng: np.random.Generator) -> np.ndarray:
    """The initial parameters of a layer's activation, in the order of `trained`: drawn, or the settings' own."""
    if isinstance(how, Drawn):
        return how.draw(len(layer.trained), rng)
    base = {"amplitude": 1.0, "omega": layer.omega, "phase": 0.0, "beta": layer.beta}
    return np.array([base[name] for name in layer.trained])
