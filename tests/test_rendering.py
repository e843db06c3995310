import numpy as np
import pytest
import skimage.data

from refield.errors import UserError
from refield.fields.gated import Gated
from refield.fitting import fit
from refield.rendering import enlarge, render
from refield.samples import sample_image, values_to_image
from refield.training import Train

IMAGE = skimage.data.coffee()[100:140, 100:160]
LABELS = np.digitize(IMAGE.mean(axis=2), [60, 110, 170]).astype(np.uint8)
FIELD = Gated(gates=(8.0, "segment"), width=16, regions=4)
FIT = fit(FIELD, sample_image(IMAGE, LABELS), Train(iterations=40, learning_rate=2e-3), 0)


def test_at_its_own_resolution_it_is_the_reconstruction():
    picture = render(FIELD, FIT.weights, 40, 60, LABELS)
    expected = values_to_image(FIT.values, IMAGE.shape)
    assert np.abs(picture.astype(int) - expected).max() <= 1  # the definition rounds otherwise than the engine


def test_a_finer_grid_passes_through_the_old_pixels():
    """2 n - 1 points have the n old ones among them, and between them the field goes on."""
    fine = render(FIELD, FIT.weights, 79, 119, enlarge(LABELS, 79, 119))
    assert np.abs(fine[::2, ::2].astype(int) - render(FIELD, FIT.weights, 40, 60, LABELS)).max() <= 1
    between = fine[1::2, ::2].astype(float)
    assert np.abs(between - fine[:-1:2, ::2]).max() > 5


def test_many_points_are_rendered_in_parts_and_alike(monkeypatch):
    whole = render(FIELD, FIT.weights, 40, 60, LABELS)
    monkeypatch.setattr("refield.rendering.AT_ONCE", 1000)
    assert np.abs(render(FIELD, FIT.weights, 40, 60, LABELS).astype(int) - whole).max() <= 1


def test_enlarged_labels_keep_corners_and_invent_none():
    fine = enlarge(LABELS, 200, 300)
    assert fine.shape == (200, 300)
    assert [fine[0, 0], fine[-1, -1]] == [LABELS[0, 0], LABELS[-1, -1]]
    assert set(np.unique(fine)) == set(np.unique(LABELS))
    np.testing.assert_array_equal(enlarge(LABELS, 40, 60), LABELS)


@pytest.mark.parametrize(
    ("labels", "said"),
    [(None, "none is given"), (LABELS[:20], "is 60 x 20 pixels; it must be 60 x 40"), (LABELS + 4, "has region 7")],
)
def test_a_map_that_does_not_fit_is_refused(labels, said):
    with pytest.raises(UserError, match=said):
        render(FIELD, FIT.weights, 40, 60, labels)
