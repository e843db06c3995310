"""A multilayer perceptron whose biases begin as its weights do: how COIN (Dupont et al., 2021) and siren-pytorch start.

Nothing but the start differs from `mlp`, whose biases have PyTorch's law. At small widths that matters: SIREN's law of
weights is narrower than PyTorch's by omega_0 / 2.4.
"""

from typing import Literal

import numpy as np

from refield.fields.field import Weights
from refield.fields.initialisation import bound_of
from refield.fields.mlp import Mlp
from refield.strict import added


class MlpSameLaw(Mlp):
    """An `Mlp` whose biases are drawn from U(+-a), where a is the bound of their layer's weights."""

    init: Literal["siren", "pytorch"] = "siren"  # what has such a bound
    init_first: None = added(None)
    init_hidden: None = added(None)
    first_bias: None = added(None)

    def initialise(self, dims: int, channels: int, rng: np.random.Generator) -> Weights:
        weights, layers = super().initialise(dims, channels, rng), self.layers(dims, channels)
        for i, layer in enumerate(layers):
            omega = layer.omega if layer.activation else layers[i - 1].omega
            bound = bound_of(self.init, layer.fan_in, omega, first=i == 0)
            weights[f"layers.{i}.bias"] = rng.uniform(-bound, bound, (layer.biases, layer.fan_out))
        return weights
