"""papers/gaussian_image: the numbers as printed, and methods with as many numbers as their names say."""

import numpy as np
import pytest
from pipeline import ROOT

from refield import config, fields, papers
from refield.fields.sparse_latents import SparseLatents
from refield.pipeline.layout import Layout
from refield.reports.description import said, statement
from refield.reports.results import read_scores, scores_of

LAYOUT = Layout("gaussian_image")
PAPER = papers.read("gaussian_image", ROOT / "papers")
SIZES = {"kodak_full": (512, 768), "crops": (128, 192)}
PARAMS = config.read(path=ROOT / LAYOUT.params)


def numbers(profile: str, method: str, shape: tuple[int, int]) -> int:
    """How many weights a method has for an RGB image of a shape."""
    field = fields.of_size(PARAMS.field(profile, method), shape)
    return sum(array.size for array in field.initialise(2, 3, np.random.default_rng(0)).values())


def test_the_numbers_as_printed() -> None:
    """Typed a second time."""
    assert {row.method: (row.average, row.parameters, row.seconds) for row in PAPER.rows} == {
        "wire": (41.47, 136_700, 14_339),
        "siren": (40.83, 272_700, 6_582),
        "hash_grid": (43.88, 300_100, 491),
        "neurbf": (43.78, 337_300, 992),
        "splatting_3d": (43.69, 3_540_000, 340),
        "gaussian_image_240k": (38.57, 240_000, None),
        "gaussian_image_560k": (44.08, 560_000, 107),
    }


@pytest.mark.parametrize("shape", [(512, 768), (768, 512)])
@pytest.mark.parametrize("bound", [560, 300, 200, 100])
def test_latents_have_at_most_as_many_numbers_as_their_name_says(bound: int, shape: tuple[int, int]) -> None:
    found = numbers("kodak_full", f"latents_{bound}k", shape)
    assert 0.93 * bound * 1000 < found <= bound * 1000
    assert f"{found:,}" in (ROOT / LAYOUT.params).read_text()  # as a comment there says


@pytest.mark.parametrize("shape", [(512, 768), (768, 512)])
@pytest.mark.parametrize("bound", [300, 200, 100])
def test_sparse_latents_have_as_many_with_their_map(bound: int, shape: tuple[int, int]) -> None:
    field = fields.of_size(PARAMS.field("crops", f"sparse_{bound}k").model_copy(update={"levels": 7}), shape)
    assert isinstance(field, SparseLatents)
    weights = {name: np.ones(array.shape) for name, array in field.initialise(2, 3, np.random.default_rng(0)).items()}
    for name, share in field.shares.items():
        weights[name].flat[round(share * weights[name].size) :] = 0
    found = field.numbers(weights) + -(-field.map_bits(weights) // 32)
    assert 0.98 * bound * 1000 < found <= bound * 1000
    assert f"{found:,}" in (ROOT / LAYOUT.params).read_text()


def test_what_labels_bound_is_said_where_images_have_another_size(tmp_path) -> None:
    (tmp_path / "scores").mkdir()
    found = read_scores(tmp_path / "scores", PARAMS)
    said_of = {name: statement(name, scores_of(found, name, PARAMS), PARAMS, PAPER) for name in PARAMS.profiles}
    assert PAPER.elsewhere
    assert {name for name, text in said_of.items() if f"* {PAPER.elsewhere}\n" not in text} == {"kodak_full"}
    (whole, small) = (numbers(name, "latents_560k", shape) for name, shape in SIZES.items())
    assert small / (128 * 192) == pytest.approx(whole / (512 * 768), rel=0.05)  # as many a pixel


@pytest.mark.parametrize(("profile", "shape"), [("quick", (64, 96)), ("crops", (128, 192)), ("noise", (128, 192))])
def test_rivals_have_as_many_numbers(profile: str, shape: tuple[int, int]) -> None:
    latents, siren, ftc = (numbers(profile, method, shape) for method in ("latents_560k", "siren", "ftc"))
    assert siren == pytest.approx(latents, rel=0.03)
    assert ftc == pytest.approx(siren, rel=0.01)
    assert numbers(profile, "hash_grid", shape) == pytest.approx(numbers(profile, "latents_300k", shape), rel=0.15)


@pytest.mark.parametrize("method", ["latents_wide", "latents_more"])
def test_a_wide_network_and_finer_grids_have_more_bits_than_gates_and_their_map(method: str) -> None:
    bits_of_map = 128 * 192  # one a pixel
    gated, bits = (32 * numbers("crops", each, (128, 192)) for each in ("latents_segment", method))
    assert gated + 0.95 * bits_of_map < bits < gated + 1.2 * bits_of_map


def test_whole_images_are_fitted_by_latents_alone() -> None:
    sparse = ["sparse_300k", "sparse_300k_long"]
    dense = ["latents_560k", "latents_560k_short", "latents_300k", "latents_200k", "latents_100k"]
    assert list(PARAMS.methods_of("kodak_full")) == [*dense, *sparse]
    assert PARAMS.field("kodak_full", "latents_560k_short") == PARAMS.field("kodak_full", "latents_560k")
    assert PARAMS.field("kodak_full", "sparse_300k_long") == PARAMS.field("kodak_full", "sparse_300k")
    assert PAPER.protocol.has_signals_of(PARAMS.profiles["kodak_full"])
    assert not any(
        PAPER.protocol.has_signals_of(PARAMS.profiles[name]) for name in ("quick", "crops", "noise", "double")
    )


@pytest.mark.parametrize(
    ("profile", "beside"), [("kodak_full", True), ("crops", True), ("quick", False), ("noise", False)]
)
def test_published_numbers_stand_beside_kodaks_photographs_only(profile: str, beside: bool) -> None:
    assert bool(said(profile, PARAMS, PAPER).tables) == beside
