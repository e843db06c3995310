"""Files of latents: what they hold comes back, and what asks for too much is refused. Damage is in `test_file`."""

import hashlib
import math
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from coding import plain
from coding.examples import GOLDEN
from coding.latents.drawn import drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.data import coffee

from refield.coding import file
from refield.coding.envelope import varint, wrap
from refield.coding.latents import grids
from refield.coding.latents.entropy import Entropy
from refield.coding.latents.file import KIND, CodedLatents
from refield.coding.range_coder import Encoder
from refield.errors import UserError
from refield.scores.metrics import psnr_8bit


def same(one: CodedLatents, other: file.Content) -> bool:
    assert isinstance(other, CodedLatents)
    return (one.shape, one.channels, one.tensors.keys()) == (other.shape, other.channels, other.tensors.keys()) and all(
        np.array_equal(a, b)
        for a, b in [
            *zip(one.grids, other.grids, strict=True),
            *((one.tensors[name].symbols, other.tensors[name].symbols) for name in one.tensors),
        ]
    )


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2**32), st.integers(2, 20), st.integers(2, 20), st.sampled_from([1, 3]), st.sampled_from([0, 1, 40])
)
def test_what_is_written_comes_back(seed, height, width, channels, spread):
    levels = max(1, (min(height, width) - 1).bit_length() - 1)
    wanted = drawn((height, width), levels, channels, spread, seed)
    data = file.encode(wanted)
    found = file.decode(data)
    assert same(wanted, found)
    assert file.encode(found) == data
    assert found.signal().pixels.shape == (height, width, channels)


GOLDEN_FILE = GOLDEN / "latents.rfd"


def golden() -> CodedLatents:
    return drawn((13, 18), 3, seed=4)


def test_a_file_that_was_written_once_is_still_read():
    data = GOLDEN_FILE.read_bytes()
    assert same(golden(), file.decode(data))
    assert file.encode(golden()) == data


PHOTOGRAPH = Path(__file__).with_name("golden") / "coffee.rfd"
DECODED = "66d51e56ee9276562ca35d7ab4d49c36165a39edd1ed081977f78856a4871fd6"  # the sha256 of its pixels


def photograph() -> np.ndarray:
    """What the file was made of, by `refield.compress(photograph(), bpp=1, iterations=300, seed=0)`: a photograph by
    Rachel Michetti, CC0."""
    return np.array(PIL.Image.fromarray(coffee()).resize((192, 128), PIL.Image.Resampling.LANCZOS))


def test_a_photograph_that_was_compressed_once_still_shows_the_same_pixels():
    """Hundreds of waves and scales, as a fit has them: more of the format than what is drawn uses."""
    data = PHOTOGRAPH.read_bytes()
    found = file.decode(data)
    assert isinstance(found, CodedLatents)
    pixels = found.signal().pixels
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == DECODED
    assert psnr_8bit(photograph(), pixels) > 31
    assert file.encode(found) == data
    assert len(data) < 3072


def test_a_plain_decoder_finds_the_same_picture():
    """Anybody's decoder, by docs/format.md alone."""
    body = plain.body_of(GOLDEN_FILE.read_bytes())
    height, width, channels, levels, n, e = (plain.number(body) for _ in range(6))
    shapes = {
        **{"layers.0.weight": (levels, n), "layers.0.bias": (n,), "layers.1.weight": (n, n), "layers.1.bias": (n,)},
        **{"layers.2.weight": (n, channels), "layers.2.bias": (channels,), "entropy.0.weight": (12, e)},
        **{
            "entropy.0.bias": (e,),
            "entropy.1.weight": (e + 12, 2),
            "entropy.1.bias": (2,),
            "entropy.levels": (levels,),
        },
    }
    heads = []
    for _ in shapes:
        step, largest = body.pop(0), plain.number(body)
        heads.append((step, largest, body.pop(0) if largest else 0))
    most, tensors = plain.number(body), {}
    decoder = plain.RangeDecoder(bytes(body))
    for (step, largest, spread), (name, shape) in zip(heads, shapes.items(), strict=True):
        table = plain.of_symbols(largest, spread)
        symbols = [decoder.decode(table) - largest for _ in range(math.prod(shape))]
        values = np.array(symbols) * (8 + step % 8) * 2.0 ** (step // 8 - 24)
        tensors[name] = values.astype(np.float32).astype(float).reshape(shape).tolist()
    sizes = [(-(-height // 2**level), -(-width // 2**level)) for level in range(levels)]
    grids_ = [plain.latents(*size, level, tensors, most, decoder) for level, size in enumerate(sizes)]
    wanted = file.decode(GOLDEN_FILE.read_bytes())
    assert isinstance(wanted, CodedLatents)
    assert grids_ == [grid.tolist() for grid in wanted.grids]
    assert plain.picture(height, width, grids_, tensors) == wanted.signal().pixels.tolist()


def test_a_file_takes_the_bits_that_are_expected():
    """Of latents that are drawn as the network expects them: their entropy, and little more."""
    wanted = drawn((64, 96), 1)
    blind = {name: np.zeros(each.symbols.shape) for name, each in wanted.tensors.items() if name.startswith("entropy")}
    blind["entropy.1.bias"] = np.array([0.25, 1.0])
    rng = np.random.default_rng(0)
    grid = np.rint(0.25 + rng.laplace(0, 2, (64, 96))).astype(np.int64)
    encoder, entropy = Encoder(), Entropy(blind)
    grids.encode([grid], entropy, grids.largest([grid], entropy), encoder)
    ideal = np.log2(2 * 2 * np.e) * grid.size  # of a Laplace distribution of scale 2, in cells of 1
    assert len(encoder.finish()) * 8 == pytest.approx(ideal, rel=0.02)


@pytest.mark.parametrize("shape", [(2, 2), (2, 500), (500, 2)])
def test_strips_are_coded(shape):
    wanted = drawn(shape, 1)
    data = file.encode(wanted)
    assert same(wanted, file.decode(data))
    assert file.decode(data).signal().pixels.shape == (*shape, 3)


def test_a_constant_picture_is_padded_so_that_its_size_can_be_checked():
    wanted = drawn((200, 250), 6, spread=0)
    for name, each in wanted.tensors.items():
        each.symbols[:] = 0 if name.startswith("entropy") else each.symbols
    data = file.encode(wanted)
    assert len(data) >= 200 * 250 / 512
    assert same(wanted, file.decode(data))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ((1000, 1000, 3, 4, 6, 5), "has 1000 x 1000 pixels in 8 bytes, which are too few"),
        ((2**15, 2**15, 3, 4, 6, 5), "has 32768 x 32768 pixels in"),
        ((2, 2**14, 3, 4, 6, 5), "has 16384 x 2 pixels in"),
        ((2**16, 2, 3, 4, 6, 5), "a side is above 32,768"),
        ((1, 9, 3, 1, 6, 5), "has grids that cannot be"),
        ((12, 12, 2, 3, 6, 5), "has 2 channels"),
        ((12, 12, 3, 3, 6, 0), "a network of 0"),
        ((12, 12, 3, 9, 6, 5), "has grids that cannot be"),
        ((12, 12, 3, 3, 0, 5), "has grids that cannot be"),
        ((12, 12, 3, 99, 6, 5), "the number of grids is above 12"),
        ((12, 12, 3, 3, 999, 5), "a network's width is above 64"),
        ((3, 3, 3, 1, 6), "ends too early"),
        ((), "ends too early"),
    ],
)
def test_what_cannot_be_is_refused_before_memory_is_taken(body, said):
    with pytest.raises(UserError, match=said):
        file.decode(wrap(KIND, b"".join(map(varint, body))))
