"""The fused kernels against the definition: on a CPU in Triton's interpreter, on a GPU as they are compiled there."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # read when a kernel is defined
pytest.importorskip("triton")

from fitting.descents import ALL, GATES, a_job, define, descend, initial, mlp, noise, uneven  # noqa: E402

from refield.fitting.fit import fit_together  # noqa: E402
from refield.fitting.mlp import engine, fused  # noqa: E402
from refield.fitting.mlp.fused import FusedDescent  # noqa: E402

SMALL = mlp(2.0, "segment")


def mixed(field, problem=None, **train):
    return a_job(field, problem, precision="mixed", **train)


def gradient(job):
    """The loss at the initial weights, and its gradient by name."""
    with FusedDescent(job, initial(job), torch.device(DEVICE)) as descent:
        descent.step(0.0)
        parts = descent.vector.gradient.cpu().split(descent.vector.sizes)
        shapes = descent.vector.shapes.items()
        return descent.loss(), {name: part.view(s).numpy() for (name, s), part in zip(shapes, parts, strict=True)}


def assert_gradients_close(field, problem, tolerance=2e-3):
    """Each layer's gradient within `tolerance` of its norm; half precision keeps 11 bits, 5e-4."""
    job = mixed(field, problem)
    loss, ours = gradient(job)
    exact = define(job, [ALL])
    assert loss == pytest.approx(exact.losses[0], rel=2e-4)
    for name, array in exact.gradients.items():
        assert np.linalg.norm(ours[name] - array) <= tolerance * np.linalg.norm(array), name


@pytest.mark.parametrize(
    ("bias", "output", "activation"),
    [
        ("shared", "dense", "sine"),
        ("shared", "dense", "relu"),  # to the kernels a leaky_relu of another leak
        ("per_expert", "gated", "sine"),
        ("per_expert", "gated", "leaky_relu"),
    ],
)
def test_gradients_are_as_exact_as_half_precision_is(bias, output, activation):
    assert_gradients_close(mlp(2.0, "segment", bias=bias, output=output, activation=activation), noise())


# An interpreted block takes as long as any other, and experts have blocks of their own: some wait for the slow suite.
DEAR = [(0.5, 1.0, 2.0, 32.0), (32.0, 2.0, 1.0, 0.5), (32.0, "segment", 1.0, 0.5), (32.0, 2.0, "segment", 0.5)]


@pytest.mark.parametrize(
    "gates", [pytest.param(each, marks=pytest.mark.slow) if each in DEAR else each for each in GATES], ids=str
)
def test_every_gate_and_position(gates):
    assert_gradients_close(mlp(*gates), noise((7, 5, 3)))


@pytest.mark.parametrize("width", [(70, 16), (64, 130)])
def test_layers_of_different_width_padded_and_not(width):
    assert_gradients_close(mlp(2.0, "segment", width=width), noise())


@pytest.mark.parametrize("shape", [(22, 13, 1), (9, 14, 4)])
def test_portrait_and_other_channels(shape):
    assert_gradients_close(SMALL, noise(shape))


def test_the_region_as_an_input():
    assert_gradients_close(mlp(2.0, "dense", region_input=True), noise())


def test_hidden_points_and_points_that_count_more():
    assert_gradients_close(SMALL, replace(noise(), importance=uneven(noise())))


def test_chunks_and_segments_change_no_more_than_rounding(monkeypatch):
    """Blocks by twos in chunks of three: both end within runs of an expert."""
    job = mixed(SMALL, noise((40, 40, 3)))
    whole = gradient(job)
    monkeypatch.setitem(engine.CHUNK_BYTES, "cuda", 3 * 2 * 64 * fused.BLOCK)
    monkeypatch.setattr(fused, "SEGMENTS", 8)
    parts = gradient(job)
    assert parts[0] == pytest.approx(whole[0], rel=1e-6)
    for name, array in whole[1].items():
        np.testing.assert_allclose(parts[1][name], array, rtol=0, atol=1e-5 * np.abs(array).max(), err_msg=name)


@pytest.mark.parametrize("target", ["symmetric", "unit"])
def test_a_descent_falls_as_the_exact_one_does_and_its_values_are_its_weights(target):
    job = mixed(SMALL, noise((13, 6, 3)), target=target)
    ours, exact = descend(FusedDescent, job, 3, torch.float32, DEVICE), define(job, [ALL] * 3)
    np.testing.assert_allclose(ours.losses, exact.losses, rtol=2e-3)
    problem, weights = job.problem, {name: torch.tensor(array) for name, array in ours.weights.items()}
    output = job.field.evaluate(weights, torch.tensor(problem.points), torch.tensor(problem.labels)).numpy()
    intensities = 2 * output - 1 if target == "unit" else output
    np.testing.assert_allclose(ours.values, intensities, rtol=0, atol=1e-5)
    assert ours.losses[-1] == pytest.approx(problem.mean_squared_error(intensities), rel=1e-5)


def test_the_same_arguments_give_the_same_bytes():
    job = mixed(SMALL, noise((13, 6, 3)))
    once, again = (descend(FusedDescent, job, 2, torch.float32, DEVICE).values.tobytes() for _ in range(2))
    assert once == again


def test_what_it_is_not_made_for_is_refused():
    for job in (mixed(mlp("segment", output="gated")), a_job(SMALL)):
        with pytest.raises(ValueError, match="a hidden layer, in mixed precision"):
            gradient(job)


# Compiled for GPUs that need not be here: Ampere, Hopper. In a process of its own, because here they are interpreted.
COMPILE = """
import subprocess, sys, tempfile
from pathlib import Path
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from refield.fitting.mlp import kernels

half, single, integer = "*fp16", "*fp32", "*i32"
act = {"ACTIVATION": kernels.SINE, "FAST": True}
tiled = {"K": 256, "N": 256, "ROWS": 128, "TILE": 128, "STEP": 64}
CASES = {
    "hidden_layer": ([half, half, single, integer, half, half, "fp32"], {"BIASES": 1} | tiled | act),
    "hidden_layer_back": ([half, half, integer, half, half], tiled),
    "output_layer": ([half, half, single, integer, single, single, half, half, half, single, "fp32"],
        {"BIASES": 1, "CHANNELS": 3, "K": 256, "ROWS": 128, "STEP": 64, "OUTPUTS": 16}),
    "weight_gradient": ([half, half, integer, integer, integer, single, single],
        {"K": 256, "N": 256, "ROWS": 128, "TILE_K": 128, "TILE_N": 128, "STEP": 64}),
}
for arch in [int(word) for word in sys.argv[1:]]:
    for name, (types, constants) in CASES.items():
        kernel = getattr(kernels, name)
        aligned = {(i,): [["tt.divisibility", 16]] for i, kind in enumerate(types) if kind.startswith("*")}
        signature = dict(zip(kernel.arg_names, types)) | dict.fromkeys(constants, "constexpr")
        source = ASTSource(kernel, signature, constants, aligned)
        compiled = triton.compile(source, GPUTarget("cuda", arch, 32), {"num_warps": 8, "num_stages": 3})
        ptx = compiled.asm["ptx"]
        unit = "wgmma" if "wgmma" in ptx else "mma" if "mma.sync" in ptx else "none"
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "kernel.ptx")
            file.write_text(ptx)
            ptxas = Path(triton.__file__).parent / "backends/nvidia/bin/ptxas"
            target = f"-arch=sm_{arch}{'a' if arch == 90 else ''}"
            said = subprocess.run([ptxas, "-v", target, file, "-o", "/dev/null"], capture_output=True, text=True).stderr
        print(arch, name, unit, compiled.metadata.shared, "0 bytes spill stores" in said)
"""


@pytest.mark.parametrize("arch", [pytest.param("80", marks=pytest.mark.slow), "90"])
def test_kernels_compile_for_matrix_units_without_spilling(arch, tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    done = subprocess.run([sys.executable, "-c", COMPILE, arch], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == [arch] * 4
    for _, name, unit, shared, no_spill in lines:
        assert unit == {"80": "mma", "90": "wgmma"}[arch], name
        assert int(shared) <= 101_376, name  # what a consumer's card gives to one block
        assert no_spill == "True", name


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["mixed", "float32"])
def test_the_papers_scale_fits_a_card_of_12_gb(precision):
    field = mlp(128.0, 8.0, 4.0, "segment", width=256)
    torch.cuda.reset_peak_memory_stats()
    fit_together([a_job(field, noise((512, 768, 3)), iterations=3, precision=precision)], "cuda")
    assert torch.cuda.max_memory_allocated() < 11 * 2**30


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["mixed", "float32"])
def test_a_gpus_fit_does_not_depend_on_those_beside_it(precision):
    """Each a CUDA graph on a stream of its own."""
    fields = [mlp(8.0, 2.0, gate, width=width) for gate, width in (("segment", 64), (1.0, 48))]
    train = {"iterations": 30, "precision": precision}
    jobs = [a_job(field, noise((96, 64, 3)), seed, **train) for field in fields for seed in (0, 1)]
    for job, result in zip(jobs, fit_together(jobs, "cuda"), strict=True):
        (alone,) = fit_together([job], "cuda")
        assert result.values.tobytes() == alone.values.tobytes()
        assert result.curve == alone.curve
