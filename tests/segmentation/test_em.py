import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage
from skimage import data
from skimage.color import rgb2lab
from skimage.feature import structure_tensor, structure_tensor_eigenvalues
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_info

from refield.errors import UserError
from refield.segmentation.em import SCALES, Em, features, selected_scale, texture_at

ROWS, COLUMNS = np.mgrid[0:48, 0:80]
HALF = COLUMNS >= 34
STRIPES = np.where(ROWS % 6 < 3, 90, 160)
CHECKER = np.where((ROWS // 3 + COLUMNS // 3) % 2, 90, 160)
INSIDE = np.abs(COLUMNS - 33.5) > 8  # as far as windows do not reach across


def grey(values: np.ndarray) -> np.ndarray:
    return values.astype(np.uint8)[..., None]


def agreement(labels: np.ndarray, truth: np.ndarray, where: np.ndarray) -> float:
    """Of two classes, up to their names."""
    same = float((labels == truth)[where].mean())
    return max(same, 1 - same)


class TestTexture:
    def test_contrast_and_anisotropy_are_of_the_second_moment_matrix(self):
        lightness = data.camera()[100:148, 200:280] / 255
        texture = texture_at(lightness, 2.0)
        down, across = (ndimage.convolve1d(lightness, [0.5, 0, -0.5], axis, mode="nearest") for axis in (0, 1))
        for row, column in [(10, 20), (24, 30), (38, 60)]:
            weights = np.zeros(lightness.shape)
            weights[row, column] = 1
            weights = ndimage.gaussian_filter(weights, 2.0)
            moments = [[(weights * u * v).sum() for v in (down, across)] for u in (down, across)]
            small, large = np.linalg.eigvalsh(moments)
            assert texture[row, column, 1] == pytest.approx(1 - small / large)
            assert texture[row, column, 2] == pytest.approx(2 * np.sqrt(small + large))

    def test_eigenvalues_are_scikit_images(self):
        lightness = data.camera()[100:148, 200:280] / 255
        tensor = structure_tensor(lightness, sigma=1.5, mode="reflect", order="rc")
        large, small = structure_tensor_eigenvalues(tensor)
        # Its gradient is Sobel's, smoother and of another unit: alike, not equal.
        inside = (slice(8, -8), slice(8, -8))
        ours, theirs = texture_at(lightness, 1.5)[..., 1][inside], (1 - small / large)[inside]
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9

    @pytest.mark.parametrize("angle", [0, 30, 90, 135])
    def test_of_a_ramp_all_gradients_agree(self, angle):
        slope = np.deg2rad(angle)
        ramp = 0.5 + 0.005 * (np.cos(slope) * (COLUMNS - 40) + np.sin(slope) * (ROWS - 24))
        polarity, anisotropy, contrast = texture_at(ramp, 2.0)[10:-10, 10:-10].reshape(-1, 3).T
        np.testing.assert_allclose(polarity, 1)
        np.testing.assert_allclose(anisotropy, 1)
        np.testing.assert_allclose(contrast, 2 * 0.005)

    @pytest.mark.parametrize("angle", [0, 30, 90, 135])
    def test_stripes_are_oriented_without_a_sign(self, angle):
        across = np.cos(np.deg2rad(angle)) * COLUMNS + np.sin(np.deg2rad(angle)) * ROWS
        stripes = 0.5 + 0.3 * np.sin(2 * np.pi * across / 6)
        polarity, anisotropy, contrast = texture_at(stripes, 3.5)[14:-14, 14:-14].reshape(-1, 3).T
        assert polarity.max() < 0.05
        assert anisotropy.min() > 0.95
        assert contrast.min() > 0.2

    def test_a_checkerboard_has_no_orientation(self):
        anisotropy, contrast = texture_at(CHECKER / 255, 3.5)[14:-14, 14:-14, 1:].reshape(-1, 2).T
        assert anisotropy.max() < 0.1
        assert contrast.min() > 0.1

    def test_a_flat_area_has_no_texture(self):
        np.testing.assert_array_equal(texture_at(np.full((9, 12), 0.4), 1.0), 0)

    @pytest.mark.parametrize("sigma", SCALES)
    def test_is_in_range(self, sigma):
        texture = texture_at(np.random.default_rng(0).integers(0, 2, (30, 40)).astype(float), sigma)
        assert texture.min() >= 0
        assert np.all(texture.max(axis=(0, 1)) <= np.array([1, 1, np.sqrt(2)]) + 1e-12)


class TestScale:
    def test_is_the_first_at_which_polarity_settles(self):
        steps = np.array([1.0, 0.9, 0.7, 0.69, 0.4, 0.4, 0.4, 0.4])
        polarity = np.broadcast_to(steps[:, None, None], (8, 20, 30))
        np.testing.assert_array_equal(selected_scale(polarity, np.ones_like(polarity)), 3)
        np.testing.assert_array_equal(selected_scale(1 - polarity, np.ones_like(polarity)), 3)

    def test_is_the_last_if_polarity_does_not_settle(self):
        polarity = np.broadcast_to(np.linspace(1, 0, 8)[:, None, None], (8, 20, 30))
        np.testing.assert_array_equal(selected_scale(polarity, np.ones_like(polarity)), 7)

    def test_is_none_without_contrast(self):
        polarity = np.broadcast_to(np.linspace(1, 0, 8)[:, None, None], (8, 20, 30))
        np.testing.assert_array_equal(selected_scale(polarity, np.full_like(polarity, 0.09)), 0)

    def test_of_wider_stripes_is_larger(self):
        def scale(period: int) -> float:
            texture = np.stack([texture_at(0.5 + 0.4 * np.sin(2 * np.pi * COLUMNS / period), s) for s in SCALES])
            return float(selected_scale(texture[..., 0], texture[..., 2])[10:-10, 10:-10].mean())

        assert scale(3) < scale(8)


class TestFeatures:
    def test_are_six_of_colour_and_four_of_grey(self):
        image = data.astronaut()[60:84, 180:210]
        assert features(image).shape == (24, 30, 6)
        assert features(image[..., :1]).shape == (24, 30, 4)

    def test_start_with_colour(self):
        image = np.broadcast_to(np.array([200, 30, 90], np.uint8), (9, 12, 3))
        expected = [*(rgb2lab(np.array([[[200, 30, 90]]], np.uint8))[0, 0] / 100), 0, 0, 0]
        np.testing.assert_allclose(features(image), np.broadcast_to(expected, (9, 12, 6)))

    def test_end_with_anisotropy_and_polarity_times_contrast(self):
        stripes, checker = (
            features(grey(texture))[16:-16, 16:-16, 1:].mean(axis=(0, 1)) for texture in (STRIPES, CHECKER)
        )
        assert stripes[0] > 0.9 * stripes[2] > 0.05  # a c of c
        assert checker[0] < 0.5 * checker[2]
        assert stripes[1] < 0.6 * stripes[2]


class TestEm:
    @pytest.mark.parametrize("other", [CHECKER, np.full(ROWS.shape, 125)], ids=["checker", "flat"])
    def test_texture_separates_what_colour_cannot(self, other):
        image = grey(np.where(HALF, STRIPES, other))
        assert agreement(Em()(image, 2).labels, HALF, INSIDE) > 0.97
        colours = rgb2lab(np.repeat(image, 3, axis=2))[..., 0].reshape(-1, 1)
        by_colour = GaussianMixture(2, reg_covar=1e-2, random_state=0).fit_predict(colours).reshape(ROWS.shape)
        assert agreement(by_colour, HALF, INSIDE) < 0.8

    def test_colour_separates_what_luminance_cannot(self):
        image = np.zeros((48, 80, 3), np.uint8)
        image[HALF], image[~HALF] = (200, 0, 0), (0, 102, 0)
        assert agreement(Em()(image, 2).labels, HALF, np.abs(COLUMNS - 33.5) > 3) == 1

    def test_classes_need_not_be_connected(self):
        bands = COLUMNS // 20
        image = np.array([(200, 0, 0), (0, 102, 0), (200, 0, 0), (0, 102, 0)], np.uint8)[bands]
        middle = Em()(image, 2).labels[:, 10::20]
        assert np.unique(middle, axis=0).tolist() in ([[0, 1, 0, 1]], [[1, 0, 1, 0]])

    def test_most_probable_component_by_the_fitted_mixture(self):
        image = data.astronaut()[60:108, 180:244]
        samples = features(image).reshape(-1, 6)
        mixture = GaussianMixture(4, reg_covar=1e-4, random_state=0).fit(samples)
        expected = mixture.predict_proba(samples).argmax(axis=1).reshape(48, 64)
        labels = Em()(image, 4).labels
        assert len(np.unique(np.stack([labels.ravel(), expected.ravel()]), axis=1).T) == 4

    def test_the_fit_has_one_thread(self, monkeypatch):
        threads, fit_predict = [], GaussianMixture.fit_predict

        def spy(mixture, samples):
            threads.extend(library["num_threads"] for library in threadpool_info())
            return fit_predict(mixture, samples)

        monkeypatch.setattr(GaussianMixture, "fit_predict", spy)
        Em()(data.astronaut()[60:108, 180:244], 3)
        assert threads
        assert set(threads) == {1}

    def test_the_seed_matters_and_is_fixed(self):
        image = data.astronaut()[60:108, 180:244]
        maps = [Em(seed=seed)(image, 8).labels for seed in (0, 0, 1)]
        np.testing.assert_array_equal(maps[0], maps[1])
        assert np.any(maps[0] != maps[2])

    def test_more_iterations_fit_better(self):
        image = data.astronaut()[60:108, 180:244]
        assert np.any(Em(iterations=1)(image, 6).labels != Em()(image, 6).labels)

    def test_says_so_if_components_stay_empty(self):
        with pytest.raises(UserError, match=r"^EM gives pixels to 1 of its 5 regions; lower its map's regions"):
            Em()(grey(np.full((20, 30), 90)), 5)

    @pytest.mark.parametrize(("key", "value"), [("iterations", 0), ("seed", -1)])
    def test_keys_have_bounds(self, key, value):
        with pytest.raises(ValidationError, match=rf"\n{key}\n  Input should be greater than"):
            Em(**{key: value})
