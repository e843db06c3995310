"""The fast descent against the definition, and its bookkeeping of rows."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from refield import engine
from refield.engine import Descent, chunk_bounds, runs
from refield.fields.gated import Gated
from refield.fitting import ReferenceDescent
from refield.samples import sample_image

GATES = [
    ("dense",) * 4,
    (32.0, 2.0, 1.0, 0.5),
    (0.5, 1.0, 2.0, 32.0),
    (32.0, 2.0, 1.0, "segment"),
    ("segment", 32.0, 1.0, 0.5),
    (32.0, "segment", 1.0, 0.5),
    (32.0, 2.0, "segment", 0.5),
    ("dense", 8.0),
    ("segment",),
]


def problem(field: Gated, shape=(13, 22, 3)):
    """An image of noise with four regions of unequal size, one of them empty."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    return sample_image(image, rng.choice([0, 0, 0, 1, 3], shape[:2])), field.initialise(
        shape[2], np.random.default_rng(1)
    )


def descend(kind, field, steps, dtype, shape=(13, 22, 3)):
    samples, weights = problem(field, shape)
    with kind(field, weights, samples, torch.device("cpu"), dtype) as descent:
        losses = [float(descent.step(1e-3)) for _ in range(steps)]
        return losses, descent.values(), descent.weights()


@pytest.mark.parametrize("activation", ["sine", "leaky_relu", "relu"])
@pytest.mark.parametrize(("bias", "output"), [("shared", "dense"), ("per_expert", "gated")])
@pytest.mark.parametrize("gates", GATES, ids=str)
def test_fifty_steps_as_the_definition_takes_them(gates, bias, output, activation, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_BYTES", 0)  # chunks of 64 rows: several, and some within a run
    field = Gated(gates=gates, width=8, bias=bias, output=output, activation=activation, regions=4)
    fast, slow = (descend(kind, field, 50, torch.float64) for kind in (Descent, ReferenceDescent))
    np.testing.assert_allclose(fast[0], slow[0], rtol=1e-10)
    np.testing.assert_allclose(fast[1], slow[1], rtol=0, atol=1e-10)
    for name, array in slow[2].items():
        np.testing.assert_allclose(fast[2][name], array, rtol=0, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("shape", [(22, 13, 3), (13, 22, 1), (9, 14, 4)])
def test_portrait_and_other_channels(shape):
    field = Gated(gates=(8.0, 2.0, "segment"), width=8, regions=4)
    fast, slow = (descend(kind, field, 5, torch.float64, shape) for kind in (Descent, ReferenceDescent))
    np.testing.assert_allclose(fast[1], slow[1], rtol=0, atol=1e-11)


def test_single_precision_gradients_are_as_exact_as_single_precision_is():
    field = Gated(gates=(32.0, 2.0, 1.0, "segment"), width=32, regions=4)
    exact = descend(ReferenceDescent, field, 1, torch.float64)
    single = descend(Descent, field, 1, torch.float32)
    np.testing.assert_allclose(single[0], exact[0], rtol=1e-5)
    assert single[1].dtype == np.float32


def test_the_number_of_threads_does_not_change_a_bit():
    field = Gated(gates=(32.0, 2.0, 1.0, "segment"), width=32, regions=4)
    results, before = [], torch.get_num_threads()
    try:
        for threads in (1, 2, 3, 8):
            torch.set_num_threads(threads)
            results.append(descend(Descent, field, 20, torch.float32, (96, 64, 3))[1].tobytes())
    finally:
        torch.set_num_threads(before)
    assert len(set(results)) == 1


experts = st.integers(1, 60).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 2), min_size=n, max_size=n), min_size=1, max_size=3)
)


@given(experts, st.integers(1, 20))
def test_chunks_cover_all_rows_once_and_are_no_longer_than_asked(experts, rows):
    experts = np.array(experts)
    experts = experts[:, np.lexsort(experts)]
    bounds = chunk_bounds(experts, rows)
    assert [start for start, _ in bounds] == [0, *(stop for _, stop in bounds[:-1])]
    assert bounds[-1][1] == experts.shape[1]
    assert all(0 < stop - start <= rows for start, stop in bounds)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=40), st.data())
def test_runs_name_every_rows_expert(experts, data):
    start = data.draw(st.integers(0, len(experts) - 1))
    stop = data.draw(st.integers(start + 1, len(experts)))
    named = np.full(stop - start, -1)
    for run in runs(np.array(experts), start, stop):
        assert (named[run.rows] == -1).all()
        named[run.rows] = run.expert
    assert named.tolist() == experts[start:stop]


def test_a_descent_leaves_torchs_threads_as_they_were():
    field, before = Gated(gates=("dense",), width=4), torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        descend(Descent, field, 1, torch.float32)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("gates", GATES, ids=str)
def test_a_gpu_computes_the_same(gates):
    field = Gated(gates=gates, width=16, regions=4)
    samples, weights = problem(field)
    with Descent(field, weights, samples, torch.device("cuda"), torch.float64) as descent:
        losses = [float(descent.step(1e-3)) for _ in range(20)]
    np.testing.assert_allclose(losses, descend(ReferenceDescent, field, 20, torch.float64)[0], rtol=1e-9)
