"""A photograph takes memory as it has pixels, and 24 megapixels fit into 8 GB: what real processes held at most."""

import pytest
from held import told
from picture_peaks import STAGES

KODAK, MOST_OF_KODAK = (512, 768), 1.5 * 10**9  # bytes
LARGE, MOST = (4000, 6000), 8 * 10**9
# What does not grow takes 450 MB, and with so much of a pixel LARGE is within MOST. What chunks hold of the rows that
# they interpolate between grows with the width until a chunk is a single row, as it is beyond 2,048 pixels.
BYTES = (MOST - 450 * 10**6) / (LARGE[0] * LARGE[1])
HALF, WHOLE = (128, 3000), (256, 3000)


def test_a_kodak_image_is_fitted_in_1_5_gb():
    ((_, held),) = told("picture_peaks", *KODAK, "fit").values()
    assert held < MOST_OF_KODAK


def test_memory_grows_with_pixels():
    half, whole = (told("picture_peaks", *size, *STAGES) for size in (HALF, WHOLE))
    assert set(half) == set(whole) == set(STAGES)
    more = (WHOLE[0] - HALF[0]) * WHOLE[1]
    of_pixel = {stage: (whole[stage][0] - half[stage][0]) / more for stage in STAGES}
    assert {stage: taken for stage, taken in of_pixel.items() if taken > BYTES} == {}
    assert of_pixel["fit"] > 16  # the points alone: it was measured


@pytest.mark.slow
@pytest.mark.parametrize("stages", [("fit", "render"), ("compress", "decompress")])
def test_24_megapixels_fit_into_8_gb(stages):
    found = told("picture_peaks", *LARGE, *stages)
    assert set(found) == set(stages)
    assert {stage: held for stage, (_, held) in found.items() if held > MOST} == {}
