"""An image beside fields with their derivatives: in one unit, in the original's colours; and of real fits."""

import re
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.config import Params
from refield.errors import UserError
from refield.executors import make_units
from refield.executors.settings import Inline
from refield.fields.mlp import Mlp
from refield.fitting.train import Train
from refield.pipeline import fits
from refield.reports.derivative_figure import Scales, derivative_figure, gradient_colors, laplacian_colors, scales
from refield.reports.derived import LEVELS, of_fit, of_image, psnr_of_nothing, to_scale
from refield.reports.paper_figures import draw_all
from refield.reports.pictures import Pictures
from refield.reports.plotting import save
from refield.reports.results import Scores
from refield.scores.fitted import Fitted
from refield.signals import Image
from refield.tasks import TASKS
from refield.tasks.derivatives import Derivatives
from refield.tasks.gradients import Gradients
from refield.tasks.laplacian import Laplacian
from refield.units.store import Store
from refield.units.unit import Unit

PAPER = papers.read("oh_bae_2024", ROOT / "papers")
OMEGA = 3.0
KINDS = [task() for task in (Derivatives, Gradients, Laplacian)]


def wave(image: Image) -> Fitted:
    """sin(3 row), in each channel, as a field at an image's points."""
    field, channels = Mlp(gates=("dense",), width=1, omega_0=OMEGA), image.channels
    weights = {"layers.0.weight": np.array([[[1.0], [0.0]]]), "layers.0.bias": np.zeros((1, 1))}
    weights |= {"layers.1.weight": np.ones((1, 1, channels)), "layers.1.bias": np.zeros((1, channels))}
    return Fitted(field, weights, image.points(), None, 1.0)


def picture(height: int, width: int, channels: int) -> Image:
    """The same as an image of whole levels."""
    rows = np.sin(OMEGA * np.linspace(-1, 1, height))
    pixels = np.broadcast_to(rows[:, None, None], (height, width, channels))
    return Image(np.rint(LEVELS * (pixels + 1)).astype(np.uint8))


@pytest.mark.parametrize("size", [(41, 41), (61, 40), (40, 61)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_fields_derivatives_are_those_of_its_picture_in_levels_by_pixels(
    size: tuple[int, int], channels: int
) -> None:
    image = picture(*size, channels)
    told = of_fit("field", image, image.pixels, wave(image))
    rows, step = np.linspace(-1, 1, size[0]), 2 / (size[0] - 1)
    np.testing.assert_allclose(
        told.gradient[:, 3, 0], LEVELS * step * OMEGA * np.cos(OMEGA * rows), rtol=1e-4, atol=1e-3
    )
    np.testing.assert_allclose(told.gradient[..., 1], 0, atol=1e-6)
    longer = 2 / (max(size) - 1)
    exact = -LEVELS * (longer * OMEGA) ** 2 * np.sin(OMEGA * rows)
    np.testing.assert_allclose(told.laplacian[:, 3], exact, rtol=1e-4, atol=1e-4)
    original = of_image("original", image)
    inner = np.s_[2:-2, 2:-2]
    np.testing.assert_allclose(original.gradient[inner], told.gradient[inner], atol=0.6)  # levels are whole numbers
    square = (max(size) - 1) ** 2 / (size[0] - 1) ** 2
    assert np.abs(original.laplacian[inner] - told.laplacian[inner]).max() * square < 2.1
    assert told.quality[0] == np.inf
    assert min(told.quality[1:]) > 40


@pytest.mark.parametrize("task", [Gradients(scale="published"), Laplacian(scale="published")])
def test_a_published_unit_is_turned_back(task: Gradients | Laplacian) -> None:
    """A field whose derivatives are the task's targets has those of the image, once it is to scale."""
    image = picture(41, 41, 1)
    target, found = task.problem(image, None).target, to_scale(wave(image), image, task)
    physical = type(task)().problem(image, None).target
    assert found.span * np.abs(target).max() == pytest.approx(np.abs(physical).max())
    assert to_scale(wave(image), image, Derivatives()).span == 1.0


def test_colours_tell_directions_and_signs() -> None:
    full = Scales(gradient=10.0, laplacian=4.0)
    slopes = np.array([[[0.0, 0.0], [0.0, 5.0], [0.0, 10.0], [0.0, 90.0], [-10.0, 0.0]]])
    colors = gradient_colors(slopes, full)[0].astype(int)
    assert colors[0].tolist() == [255, 255, 255]
    assert colors[2].tolist() == colors[3].tolist()  # saturated
    assert colors[0].sum() > colors[1].sum() > colors[2].sum()
    assert colors[2].argmax() == 0
    assert colors[4].argmax() != 2
    bends = laplacian_colors(np.array([[-9.0, -4.0, 0.0, 4.0]]), full)[0].astype(int)
    assert bends[0].tolist() == bends[1].tolist()
    assert np.ptp(bends[2]) <= 1
    assert [bends[0].argmax(), bends[3].argmax()] == [2, 0]


def test_a_picture_without_any_change_has_colours_too() -> None:
    flat = of_image("flat", Image(np.full((8, 9, 1), 70, np.uint8)))
    assert scales(flat) == Scales(1.0, 1.0)
    assert len(derivative_figure(flat, []).axes) == 3 + 2


@pytest.mark.parametrize("shape", [(20, 20), (64, 96), (96, 20)])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_panels_keep_the_aspect_do_not_overlap_and_fit_on_a_page(shape: tuple[int, int], count: int) -> None:
    image = picture(*shape, 1)
    figure = derivative_figure(
        of_image("o", image), [of_fit(f"m{i}", image, image.pixels, wave(image)) for i in range(count)]
    )
    wide, tall = figure.get_size_inches()
    assert wide <= 7.17
    assert tall <= 8.91
    boxes = [axes.get_position() for axes in figure.axes]
    assert len(boxes) == 3 * (count + 1) + 2
    for box in boxes:
        assert 0 <= box.x0 < box.x1 <= 1
        assert 0 <= box.y0 < box.y1 <= 1
    for box in boxes[:-2]:
        assert box.height * tall / (box.width * wide) == pytest.approx(shape[0] / shape[1])
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two methods' fits of two pictures, of a moment."""
    folder = tmp_path_factory.mktemp("fitted")
    (folder / "images").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REFIELD_UNITS", str(folder / "units"))
        for name, image in (("a", picture(12, 13, 3)), ("b", picture(12, 14, 3))):
            (folder / "images" / f"{name}.png").write_bytes(image.encode())
            for method, activation in (("siren", "sine"), ("ours", "relu")):
                field = Mlp(gates=("dense", "dense"), width=4, activation=activation, init="pytorch")
                unit = Unit(name, image, None, Derivatives(), field, Train(iterations=2, learning_rate=1e-3), 0)
                made = make_units([unit], Store(), "cpu", "title", Inline())[unit.key()]
                fits.write({name: made}, folder / "fits" / method)
    return folder


def drawn(folder: Path, task: object, methods: tuple[str, ...] = ("siren", "ours")) -> dict[str, str]:
    """The captions of a profile's figures."""
    params: Params = config.read(path=ROOT / "params.yaml")
    kind = next(name for name, each in TASKS.items() if isinstance(task, each))
    quick = params.profiles["quick"].model_copy(update={"task": {"kind": kind}})
    params = params.model_copy(update={"profiles": params.profiles | {"quick": quick}})
    files = Pictures(folder / "images", lambda method: folder / "fits" / method, partial(Path, "maps"))
    rows = [{"method": method, "image": image, task.measures[0].name: 20.0} for method in methods for image in "ab"]
    paper = PAPER.model_copy(update={"charts": PAPER.charts.model_copy(update={"gates": []})})
    return {
        each.name: each.caption
        for each in draw_all("quick", Scores(pd.DataFrame(rows), task.measures), files, params, paper)
    }


@pytest.mark.parametrize("task", KINDS)
def test_tasks_about_derivatives_have_them_drawn(fitted: Path, task: object) -> None:
    caption = drawn(fitted, task)["derivatives"]
    assert caption.startswith("All methods. Image a, the first. From above: original, SIREN, Ours; from left")
    image = picture(12, 13, 3)
    assert ("shifted to the original's mean" in caption) == (not isinstance(task, Derivatives))
    said = re.search(r"gradient would have (\S+) dB, its Laplacian (\S+) dB", caption)
    assert [float(value) for value in said.groups()] == pytest.approx(psnr_of_nothing(image, wave(image)), abs=0.006)


def test_bytes_are_the_same_again(tmp_path: Path) -> None:
    image = picture(20, 24, 3)
    for name in ("one.png", "two.png", "one.pdf", "two.pdf"):
        figure = derivative_figure(of_image("o", image), [of_fit("m", image, image.pixels, wave(image))])
        save(figure, tmp_path / name)
    for suffix in ("png", "pdf"):
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()


def test_other_tasks_have_none(fitted: Path) -> None:
    assert "derivatives" not in drawn(fitted, TASKS["represent"]())


def test_a_fit_without_its_weights_is_named(fitted: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(fitted, tmp_path / "copy"))
    (folder / "fits/ours/a/weights.safetensors").unlink()
    with pytest.raises(UserError, match=r"ours/a/weights\.safetensors is missing"):
        drawn(folder, Derivatives())
