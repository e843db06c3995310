"""The fast descent against the definition."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from fitting.descents import ALL, GATES, a_job, assert_close, define, descend, initial, mlp, noise, uneven

from refield.fields.activations import ACTIVATIONS
from refield.fitting.mlp import calls, engine, passes
from refield.fitting.mlp.engine import MlpDescent
from refield.tasks.problem import Problem

DEEP = mlp(32.0, 2.0, 1.0, "segment", width=32)


def assert_as_defined(field, steps, problem=None, **train):
    job = a_job(field, problem, **train)
    assert_close(descend(MlpDescent, job, steps), define(job, [ALL] * steps), 1e-10)


@pytest.mark.parametrize(
    ("bias", "output", "activation"),
    [
        ("shared", "dense", "sine"),
        ("shared", "dense", "leaky_relu"),
        ("per_expert", "gated", "sine"),
        ("per_expert", "gated", "relu"),
    ],
)
@pytest.mark.parametrize("gates", GATES, ids=str)
def test_steps_as_the_definition_takes_them(gates, bias, output, activation, monkeypatch):
    """Five, of which the last has all of Adam's memory; others here take twenty."""
    monkeypatch.setitem(engine.CHUNK_BYTES, "cpu", 0)  # chunks of 64 rows: several, and some within a run
    assert_as_defined(mlp(*gates, bias=bias, output=output, activation=activation), 5)


@pytest.mark.parametrize("activation", ["sine", "leaky_relu"])
@pytest.mark.parametrize("gates", GATES[1:4], ids=str)
def test_a_gpus_calls_compute_the_same(gates, activation, monkeypatch):
    """Those of torch, here on a CPU."""
    monkeypatch.setitem(calls.LIBRARY, "cpu", torch)
    assert_as_defined(mlp(*gates, activation=activation), 5)


@pytest.mark.parametrize("shape", [(22, 13, 3), (13, 22, 1), (13, 22, 2), (9, 14, 4)])
def test_portrait_and_other_channels(shape):
    assert_as_defined(mlp(8.0, 2.0, "segment"), 5, noise(shape))


@pytest.mark.parametrize("dims", [1, 3])
def test_points_of_other_dimensions(dims):
    rng = np.random.default_rng(0)
    problem = Problem(rng.uniform(-1, 1, (200, dims)), rng.uniform(-1, 1, (200, 2)), 2, rng.integers(0, 4, 200))
    assert_as_defined(mlp(8.0, 2.0, "segment"), 20, problem)


@pytest.mark.parametrize("width", [(5, 16, 3), (2, 1, 9)])
def test_layers_of_different_width(width):
    assert_as_defined(mlp(8.0, "segment", 2.0, width=width), 20)


@pytest.mark.parametrize("gates", [("dense", "dense"), (8.0, "segment")])
def test_the_region_as_an_input(gates):
    assert_as_defined(mlp(*gates, region_input=True), 20)


def test_points_that_count_differently_and_points_that_are_hidden(monkeypatch):
    monkeypatch.setitem(engine.CHUNK_BYTES, "cpu", 0)
    assert_as_defined(mlp(8.0, 2.0, "segment"), 20, replace(noise(), importance=uneven(noise())))


def test_hidden_points_are_fitted_as_if_they_were_not_there():
    field, image = mlp(8.0, 2.0, "segment"), noise()
    seen = np.random.default_rng(2).random(len(image.points)) < 0.6
    masked = replace(image, importance=seen.astype(float))
    less = replace(image, points=image.points[seen], target=image.target[seen], labels=image.labels[seen])
    values = [descend(MlpDescent, a_job(field, problem), 20).values for problem in (masked, less)]
    np.testing.assert_allclose(values[0][seen], values[1], rtol=0, atol=1e-10)


def test_a_field_of_equal_experts_is_a_plain_siren():
    gated, plain = a_job(mlp(1.0, 2.0)), a_job(mlp("dense", "dense"))
    one = initial(plain)
    four = {name: np.repeat(array, 1 if "2" in name or "bias" in name else 4, axis=0) for name, array in one.items()}
    values = []
    for job, weights in ((gated, four), (plain, one)):
        with MlpDescent(job, weights, torch.device("cpu"), torch.float64) as descent:
            values.append(descent.finish()[0])
    np.testing.assert_allclose(*values, rtol=0, atol=1e-12)


def test_single_precision_is_as_exact_as_single_precision_is():
    job = a_job(DEEP)
    exact, single = define(job, [ALL]), descend(MlpDescent, job, 1, torch.float32)
    np.testing.assert_allclose(single.losses[0], exact.losses[0], rtol=1e-5)
    assert single.values.dtype == np.float32


def test_mixed_precision_rounds_and_no_more():
    """Eleven bits: a relative 2^-11 a number, less in a sum of many; and the last evaluation is exact."""
    jobs = [a_job(DEEP, precision=precision) for precision in ("float32", "mixed")]
    exact, mixed = (descend(MlpDescent, job, 1, torch.float32).losses[0] for job in jobs)
    assert mixed != exact
    np.testing.assert_allclose(mixed, exact, rtol=2e-4)
    unmoved = [descend(MlpDescent, job, 0, torch.float32).values.tobytes() for job in jobs]
    assert unmoved[0] == unmoved[1]


def test_the_number_of_threads_does_not_change_a_bit():
    job, results, before = a_job(DEEP, noise((96, 64, 3))), set(), torch.get_num_threads()
    try:
        for threads in (1, 2, 3, 8):
            torch.set_num_threads(threads)
            results.add(descend(MlpDescent, job, 20, torch.float32).values.tobytes())
    finally:
        torch.set_num_threads(before)
    assert len(results) == 1


def test_a_descent_leaves_torchs_threads_as_they_were():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        descend(MlpDescent, a_job(mlp("dense", width=4)), 1)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.gpu
@pytest.mark.parametrize("gates", GATES, ids=str)
def test_a_gpu_computes_the_same(gates):
    job = a_job(mlp(*gates, width=16))
    assert_close(descend(MlpDescent, job, 20, device="cuda"), define(job, [ALL] * 20), 1e-9)


@pytest.mark.gpu
def test_tf32_is_close_and_leaves_the_switch_as_it_was():
    job = a_job(mlp(*DEEP.gates, width=64), noise((64, 96, 3)), precision="mixed")
    mixed, exact = descend(MlpDescent, job, 3, torch.float32, "cuda"), define(job, [ALL] * 3)
    np.testing.assert_allclose(mixed.losses, exact.losses, rtol=1e-3)
    assert not torch.backends.cuda.matmul.allow_tf32


DICTIONARY = [name for name, activation in ACTIVATIONS.items() if activation.trained]


@pytest.mark.parametrize("library", [np, torch])
@pytest.mark.parametrize("trained", [None, "base", {"uniform": (0.4, 0.9)}], ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_any_activation_behind_any_gate_as_the_definition_takes_it(activation, trained, library, monkeypatch):
    if trained and activation not in DICTIONARY:
        pytest.skip("nothing of it is trained")
    monkeypatch.setitem(calls.LIBRARY, "cpu", library)
    monkeypatch.setitem(engine.CHUNK_BYTES, "cpu", 0)
    monkeypatch.setattr(passes, "BLOCK", 24)  # three rows of eight
    settings = {"activation": activation, "trained": trained, "omega_0": 3.0, "sigma_0": 2.0, "init": "pytorch"}
    assert_as_defined(mlp(8.0, "segment", "dense", **settings), 4, noise((9, 14, 3)))


def test_activations_with_scratch_beside_some_without_and_layers_wider_than_a_block(monkeypatch):
    monkeypatch.setattr(passes, "BLOCK", 16)
    names = ("sine", "prolate", "relu", "root_raised_cosine")
    assert_as_defined(mlp(*("dense",) * 4, activation=names, omega_0=2.0, width=(20, 5, 9, 33), init="pytorch"), 5)


@pytest.mark.parametrize("names", [DICTIONARY[:3], DICTIONARY[3:6], DICTIONARY[6:] + DICTIONARY[:2]], ids=str)
def test_layers_of_different_activations(names):
    field = mlp(*("dense",) * 3, activation=names, omega_0=(2.0, 3.0, 4.0), trained="base", width=(5, 7, 6))
    assert_as_defined(field, 20)


@pytest.mark.parametrize("factor", ["pi", "one"])
@pytest.mark.parametrize("gates", [("dense", "dense"), (8.0, "segment")])
def test_encoded_points(gates, factor):
    encoding = {"octaves": 3, "factor": factor}
    assert_as_defined(mlp(*gates, activation="relu", encoding=encoding, init="pytorch", region_input=True), 20)


def test_all_weights_of_a_trained_dictionary_move():
    field = mlp("dense", "dense", activation=("root_raised_cosine", "gabor"), trained={"normal": (1.0, 0.1)})
    job = a_job(field)
    before, after = initial(job), descend(MlpDescent, job, 1).weights
    assert all((before[name] != after[name]).all() for name in before)
