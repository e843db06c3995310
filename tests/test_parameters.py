import numpy as np
import torch

from refield.fields.gated import Gated
from refield.parameters import Parameters

FIELD = Gated(gates=(8.0, "segment"), width=(3, 5), regions=4, omega_0=20.0)
CPU = torch.device("cpu")


def test_weights_come_back_as_they_went_in():
    weights = FIELD.initialise(3, np.random.default_rng(0))
    arrays = Parameters(FIELD, 3, weights, CPU, torch.float64).arrays()
    assert list(arrays) == list(weights)
    for name, array in weights.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_scaled_weights_carry_omega_where_there_is_an_activation():
    weights = FIELD.initialise(3, np.random.default_rng(0))
    parameters = Parameters(FIELD, 3, weights, CPU, torch.float64)
    parameters.scale()
    for i, (weight, bias) in enumerate(parameters.layers(parameters.scaled)):
        omega = 20.0 if i < 2 else 1.0
        np.testing.assert_allclose(weight, omega * weights[f"layers.{i}.weight"])
        np.testing.assert_allclose(bias, omega * weights[f"layers.{i}.bias"])


def test_an_update_is_adams():
    """With the derivative by omega * w being g, that by w is omega * g."""
    weights = FIELD.initialise(1, np.random.default_rng(0))
    parameters = Parameters(FIELD, 1, weights, CPU, torch.float64)
    ours = [torch.tensor(array, requires_grad=True) for array in weights.values()]
    adam = torch.optim.Adam(ours, 0.01)
    for seed in range(3):
        torch.manual_seed(seed)
        gradients = [torch.randn_like(tensor) for tensor in ours]
        for tensor, gradient, i in zip(ours, gradients, range(len(ours)), strict=True):
            tensor.grad = gradient * (20.0 if i < 4 else 1.0) * 0.5
        adam.step()
        parameters.gradient.copy_(torch.cat([gradient.ravel() for gradient in gradients]))
        parameters.set_rate(0.01)
        parameters.update(0.5)
    for tensor, array in zip(ours, parameters.arrays().values(), strict=True):
        np.testing.assert_allclose(array, tensor.detach().numpy(), rtol=1e-12)
