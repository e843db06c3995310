import pytest

from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.fitting.train import Train
from refield.machine.estimate import fastest, floor_per_step, product_rate, seconds_per_step
from refield.tasks import TASKS


def test_the_floor_counts_every_product_once():
    """By hand: 2x8 forward and for the weights; 8x8 and 8x3 forward, for the weights and for the layer below."""
    field = Mlp(gates=("dense", 8.0), width=8)
    assert floor_per_step(field, 10, 20, rate=1.0) == 2 * 200 * (2 * 2 * 8 + 3 * 8 * 8 + 3 * 8 * 3)


def test_experts_cost_no_products():
    plain, gated = (Mlp(gates=gates, width=8) for gates in (("dense",) * 3, (8.0, 4.0, 2.0)))
    assert floor_per_step(plain, 10, 20, 1.0) == floor_per_step(gated, 10, 20, 1.0)


@pytest.mark.parametrize("field", [Mlp(gates=(8.0, "segment"), width=64, regions=3), Wire(width=64)], ids=type)
@pytest.mark.parametrize("task", sorted(TASKS))
def test_a_step_is_timed_and_stays_above_its_floor(field, task):
    step = seconds_per_step(field, TASKS[task](), Train(iterations=1, learning_rate=1e-3), 64, 96, "cpu", repeats=3)
    assert step > 0.5 * floor_per_step(field, 64, 96, product_rate(64, "cpu"))


def test_the_first_call_does_not_count():
    calls = []
    fastest(lambda: calls.append(1), 3)
    assert len(calls) == 4
