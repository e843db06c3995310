"""Pictures in whole numbers, against the field's definition."""

import numpy as np
import pytest
from coding.latents.drawn import drawn

from refield.coding.latents import entropy, synthesis
from refield.coding.latents.entropy import LARGEST
from refield.coding.latents.file import MOST_LEVELS, WIDEST
from refield.units.decode import Model


@pytest.mark.parametrize("shape", [(19, 26), (64, 40), (11, 11), (3, 90)])
def test_they_are_the_definitions_but_for_rounding(shape):
    coded = drawn(shape, max(1, (min(shape) - 1).bit_length() - 1), spread=2.0)
    about, found = coded.about, coded.signal().pixels
    model = Model(about.field, coded.weights, about.signal, about.dims, about.channels, about.target)
    wanted = (model.render(shape) + 1) * 127.5
    inside = (wanted > 0.5) & (wanted < 254.5)
    assert inside.mean() > 0.1
    error = np.abs(found.reshape(wanted.shape) - wanted.clip(0, 255))
    assert error.max() < 0.7  # half a level, and what sums of rounded numbers add


def test_chunks_change_no_bit(monkeypatch):
    coded = drawn((40, 30), 4)
    whole = coded.signal().pixels
    monkeypatch.setattr(synthesis, "PIXELS", 30)
    np.testing.assert_array_equal(coded.signal().pixels, whole)


def test_sums_stay_exact_with_the_largest_numbers_that_a_file_may_have():
    """All that is added fits into the 53 bits of float64, for the widest networks."""
    seen = LARGEST * 2**synthesis.VALUE
    assert MOST_LEVELS * seen * synthesis.MOST_WEIGHT < 2**53
    assert WIDEST * synthesis.MOST_VALUE * synthesis.MOST_WEIGHT < 2**53
    assert (WIDEST + 12) * entropy.MOST_HIDDEN * entropy.MOST_WEIGHT < 2**53
    rng = np.random.default_rng(0)
    around = rng.choice([-LARGEST, LARGEST], (50, 12))
    weights = {
        name: rng.choice([-1.0, 1.0], shape) * 2.0 ** rng.integers(0, 8, shape)
        for name, shape in entropy.shapes(WIDEST, 1).items()
    }
    found = entropy.Entropy(weights).expect(around.astype(np.float64), 0)
    whole = [[[round(x * 2**12) for x in row] for row in np.atleast_2d(weights[name])] for name in entropy.NAMES]
    first, [bias], second, [last], [[own]] = whole
    for i, c in enumerate(around.tolist()):
        u = [min(max(0, sum(x * row[k] for x, row in zip(c, first, strict=True)) + bias[k]), 2**22) for k in range(64)]
        v = [*u, *(4096 * x for x in c)]
        mean, octaves = (sum(x * row[k] for x, row in zip(v, second, strict=True)) + 4096 * last[k] for k in (0, 1))
        eighths = (8 * mean + 2**23) // 2**24
        assert 8 * found.whole[i] + found.fraction[i] == eighths
        assert found.scale[i] == min(max((8 * (octaves + 4096 * own) + 2**23) // 2**24 + 32, 0), 96)
