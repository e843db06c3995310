from itertools import pairwise

import pytest

from refield.fitting.train import Train


def rates(schedule, **settings):
    train = Train(iterations=1000, learning_rate=1e-3, schedule=schedule, **settings)
    return [train.rate(i) for i in range(1000)]


def test_constant_is_constant():
    assert set(rates("constant")) == {1e-3}


@pytest.mark.parametrize("schedule", ["exponential", "cosine"])
def test_schedules_fall_from_the_learning_rate_to_its_final_factor(schedule):
    falling = rates(schedule, final_factor=0.2)
    assert falling[0] == pytest.approx(1e-3)
    assert falling[-1] == pytest.approx(2e-4, rel=0.01)
    assert all(a > b for a, b in pairwise(falling))


def test_exponential_is_halfway_at_the_geometric_mean_and_cosine_at_the_arithmetic():
    assert rates("exponential", final_factor=0.01)[500] == pytest.approx(1e-4)
    assert rates("cosine", final_factor=0.01)[500] == pytest.approx(1e-3 * (1 + 0.01) / 2)


@pytest.mark.parametrize("only_exact", [{"engine": "autograd"}, {"batch": 100}], ids=str)
def test_what_the_definition_computes_is_not_rounded(only_exact):
    Train(iterations=1, learning_rate=1e-3, **only_exact)
    with pytest.raises(ValueError, match="float32 only"):
        Train(iterations=1, learning_rate=1e-3, precision="mixed", **only_exact)


def test_an_output_on_0_to_1_spans_intensities_of_two():
    spans = {target: Train(iterations=1, learning_rate=1e-3, target=target).span for target in ("symmetric", "unit")}
    assert spans == {"symmetric": 1, "unit": 2}
