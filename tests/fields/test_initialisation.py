"""Weights are drawn from the distributions that their names say, layer by layer."""

import numpy as np
import pytest
from scipy import stats

from refield.fields.initialisation import draw_weights
from refield.fields.layer import Layer
from refield.fields.mlp import Mlp
from refield.fields.mlp_same_law import MlpSameLaw

LAYER = Layer("dense", fan_in=60, fan_out=90, experts=2, biases=1, activation="sine", omega=30.0)
LAWS = {
    "siren": stats.uniform(-((6 / 60) ** 0.5) / 30, 2 * (6 / 60) ** 0.5 / 30),
    "pytorch": stats.uniform(-(60**-0.5), 2 * 60**-0.5),
    "uniform": stats.uniform(0, 1),
    "normal": stats.norm(0, 1),
    "kaiming_uniform": stats.uniform(-((6 / 60) ** 0.5), 2 * (6 / 60) ** 0.5),
    "kaiming_normal": stats.norm(0, (2 / 60) ** 0.5),
    "xavier_uniform": stats.uniform(-((6 / 150) ** 0.5), 2 * (6 / 150) ** 0.5),
    "xavier_normal": stats.norm(0, (2 / 150) ** 0.5),
}


@pytest.mark.parametrize("init", sorted(LAWS))
def test_weights_follow_their_law_and_no_other(init):
    drawn = draw_weights(init, LAYER, 30.0, np.random.default_rng(0), first=False)
    assert drawn.shape == (2, 60, 90)
    statistics = {name: stats.kstest(drawn.ravel(), law.cdf).statistic for name, law in LAWS.items()}
    assert statistics.pop(init) < 0.01
    assert min(statistics.values()) > 0.02


def test_of_torch_are_those_of_torch():
    torch = pytest.importorskip("torch")
    for kind in ("kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal"):
        theirs = torch.empty(90, 60)
        getattr(torch.nn.init, f"{kind}_")(theirs, generator=torch.Generator().manual_seed(0))
        assert stats.kstest(theirs.numpy().ravel(), LAWS[kind].cdf).statistic < 0.02


def test_the_first_factor_may_be_another_and_is_said_once():
    one, listed = Mlp(gates=("dense",) * 3, width=4, omega_0=30.0, first_omega_0=8.0), (8.0, 30.0, 30.0)
    other = Mlp(gates=("dense",) * 3, width=4, omega_0=listed)
    assert one.layers(2, 1) == other.layers(2, 1)
    assert tuple(layer.omega for layer in one.layers(2, 1)[:3]) == listed
    with pytest.raises(ValueError, match="first_omega_0 is the first number of omega_0"):
        Mlp(gates=("dense",) * 3, width=4, omega_0=listed, first_omega_0=8.0)


def test_the_first_layer_and_those_behind_it_may_begin_otherwise():
    def weights(**settings):
        field = Mlp(gates=("dense",) * 3, width=40, **settings)
        drawn = field.initialise(2, 3, np.random.default_rng(0))
        return [float(np.abs(drawn[f"layers.{i}.weight"]).max()) for i in range(4)]

    plain, bounds = weights(), [1 / 2, *[(6 / 40) ** 0.5 / 30] * 3]
    np.testing.assert_allclose(plain, bounds, rtol=0.05)
    first, hidden = weights(init_first="normal"), weights(init_hidden="kaiming_uniform")
    assert first[0] > 1.5
    np.testing.assert_allclose(first[1:], bounds[1:], rtol=0.05)
    np.testing.assert_allclose(hidden, [bounds[0], *[(6 / 40) ** 0.5] * 2, bounds[3]], rtol=0.05)


def test_biases_may_begin_as_the_weights_of_their_layer():
    """As COIN's published code draws both: U(+-1/2) of two coordinates, and U(+-sqrt(6/n)/omega_0) behind them."""
    settings = {"gates": ("dense",) * 3, "width": 600}
    drawn, plain = (kind(**settings).initialise(2, 600, np.random.default_rng(0)) for kind in (MlpSameLaw, Mlp))
    for i, bound in enumerate([1 / 2, *[(6 / 600) ** 0.5 / 30] * 3]):
        law = stats.uniform(-bound, 2 * bound)
        assert stats.kstest(drawn[f"layers.{i}.bias"].ravel(), law.cdf).statistic < 0.06
        np.testing.assert_array_equal(drawn[f"layers.{i}.weight"], plain[f"layers.{i}.weight"])


def test_only_laws_with_a_bound_are_those_of_biases_too():
    for settings in ({"init": "normal"}, {"init_first": "uniform"}, {"first_bias": 1.0}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            MlpSameLaw(gates=("dense",), width=4, **settings)
