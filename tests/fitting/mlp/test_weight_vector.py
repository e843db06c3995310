import numpy as np
import torch

from refield.fields.mlp import Mlp
from refield.fitting.mlp.weight_vector import WeightVector

FIELD = Mlp(gates=(8.0, "segment"), width=(3, 5), regions=4, omega_0=20.0)
OMEGAS = [20.0, 20.0, 1.0]


def drawn(channels):
    """Weights, and the vector of them."""
    weights = FIELD.initialise(2, channels, np.random.default_rng(0))
    return weights, WeightVector(weights, FIELD.layers(2, channels), 0.999, torch.device("cpu"), torch.float64)


def test_weights_come_back_as_they_went_in():
    weights, vector = drawn(3)
    arrays = vector.arrays()
    assert list(arrays) == list(weights)
    for name, array in weights.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_scaled_weights_carry_each_layers_omega():
    weights, vector = drawn(3)
    vector.scale()
    for i, (weight, bias) in enumerate(vector.layers(vector.scaled)):
        np.testing.assert_allclose(weight, OMEGAS[i] * weights[f"layers.{i}.weight"])
        np.testing.assert_allclose(bias, OMEGAS[i] * weights[f"layers.{i}.bias"])


def test_an_update_is_adams():
    """With the derivative by omega * w being g, that by w is omega * g."""
    weights, vector = drawn(1)
    ours = [torch.tensor(array, requires_grad=True) for array in weights.values()]
    adam = torch.optim.Adam(ours, 0.01)
    for seed in range(3):
        torch.manual_seed(seed)
        gradients = [torch.randn_like(tensor) for tensor in ours]
        for i, (tensor, gradient) in enumerate(zip(ours, gradients, strict=True)):
            tensor.grad = gradient * OMEGAS[i // 2] * 0.5
        adam.step()
        vector.gradient.copy_(torch.cat([gradient.ravel() for gradient in gradients]))
        vector.adam.set_rate(0.01)
        vector.update(0.5)
    for tensor, array in zip(ours, vector.arrays().values(), strict=True):
        np.testing.assert_allclose(array, tensor.detach().numpy(), rtol=1e-12)
