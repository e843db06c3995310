"""Whole files: what they hold comes back, to the last number; what is damaged is refused."""

import json
import math
import tracemalloc
import zlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from coding import plain
from coding.examples import GOLDEN, drawn, golden, mended, same
from hypothesis import given, settings
from hypothesis import strategies as st

from refield.coding import description, file
from refield.coding.envelope import varint, wrap
from refield.coding.tensors import Half, index_of, quantise, step_of
from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.signals import Image

FILES = {file.stem: file.read_bytes() for file in sorted(GOLDEN.glob("*.rfd"))}


@pytest.mark.parametrize("name", golden())
def test_files_that_were_written_once_are_still_read(name):
    assert len(FILES[name]) < 3000
    found = file.decode(FILES[name])
    assert same(found, golden()[name])
    assert same(file.decode(file.encode(found)), found)


@pytest.mark.parametrize("name", golden())
def test_a_plain_decoder_finds_the_same(name):
    """Anybody's decoder: by docs/format.md alone, but for the order and the shapes of the field's tensors."""
    wanted, body = golden()[name], plain.body_of(FILES[name])
    said = json.loads(plain.text(body))
    assert said["dims"] == 2
    height, width = plain.number(body), plain.number(body)
    assert (height, width) == wanted.shape
    shapes = wanted.about.shapes()
    if all(isinstance(tensor, Half) for tensor in wanted.tensors.values()):
        data = np.frombuffer(bytes(body), "<f2")
        assert data.tolist() == np.concatenate([array.ravel() for array in wanted.weights.values()]).tolist()
        return
    heads = []
    for _ in shapes:
        step, largest = body.pop(0), plain.number(body)
        heads.append((step, largest, body.pop(0) if largest else 0))
    decoder = plain.RangeDecoder(bytes(body))
    if wanted.labels is not None:
        assert plain.labels(height, width, said["field"]["regions"], decoder) == wanted.labels.tolist()
    for (step, largest, spread), (key, shape) in zip(heads, shapes.items(), strict=True):
        symbols = [0] * math.prod(shape)
        if largest:
            table = plain.of_symbols(largest, spread)
            symbols = [decoder.decode(table) - largest for _ in symbols]
        assert symbols == wanted.tensors[key].symbols.ravel().tolist()
        values = (np.array(symbols) * (8 + step % 8) * 2.0 ** (step // 8 - 24)).astype(np.float32).reshape(shape)
        np.testing.assert_array_equal(values, wanted.weights[key])


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2**32), st.booleans(), st.booleans(), st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 3])
)
def test_what_is_written_comes_back(seed, half, map_, height, width, channels):
    field = Mlp(gates=("dense", "segment" if map_ else 4.0), width=4, regions=3 if map_ else None)
    wanted = drawn(field, (height, width), seed, channels, half)
    data = file.encode(wanted)
    assert same(file.decode(data), wanted)
    assert file.encode(file.decode(data)) == data


def test_a_network_as_small_as_coins_takes_little_beside_its_weights():
    field = Mlp(gates=("dense",) * 5, width=20)
    halves = drawn(field, (512, 768), half=True)
    count = sum(array.size for array in halves.weights.values())
    assert len(file.encode(halves)) <= 2 * count + 30
    rng = np.random.default_rng(0)
    about = halves.about
    weights = {name: rng.normal(0, 0.1, shape) for name, shape in about.shapes().items()}
    data = file.encode(file.Coded(about, (512, 768), {k: quantise(v, 0.003) for k, v in weights.items()}))
    ideal = count * math.log2(0.1 / step_of(index_of(0.003)) * math.sqrt(2 * math.pi * math.e)) / 8
    assert len(data) <= 1.01 * ideal + 30 + 4 * len(weights)


def test_a_file_shows_its_field():
    coded = golden()["segment"]
    picture = file.decode(FILES["segment"]).signal()
    assert isinstance(picture, Image)
    assert picture.shape == coded.shape
    at = picture.points()
    weights = {name: torch.as_tensor(array) for name, array in coded.weights.items()}
    values = coded.about.field.evaluate(weights, torch.as_tensor(at), torch.as_tensor(coded.labels.reshape(-1)))
    assert np.abs(picture.with_values(values.numpy()).pixels.astype(int) - picture.pixels).max() <= 1


@pytest.mark.parametrize("name", ["coin", "sinco"])
def test_a_file_shows_what_it_showed_when_it_was_written(name):
    """COIN's coordinates and range, and an input that is encoded and seen again."""
    shown, wanted = file.decode(FILES[name]).signal(), Image.decode((GOLDEN / f"{name}.png").read_bytes())
    assert shown.shape == wanted.shape
    assert np.abs(shown.pixels.astype(int) - wanted.pixels).max() <= 1


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_is_refused(name):
    data = FILES[name]
    for end in range(len(data)):
        with pytest.raises(UserError):
            file.decode(data[:end])


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"", 2, "ends too early"),
        (b"", 9, "is of kind 9; this refield reads kinds 1 to 3"),
        (b"\xff\xff\xff\xff\x0f", 2, "the length of its description is above"),
    ],
)
def test_other_bodies_are_refused(body, kind, said):
    with pytest.raises(UserError, match=said):
        file.decode(wrap(kind, body))


def test_sizes_that_no_file_may_have_are_refused_before_memory_is_taken():
    field = Mlp(gates=("segment",), width=4, regions=2)
    small = drawn(field, (8, 8))
    tall = file.Coded(small.about, (2**26, 2), small.tensors, small.labels)
    with pytest.raises(UserError, match="134,217,728 samples; it must have at most"):
        file.encode(tall)
    data = file.encode(small)
    at = data.index(bytes([8, 8]))
    tall, low, thin = b"\x80\x80\x80\x20\x02", b"\x80\x80\x40\x08", b"\x80\x40\x01"
    few = r"labels in \d+ bytes; it must have [\d,]+ at least"
    for sides, said in [(b"\0\x08", "0 samples"), (tall, "134,217,728 samples"), (low, few), (thin, few)]:
        with pytest.raises(UserError, match=said):
            file.decode(mended(data[:at] + sides + data[at + 2 :]))


def test_a_small_file_never_asks_for_a_great_picture():
    """What was written without as many bytes is filled up with zeros."""
    about = drawn(Mlp(gates=("dense",), width=2), (1, 1)).about
    tensors = {name: quantise(np.zeros(shape), 1.0) for name, shape in about.shapes().items()}
    small, wanted = (file.Coded(about, shape, tensors) for shape in ((8, 8), (2**10, 2**12)))
    data = file.encode(small)
    assert 2**10 <= len(file.encode(wanted)) <= 2**10 + 10 > len(data)
    assert same(file.decode(file.encode(wanted)), wanted)
    at = data.index(bytes([8, 8]))
    with pytest.raises(UserError, match=r"has 4,194,304 samples in \d+ bytes; it must have 1,024 at least"):
        file.decode(mended(data[:at] + b"\x80\x08\x80\x20" + data[at + 2 :]))


def test_weights_that_take_no_room_are_filled_up_with_zeros():
    """So that a small file can never ask for the memory and the time of a great network."""
    about = drawn(Mlp(gates=("dense", "dense"), width=2), (1, 1)).about
    about = replace(about, field=Mlp(gates=("dense", "dense"), width=300))
    tensors = {name: quantise(np.zeros(shape), 1.0) for name, shape in about.shapes().items()}
    wanted = file.Coded(about, (8, 8), tensors)
    data = file.encode(wanted)
    count = sum(math.prod(shape) for shape in about.shapes().values())
    assert count / 64 <= len(data) <= count / 64 + 12
    assert same(file.decode(data), wanted)
    with pytest.raises(UserError, match=r"has too many weights for [\d,]+ bytes; it must have 1,440 at least"):
        file.decode(mended(data[:-14] + data[-4:]))


def refusals() -> dict[str, bytes]:
    """Files that ask for far more than they may, or than they have."""
    field = drawn(Mlp(gates=("segment",), width=4, regions=2), (8, 8))
    data = file.encode(field)
    at = data.index(bytes([8, 8]))
    sides = {"tall": b"\xff\xff\xff\x1f\x01", "many labels": b"\x80\x80\x20\x40", "thin": b"\x80\x80\x20\x01"}
    found = {name: mended(data[:at] + each + data[at + 2 :]) for name, each in sides.items()}
    wide = description.encode(replace(field.about, field=Mlp(gates=("dense",), width=4000)))
    found["weights that are not there"] = wrap(1, varint(len(wide)) + wide + bytes([8, 8]) + bytes(999))
    wide = description.encode(replace(field.about, field=Mlp(gates=("dense",) * 2, width=4000)))
    found["weights that take no bits"] = wrap(2, varint(len(wide)) + wide + bytes([8, 8]) + bytes(99))
    wide = description.encode(replace(field.about, field=Mlp(gates=("dense",) * 3, width=60_000)))
    found["weights beyond all files"] = wrap(2, varint(len(wide)) + wide + bytes([8, 8]) + bytes(99))
    packer = zlib.compressobj(9, wbits=-15)
    bomb = packer.compress(bytes(2**26)) + packer.flush()
    found["a description that unpacks to more"] = wrap(2, varint(4000) + bomb[:4000] + bytes(99))
    found["latents"] = wrap(3, b"\x80\x80\x02\x80\x80\x02\x03\x0c\x40\x40" + bytes(999))
    found["a symbol"] = mended(data[: at + 3] + b"\xff\x7f" + data[at + 5 :])
    return found


@pytest.mark.parametrize("name", refusals())
def test_refusing_a_file_takes_no_memory_that_it_asks_for(name):
    data = refusals()[name]
    for _ in range(2):  # the first time something may be imported
        tracemalloc.start()
        with pytest.raises(UserError):
            file.decode(data)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 2**18


def test_a_map_that_takes_no_room_is_filled_up_with_zeros():
    """So that a small file can never ask for hours of labels."""
    about = drawn(Mlp(gates=("segment",), width=2, regions=2), (1, 1)).about
    tensors = {name: quantise(np.zeros(shape), 1.0) for name, shape in about.shapes().items()}
    wanted = file.Coded(about, (200, 250), tensors, np.zeros((200, 250), np.uint8))
    data = file.encode(wanted)
    assert 98 <= len(data) <= 120
    assert same(file.decode(data), wanted)
