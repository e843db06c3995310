"""One fit in several files, each a step better than the last."""

from typing import get_args

import numpy as np
import pytest
import torch
from coding.examples import about

from refield.coding import file
from refield.coding.aware import trained
from refield.coding.image_error import ImageError
from refield.coding.rates import rates
from refield.coding.rounding import rounded
from refield.coding.search import Search
from refield.coding.settings import Coding, Variant
from refield.coding.tensors import Half, quantise, step_of, step_of_bits
from refield.coding.variants import VARIANTS
from refield.fields.mlp import Mlp
from refield.scores.metrics import psnr_8bit
from refield.signals import Image
from refield.units.scoring import Checked
from refield.units.weights import Contents

SHAPE = (18, 27)
CODING = Coding(
    variants=get_args(Variant),
    bits=(8, 6),
    bits_per_weight=(7.0,),
    rounding_iterations=20,
    rounding_rate=0.2,
    aware_iterations=5,
    aware_rate=1e-5,
)


def search_of(field: Mlp, labels: np.ndarray | None = None) -> Search:
    """A field that shows its own picture but for noise of two levels."""
    rng = np.random.default_rng(0)
    weights = {name: array.astype(np.float32) for name, array in field.initialise(2, 3, rng).items()}
    shown = file.Coded(about(field), SHAPE, {name: quantise(each, 1e-6) for name, each in weights.items()}, labels)
    pixels = np.clip(shown.signal().pixels.astype(int) + rng.integers(-2, 3, (*SHAPE, 3)), 0, 255).astype(np.uint8)
    return Search(about(field), weights, Image(pixels), labels)


@pytest.fixture(scope="module")
def search() -> Search:
    return search_of(Mlp(gates=("dense",) * 3, width=12))


def coarse(search: Search) -> dict:
    found = search.within(5 * sum(each.size for each in search.weights.values()) // 8)
    return dict(found.coded.tensors)


def test_the_table_has_the_ways_that_params_may_name():
    assert list(VARIANTS) == list(get_args(Variant))


def test_rates_are_those_of_files_which_decode_to_what_they_show(search):
    contents = Contents(search.about.field, search.weights, Image, 2, 3, "symmetric")
    found = [each.rate for each in rates("x", Checked(contents, search.image, None), search.image, CODING, "cpu")]
    named = [(each.codec, each.setting) for each in found]
    assert named == [
        *[("half", "16 bit"), ("uniform", "8 bit"), ("uniform", "6 bit")],
        *[(codec, "7 bit/weight") for codec in ("steps", "rounded", "aware")],
    ]
    by_name = dict(zip(named, found, strict=True))
    for (codec, setting), each in by_name.items():
        assert each.bpp == 8 * each.bytes / (18 * 27)
        if codec in ("half", "uniform", "steps"):
            again = VARIANTS[codec].code(search, VARIANTS[codec].settings(CODING)[setting], CODING, "cpu")
            assert len(again.data) == each.bytes
            assert each.psnr == again.psnr == psnr_8bit(search.image.pixels, file.decode(again.data).signal().pixels)
            assert isinstance(next(iter(file.decode(again.data).tensors.values())), Half) == (codec == "half")
    count = sum(each.size for each in search.weights.values())
    assert 2 * count < by_name["half", "16 bit"].bytes < 2 * count + 60
    assert by_name["steps", "7 bit/weight"].bytes <= 7 * count / 8
    assert by_name["rounded", "7 bit/weight"].psnr > by_name["steps", "7 bit/weight"].psnr
    assert by_name["aware", "7 bit/weight"].bytes <= 1.01 * by_name["steps", "7 bit/weight"].bytes


@pytest.mark.parametrize("bits", [2, 5, 8, 12])
def test_a_number_of_bits_is_enough_for_all_symbols_and_no_finer_step_would_do(bits):
    for scale in (1e-3, 0.03, 1.0, 7.7):
        weights = scale * np.random.default_rng(bits).normal(size=(40, 5))
        found = quantise(weights, step_of_bits(weights, bits))
        assert np.abs(found.symbols).max() <= 2 ** (bits - 1) - 1
        assert np.rint(np.abs(weights).max() / step_of(found.step - 1)) > 2 ** (bits - 1) - 1
    assert not quantise(np.zeros((2, 2)), step_of_bits(np.zeros((2, 2)), bits)).symbols.any()


def test_the_gradient_is_that_of_the_error_of_the_decoded_image(search):
    tensors, steps = coarse(search), 1e-4
    weights = {name: torch.tensor(each.values) for name, each in tensors.items()}
    with ImageError(search, "cpu") as error:
        found, gradients = error.gradient(weights)
        assert found == pytest.approx(search.squared_error(tensors), rel=1e-5)
        direction = {name: each / each.norm() for name, each in gradients.items()}
        up, down = (
            error.gradient({name: each + sign * steps * direction[name] for name, each in weights.items()})[0]
            for sign in (1, -1)
        )
    along = sum(float((gradients[name] * each).sum()) for name, each in direction.items())
    assert (up - down) / (2 * steps) == pytest.approx(along, rel=0.02)


@pytest.mark.parametrize("iterations", [1, 60])
def test_learned_rounding_goes_up_or_down_and_is_never_worse_than_the_nearest(search, iterations):
    nearest, coding = coarse(search), CODING.model_copy(update={"rounding_iterations": iterations})
    found = rounded(search, nearest, coding, "cpu")
    for name, each in found.items():
        assert each.step == nearest[name].step
        assert np.abs(search.weights[name] / step_of(each.step) - each.symbols).max() <= 1
    assert search.squared_error(found) <= search.squared_error(nearest)
    if iterations == 60:
        assert search.squared_error(found) < 0.9 * search.squared_error(nearest)


def test_training_that_knows_of_the_steps_is_never_worse_than_what_it_starts_from(search):
    nearest = coarse(search)
    found = trained(search, nearest, CODING.model_copy(update={"aware_iterations": 20, "aware_rate": 3e-4}), "cpu")
    assert search.squared_error(found) < search.squared_error(nearest)
    assert all(found[name].step == each.step for name, each in nearest.items())
    wild = trained(search, nearest, CODING.model_copy(update={"aware_rate": 10.0}), "cpu")
    assert search.squared_error(wild) <= search.squared_error(nearest)


def test_bytes_do_not_depend_on_the_number_of_threads(search):
    found, before = [], torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append(VARIANTS["aware"].code(search, 6.0, CODING, "cpu").data)
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]


def test_fields_that_follow_a_map_are_coded_with_it():
    labels = np.tile(np.arange(3, dtype=np.uint8), (18, 9))
    found = search_of(Mlp(gates=("dense", "segment"), width=8, regions=3), labels)
    best = VARIANTS["rounded"].code(found, 7.0, CODING, "cpu")
    np.testing.assert_array_equal(file.decode(best.data).labels, labels)
    assert best.psnr >= VARIANTS["steps"].code(found, 7.0, CODING, "cpu").psnr - 0.01
