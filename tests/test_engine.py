"""The fast descent against the definition."""

import numpy as np
import pytest
import torch

from refield import engine, program, reference
from refield.fields.gated import Gated
from refield.samples import Samples, sample_image

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


def noise(shape=(13, 22, 3)) -> Samples:
    """An image of noise with four regions of unequal size, one of them empty."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    return sample_image(image, rng.choice([0, 0, 0, 1, 3], shape[:2]))


def descend(module, field, steps, dtype, samples=None, device="cpu", precision="float32"):
    """Losses, values and weights after some steps."""
    samples = samples or noise()
    weights = field.initialise(samples.values.shape[1], np.random.default_rng(1))
    losses = []
    with module.Descent(field, weights, samples, torch.device(device), dtype, precision) as descent:
        for _ in range(steps):
            descent.step(1e-3)
            losses.append(descent.loss())
        return losses, descent.values(), descent.arrays()


def assert_same_descent(field, steps, samples=None):
    fast, slow = (descend(module, field, steps, torch.float64, samples) for module in (engine, reference))
    np.testing.assert_allclose(fast[0], slow[0], rtol=1e-10)
    np.testing.assert_allclose(fast[1], slow[1], rtol=0, atol=1e-10)
    for name, array in slow[2].items():
        np.testing.assert_allclose(fast[2][name], array, rtol=0, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("activation", ["sine", "leaky_relu", "relu"])
@pytest.mark.parametrize(("bias", "output"), [("shared", "dense"), ("per_expert", "gated")])
@pytest.mark.parametrize("gates", GATES, ids=str)
def test_fifty_steps_as_the_definition_takes_them(gates, bias, output, activation, monkeypatch):
    monkeypatch.setitem(engine.CHUNK_BYTES, "cpu", 0)  # chunks of 64 rows: several, and some within a run
    assert_same_descent(Gated(gates=gates, width=8, bias=bias, output=output, activation=activation, regions=4), 50)


@pytest.mark.parametrize("activation", ["sine", "leaky_relu"])
@pytest.mark.parametrize("gates", GATES[1:4], ids=str)
def test_a_gpus_calls_compute_the_same(gates, activation, monkeypatch):
    """Those of torch, here on a CPU."""
    monkeypatch.setitem(program.LIBRARY, "cpu", torch)
    assert_same_descent(Gated(gates=gates, width=8, activation=activation, regions=4), 5)


@pytest.mark.parametrize("shape", [(22, 13, 3), (13, 22, 1), (13, 22, 2), (9, 14, 4)])
def test_portrait_and_other_channels(shape):
    assert_same_descent(Gated(gates=(8.0, 2.0, "segment"), width=8, regions=4), 5, noise(shape))


@pytest.mark.parametrize("width", [(5, 16, 3), (2, 1, 9)])
def test_layers_of_different_width(width):
    assert_same_descent(Gated(gates=(8.0, "segment", 2.0), width=width, regions=4), 20)


@pytest.mark.parametrize("gates", [("dense", "dense"), (8.0, "segment")])
def test_the_region_as_an_input(gates):
    assert_same_descent(Gated(gates=gates, width=8, regions=4, region_input=True), 20)


def test_points_that_weigh_differently_and_points_that_are_hidden():
    plain = noise()
    weights = np.random.default_rng(2).choice([0.0, 0.5, 3.0], len(plain.points))
    samples = Samples(plain.points, plain.values, plain.labels, weights)
    assert_same_descent(Gated(gates=(8.0, 2.0, "segment"), width=8, regions=4), 20, samples)


def test_hidden_points_are_fitted_as_if_they_were_not_there():
    field, image = Gated(gates=(8.0, 2.0, "segment"), width=8, regions=4), noise()
    seen = np.random.default_rng(2).random(len(image.points)) < 0.6
    masked = Samples(image.points, image.values, image.labels, seen.astype(float))
    less = Samples(image.points[seen], image.values[seen], image.labels[seen])
    np.testing.assert_allclose(
        descend(engine, field, 20, torch.float64, masked)[1][seen],
        descend(engine, field, 20, torch.float64, less)[1],
        rtol=0,
        atol=1e-10,
    )


def test_a_field_of_equal_experts_is_a_plain_siren():
    gated, plain = Gated(gates=(1.0, 2.0), width=8), Gated(gates=("dense", "dense"), width=8)
    samples, one = noise(), plain.initialise(3, np.random.default_rng(1))
    four = {name: np.repeat(array, 1 if "2" in name or "bias" in name else 4, axis=0) for name, array in one.items()}
    values = []
    for field, weights in ((gated, four), (plain, one)):
        with engine.Descent(field, weights, samples, torch.device("cpu"), torch.float64) as descent:
            values.append(descent.values())
    np.testing.assert_allclose(*values, rtol=0, atol=1e-12)


def test_single_precision_gradients_are_as_exact_as_single_precision_is():
    field = Gated(gates=(32.0, 2.0, 1.0, "segment"), width=32, regions=4)
    exact = descend(reference, field, 1, torch.float64)
    single = descend(engine, field, 1, torch.float32)
    np.testing.assert_allclose(single[0], exact[0], rtol=1e-5)
    assert single[1].dtype == np.float32


def test_mixed_precision_rounds_and_no_more():
    """Eleven bits: a relative 2^-11 a number, less in a sum of many; and the last evaluation is exact."""
    field = Gated(gates=(32.0, 2.0, 1.0, "segment"), width=32, regions=4)
    exact, mixed = (descend(engine, field, 1, torch.float32, precision=p) for p in ("float32", "mixed"))
    assert mixed[0] != exact[0]
    np.testing.assert_allclose(mixed[0], exact[0], rtol=2e-4)
    unmoved = [descend(engine, field, 0, torch.float32, precision=p)[1].tobytes() for p in ("float32", "mixed")]
    assert unmoved[0] == unmoved[1]


def test_the_number_of_threads_does_not_change_a_bit():
    field = Gated(gates=(32.0, 2.0, 1.0, "segment"), width=32, regions=4)
    results, before = [], torch.get_num_threads()
    try:
        for threads in (1, 2, 3, 8):
            torch.set_num_threads(threads)
            results.append(descend(engine, field, 20, torch.float32, noise((96, 64, 3)))[1].tobytes())
    finally:
        torch.set_num_threads(before)
    assert len(set(results)) == 1


def test_a_descent_leaves_torchs_threads_as_they_were():
    field, before = Gated(gates=("dense",), width=4), torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        descend(engine, field, 1, torch.float32)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.gpu
@pytest.mark.parametrize("gates", GATES, ids=str)
def test_a_gpu_computes_the_same(gates):
    field = Gated(gates=gates, width=16, regions=4)
    on_gpu = descend(engine, field, 20, torch.float64, device="cuda")
    exact = descend(reference, field, 20, torch.float64)
    np.testing.assert_allclose(on_gpu[0], exact[0], rtol=1e-9)
    np.testing.assert_allclose(on_gpu[1], exact[1], rtol=0, atol=1e-9)


@pytest.mark.gpu
def test_tf32_is_close_and_leaves_the_switch_as_it_was():
    field = Gated(gates=(32.0, 2.0, 1.0, "segment"), width=64, regions=4)
    exact = descend(reference, field, 3, torch.float64, noise((64, 96, 3)))
    mixed = descend(engine, field, 3, torch.float32, noise((64, 96, 3)), "cuda", "mixed")
    np.testing.assert_allclose(mixed[0], exact[0], rtol=1e-3)
    assert not torch.backends.cuda.matmul.allow_tf32
