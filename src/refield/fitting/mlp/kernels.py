"""Triton kernels of a gated MLP on rows in blocks: all rows of a block share every layer's expert but the first's.

Activations, slopes (the activation's derivative) and errors are half precision, row-major, BLOCK rows a block, with
widths padded to WIDTH_STEP; every sum is float32. A layer is one kernel forward (product, bias, activation and slope),
one backward (product with the transposed weights, times the slope below), and one for its weights' gradient, whose
partial sums per segment of blocks `reduce_segments` adds in order. So nothing depends on the order of execution.
"""

import triton
import triton.language as tl
from triton.language.extra import libdevice

BLOCK = 128  # rows that share their experts
WIDTH_STEP = 64  # what widths are padded to
OUTPUTS = 16  # columns of the output's product: a matrix unit's least; channels are the first few
SINE, LEAKY = 0, 1  # values of ACTIVATION; relu is LEAKY without a leak


@triton.jit
def _reduced(z):
    """The angle in [-pi, pi] that has z's sine, exact to 1e-7 for |z| < 1000: 2 pi as a short number and the rest."""
    turns = tl.floor(z * 0.15915494309189535 + 0.5)
    return (z - turns * 6.28125) - turns * 0.0019353071795864769


@triton.jit
def _activate(z, leak, ACTIVATION: tl.constexpr, FAST: tl.constexpr):
    """The activation and its derivative at z; FAST is the hardware's sine, exact to 5e-7 on reduced angles."""
    if ACTIVATION == 0:
        angle = _reduced(z)
        if FAST:
            return libdevice.fast_sinf(angle), libdevice.fast_cosf(angle)
        else:
            return tl.sin(angle), tl.cos(angle)
    else:
        return tl.where(z > 0, z, leak * z), tl.where(z > 0, 1.0, leak)


@triton.jit
def _half(x):
    return tl.minimum(tl.maximum(x, -65504.0), 65504.0).to(tl.float16)


@triton.jit
def first_layer(
    inputs, weight, active, slope, leak,
    COLUMNS: tl.constexpr, N: tl.constexpr, ROWS: tl.constexpr, TILE: tl.constexpr,
    ACTIVATION: tl.constexpr, FAST: tl.constexpr,
):  # fmt: skip
    """act(inputs @ weight) in float32: inputs (rows, COLUMNS), weight (COLUMNS, N)."""
    rows = tl.program_id(1) * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(0) * TILE + tl.arange(0, TILE)
    z = tl.zeros((ROWS, TILE), tl.float32)
    for j in tl.static_range(COLUMNS):
        x = tl.load(inputs + rows * COLUMNS + j)
        z += x[:, None] * tl.load(weight + j * N + columns)[None, :]
    value, derivative = _activate(z, leak, ACTIVATION, FAST)
    at = rows[:, None] * N + columns[None, :]
    tl.store(active + at, value.to(tl.float16))
    tl.store(slope + at, derivative.to(tl.float16))


@triton.jit
def hidden_layer(
    below, weight, bias, experts, active, slope, leak,
    BIASES: tl.constexpr, K: tl.constexpr, N: tl.constexpr, ROWS: tl.constexpr, TILE: tl.constexpr,
    STEP: tl.constexpr, ACTIVATION: tl.constexpr, FAST: tl.constexpr,
):  # fmt: skip
    """act(below @ weight[expert] + bias): below (rows, K), weight (experts, K, N), bias (BIASES, N) float32."""
    block = tl.program_id(1)
    expert = tl.load(experts + block)
    rows = block * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(0) * TILE + tl.arange(0, TILE)
    z = tl.zeros((ROWS, TILE), tl.float32)
    for start in range(0, K, STEP):
        k = start + tl.arange(0, STEP)
        x = tl.load(below + rows[:, None] * K + k[None, :])
        w = tl.load(weight + expert * K * N + k[:, None] * N + columns[None, :])
        z = tl.dot(x, w, z)
    z += tl.load(bias + (expert % BIASES) * N + columns)[None, :]
    value, derivative = _activate(z, leak, ACTIVATION, FAST)
    at = rows[:, None] * N + columns[None, :]
    tl.store(active + at, value.to(tl.float16))
    tl.store(slope + at, derivative.to(tl.float16))


@triton.jit
def output_layer(
    below, weight, bias, experts, target, importance, slope, error, error_below, losses, scale,
    BIASES: tl.constexpr, CHANNELS: tl.constexpr, K: tl.constexpr, ROWS: tl.constexpr, STEP: tl.constexpr,
    OUTPUTS: tl.constexpr,
):  # fmt: skip
    """The output, its squared error, and the error's way back through this layer and the activation below.

    weight (experts, K, OUTPUTS), bias (BIASES, OUTPUTS), target (rows, CHANNELS), importance (rows,), slope (rows, K);
    writes error (rows, OUTPUTS), error_below (rows, K) and losses (blocks,).
    """
    block = tl.program_id(0)
    expert = tl.load(experts + block)
    rows = block * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, OUTPUTS)
    y = tl.zeros((ROWS, OUTPUTS), tl.float32)
    for start in range(0, K, STEP):
        k = start + tl.arange(0, STEP)
        x = tl.load(below + rows[:, None] * K + k[None, :])
        w = tl.load(weight + expert * K * OUTPUTS + k[:, None] * OUTPUTS + columns[None, :])
        y = tl.dot(x, w, y)
    y += tl.load(bias + (expert % BIASES) * OUTPUTS + columns)[None, :]
    seen = (columns < CHANNELS)[None, :] & (rows >= 0)[:, None]
    wanted = tl.load(target + rows[:, None] * CHANNELS + columns[None, :], mask=seen, other=0.0)
    difference = tl.where(seen, y - wanted, 0.0)
    weighted = difference * tl.load(importance + rows)[:, None]
    tl.store(losses + block, tl.sum(tl.sum(difference * weighted, axis=1), axis=0))
    back = _half(weighted * scale)
    tl.store(error + rows[:, None] * OUTPUTS + columns[None, :], back)
    for start in range(0, K, STEP):
        k = start + tl.arange(0, STEP)
        w = tl.load(weight + expert * K * OUTPUTS + k[None, :] * OUTPUTS + columns[:, None])
        at = rows[:, None] * K + k[None, :]
        tl.store(error_below + at, _half(tl.dot(back, w) * tl.load(slope + at).to(tl.float32)))


@triton.jit
def hidden_layer_back(
    error, weight, experts, slope, error_below,
    K: tl.constexpr, N: tl.constexpr, ROWS: tl.constexpr, TILE: tl.constexpr, STEP: tl.constexpr,
):  # fmt: skip
    """(error @ weight[expert].T) * slope: error (rows, N), weight (experts, K, N), slope and error_below (rows, K)."""
    block = tl.program_id(1)
    expert = tl.load(experts + block)
    rows = block * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(0) * TILE + tl.arange(0, TILE)
    total = tl.zeros((ROWS, TILE), tl.float32)
    for start in range(0, N, STEP):
        n = start + tl.arange(0, STEP)
        e = tl.load(error + rows[:, None] * N + n[None, :])
        w = tl.load(weight + expert * K * N + columns[None, :] * N + n[:, None])
        total = tl.dot(e, w, total)
    at = rows[:, None] * K + columns[None, :]
    tl.store(error_below + at, _half(total * tl.load(slope + at).to(tl.float32)))


@triton.jit
def weight_gradient(
    below, error, starts, stops, slots, weights, biases,
    K: tl.constexpr, N: tl.constexpr, ROWS: tl.constexpr, TILE_K: tl.constexpr, TILE_N: tl.constexpr,
    STEP: tl.constexpr,
):  # fmt: skip
    """below.T @ error and error's sum over each segment of blocks, which go to its slot.

    weights (slots, K, N), biases (slots, N).
    """
    segment = tl.program_id(2)
    k = tl.program_id(1) * TILE_K + tl.arange(0, TILE_K)
    n = tl.program_id(0) * TILE_N + tl.arange(0, TILE_N)
    product = tl.zeros((TILE_K, TILE_N), tl.float32)
    total = tl.zeros((TILE_N,), tl.float32)
    first = tl.load(starts + segment) * ROWS
    last = tl.load(stops + segment) * ROWS
    for start in range(first, last, STEP):
        rows = start + tl.arange(0, STEP)
        x = tl.load(below + rows[None, :] * K + k[:, None])
        e = tl.load(error + rows[:, None] * N + n[None, :])
        product = tl.dot(x, e, product)
        total += tl.sum(e.to(tl.float32), axis=0)
    slot = tl.load(slots + segment)
    tl.store(weights + slot * K * N + k[:, None] * N + n[None, :], product)
    if tl.program_id(1) == 0:
        tl.store(biases + slot * N + n, total)


@triton.jit
def reduce_segments(
    partial, bounds, out, fan_in, fan_out,
    K: tl.constexpr, N: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    """Sums (fan_in, fan_out) of partial (segments, K, N) over the segments bounds[i] to bounds[i + 1], in order."""
    group = tl.program_id(1)
    at = tl.program_id(0) * TILE + tl.arange(0, TILE)
    total = tl.zeros((TILE,), tl.float32)
    for segment in range(tl.load(bounds + group), tl.load(bounds + group + 1)):
        total += tl.load(partial + segment * K * N + at, mask=at < K * N, other=0.0)
    k, n = at // N, at % N
    wanted = (k < fan_in) & (n < fan_out)
    tl.store(out + group * fan_in * fan_out + k * fan_out + n, total, mask=wanted)
