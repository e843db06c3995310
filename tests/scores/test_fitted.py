import numpy as np
import pytest
import torch
from fields.draws import drawn

from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.scores import fitted as module
from refield.scores.fitted import Fitted
from refield.signals.image import pixel_grid

SEGMENTED = Mlp(gates=("segment", "dense"), width=6, regions=3, omega_0=4.0)


def a_fit(field: Mlp | Wire, span: float = 1.0) -> Fitted:
    labels = np.arange(35) % 3 if field.needs_labels else None
    return Fitted(field, drawn(field), pixel_grid(5, 7), labels, span)


@pytest.mark.parametrize("field", [SEGMENTED, Wire(width=6, omega=2.0, sigma=1.0)], ids=["mlp", "wire"])
def test_values_and_derivatives_do_not_depend_on_the_parts_they_are_computed_in(field, monkeypatch) -> None:
    whole = a_fit(field)
    monkeypatch.setattr(module, "AT_ONCE", 8)
    parts = a_fit(field)
    assert (whole.values.shape, whole.gradient.shape, whole.laplacian.shape) == ((35, 3), (35, 3, 2), (35, 3))
    for name in ("values", "gradient", "laplacian"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-4, atol=1e-4)
        assert getattr(whole, name).dtype == np.float32


def test_values_are_the_fields_own() -> None:
    found = a_fit(SEGMENTED)
    weights = {name: torch.tensor(array) for name, array in found.weights.items()}
    expected = SEGMENTED.evaluate(weights, torch.tensor(found.points), torch.tensor(found.labels))
    np.testing.assert_allclose(found.values, expected.numpy(), atol=1e-5)


def test_a_field_of_values_in_0_to_1_has_twice_the_derivatives() -> None:
    unit, symmetric = a_fit(SEGMENTED, 2.0), a_fit(SEGMENTED)
    np.testing.assert_allclose(unit.values, 2 * symmetric.values - 1, atol=1e-6)
    np.testing.assert_array_equal(unit.gradient, 2 * symmetric.gradient)
    np.testing.assert_array_equal(unit.laplacian, 2 * symmetric.laplacian)


def test_no_number_is_said() -> None:
    found = a_fit(SEGMENTED)
    found.weights["layers.0.weight"][:] = 1e300
    with pytest.raises(UserError, match="the field has values or derivatives that are no numbers"):
        assert found.laplacian is None
