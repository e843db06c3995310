"""Images as files of latents: sizes and qualities that are asked for, the same bytes each time, and what they gain."""

import numpy as np
import pytest
import skimage.data
import torch

from refield.codecs import code
from refield.coding import file
from refield.coding.latents import descent, rate
from refield.coding.latents.aim import Aim
from refield.coding.latents.compress import Size, compress
from refield.coding.latents.descent import Descent
from refield.coding.latents.learning import learn
from refield.coding.latents.networks import quantised
from refield.coding.latents.slope import slope
from refield.coding.latents.softening import Softness
from refield.coding.latents.start import begin
from refield.fitting.latents import evaluation
from refield.scores.metrics import psnr_8bit
from refield.signals import Image

COFFEE = np.ascontiguousarray(skimage.data.coffee()[100:148, 200:264])


def test_a_file_is_as_large_as_it_may_be_and_decodes_to_what_is_said():
    made = compress(Image(COFFEE), Aim(bpp=2.0), 120, seed=0)
    assert 1.7 < made.bpp <= 2.0
    again = file.decode(made.data)
    np.testing.assert_array_equal(again.signal().pixels, made.coded.signal().pixels)
    assert made.psnr == psnr_8bit(COFFEE, again.signal().pixels)


def test_a_quality_is_reached_with_few_bits_more_than_needed():
    made = compress(Image(COFFEE), Aim(psnr=28.0), 120, seed=0)
    assert 28.0 <= made.psnr < 30.0
    worse = compress(Image(COFFEE), Aim(psnr=24.0), 120, seed=0)
    assert worse.bpp < made.bpp


def test_bytes_do_not_depend_on_threads_but_on_the_seed(monkeypatch):
    for module, most in ((evaluation, "CHUNK_BYTES"), (descent, "CHUNK"), (rate, "CHUNK")):
        monkeypatch.setattr(module, most, 500)  # so that there is something to share
    threads = torch.get_num_threads()
    found = []
    try:
        for count, seed in ((1, 0), (2, 0), (2, 1)):
            torch.set_num_threads(count)
            found.append(compress(Image(COFFEE), Aim(bpp=1.5), 20, seed).data)
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("pixels", [COFFEE[:11, :11], COFFEE[:, :, :1], np.full((16, 40, 3), 77, np.uint8)])
def test_small_grey_and_constant_images_are_coded(pixels):
    made = compress(Image(np.ascontiguousarray(pixels)), Aim(bpp=20.0), 30, seed=0)
    assert made.bpp <= 20.0
    assert file.decode(made.data).signal().pixels.shape == pixels.shape


def test_an_image_that_is_shown_better_than_asked_ends_all_the_same():
    made = compress(Image(np.full((16, 40, 3), 77, np.uint8)), Aim(psnr=40.0), 10, seed=0)
    assert made.psnr >= 40


def test_networks_are_learned_to_the_same_bytes_again():
    photograph = skimage.data.rocket()
    one, two = (learn([photograph], 64, 3) for _ in range(2))
    assert all(np.array_equal(array, two[name]) for name, array in one.items())
    assert any(not np.array_equal(array, one[name]) for name, array in learn([photograph], 64, 2).items())


def test_steps_lower_what_they_descend_on():
    image, lambda_ = Image(COFFEE), 1e-3
    with Descent(image, *Size.of(image.shape), seed=0) as ours:
        costs = []
        for step in range(60):
            distortion, bits = ours.step(Softness.at(step / 60, lambda_), lambda_, (0.12, 0.02))
            costs.append(distortion + lambda_ * bits)
        assert costs[-1] < 0.3 * costs[0]
        before = {name: place.copy() for name, place in ours.tensors().items()}
        tensors = quantised(ours, lambda_)
        assert {name: each.values.shape for name, each in tensors.items()} == {n: b.shape for n, b in before.items()}
        assert all(np.array_equal(ours.tensors()[name], each.values) for name, each in tensors.items())
        hard, bits = ours.step(None, lambda_, (0.0, 0.0))
        assert hard + lambda_ * bits < 1.3 * costs[-1]


def test_a_bit_is_worth_less_the_more_there_are():
    image = Image(COFFEE)
    by_size = [slope(image, bpp, None) for bpp in (0.5, 1.0, 2.0, 6.0, 20.0)]
    by_quality = [slope(image, None, psnr) for psnr in (20, 30, 40, 60)]
    for found in (by_size, by_quality):
        assert found == sorted(found, reverse=True)
        assert 1e-9 < found[-1] < found[0] < 1


@pytest.mark.parametrize("shape", [(12, 20_000, 3), (16, 16, 1)])
def test_what_webp_cannot_tell_is_no_error(shape):
    assert 0 < slope(Image(np.full(shape, 9, np.uint8)), 1.0, None) <= 1


def test_what_was_learned_is_a_better_start_than_nothing():
    """Of a photograph that it was not learned from."""
    image = Image(np.ascontiguousarray(skimage.data.hubble_deep_field()[400:464, 400:464]))
    costs = []
    for learned in (True, False):
        with Descent(image, *(size := Size.of(image.shape)), seed=0) as ours:
            if learned:
                begin(ours.tensors(), size.width, size.hidden)
            for step in range(40):
                distortion, bits = ours.step(Softness.at(step / 40, 1e-3), 1e-3, (0.12, 0.02))
        costs.append(distortion + 1e-3 * bits)
    assert costs[0] < costs[1]


def test_a_start_is_there_for_every_size_and_fits_any_number_of_grids():
    for shape in ((512, 768), (100, 160), (30, 40), (3, 3)):
        with Descent(Image(np.zeros((*shape, 3), np.uint8)), *(size := Size.of(shape)), seed=0) as ours:
            before = {name: place.copy() for name, place in ours.tensors().items()}
            begin(ours.tensors(), size.width, size.hidden)
            changed = [name for name, place in ours.tensors().items() if not np.array_equal(place, before[name])]
        assert changed == list(before)


def test_networks_suit_the_image():
    assert Size.of((512, 768)) == Size(7, 24, 16)
    assert Size.of((11, 5000)).levels == 3
    assert Size.of((2, 3)) == Size(1, 8, 8)


def test_latents_know_more_than_jpeg_at_equal_bits():
    """Of a crop; the report has whole images, intervals and other codecs."""
    jpeg = code("jpeg", COFFEE, 40)
    made = compress(Image(COFFEE), Aim(bpp=8 * len(jpeg.data) / (48 * 64)), 300, seed=0)
    assert made.psnr > psnr_8bit(COFFEE, jpeg.picture)
