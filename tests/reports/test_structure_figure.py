"""What a network sees in pictures, drawn: outlines where masks end, errors on one scale, and of real fits by rule."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.contour import QuadContourSet
from pipeline import ROOT
from safetensors.numpy import save as as_file

from refield import config, papers
from refield.executors import make_units
from refield.executors.settings import Inline
from refield.fields.mlp import Mlp
from refield.fitting.train import Train
from refield.pipeline import fits
from refield.reports.paper_figures import draw_all
from refield.reports.pictures import Pictures
from refield.reports.plotting import save
from refield.reports.results import Scores
from refield.reports.structure_figure import SEEN, TRUE, Seen, structure_figure
from refield.signals import Image
from refield.structure import masks
from refield.structure.unet import initialise
from refield.tasks.segmented import Segmented
from refield.units.scoring import score
from refield.units.store import Store
from refield.units.unit import Unit

ROWS, COLUMNS = np.mgrid[:16, :20]
TRUTH = (ROWS > 4) & (ROWS < 10) & (COLUMNS > 3) & (COLUMNS < 12)
ORIGINAL = np.where(TRUTH, 200, 60).astype(np.uint8)[..., None]


def seen(label: str, pixels: np.ndarray, mask: np.ndarray) -> Seen:
    return Seen(label, pixels.astype(np.uint8), mask, ("30.00 dB", "Dice 0.9000"))


def outlines(axes) -> list[np.ndarray]:
    return [
        np.concatenate(each.get_paths()[0].to_polygons())
        for each in axes.collections
        if isinstance(each, QuadContourSet)
    ]


def test_outlines_lie_where_masks_end_and_an_empty_mask_has_none() -> None:
    moved = np.roll(TRUTH, 2, axis=1)
    shown = [seen("one", ORIGINAL, moved), seen("none", ORIGINAL, TRUTH & ~TRUTH)]
    figure = structure_figure(seen("Original", ORIGINAL, TRUTH), TRUTH, shown)
    one, none = (axes for axes in figure.axes if axes.texts and axes.texts[0].get_text() in ("one", "none"))
    true, other = outlines(one)
    assert (true.min(axis=0), true.max(axis=0)) == (pytest.approx([3.5, 4.5]), pytest.approx([11.5, 9.5]))
    np.testing.assert_allclose(other.min(axis=0) - true.min(axis=0), [2, 0])
    assert len(outlines(none)) == 1
    assert TRUE != SEEN


def test_errors_are_on_one_scale() -> None:
    far, near = ORIGINAL.copy(), ORIGINAL.copy()
    far[3, 4], near[3, 4] = 160, 110
    figure = structure_figure(seen("o", ORIGINAL, TRUTH), TRUTH, [seen("far", far, TRUTH), seen("near", near, TRUTH)])
    pictures = [
        axes.images[0].get_array() for axes in figure.axes if axes.images and axes.images[0].get_array().ndim == 3
    ]
    errors = [each for each in pictures if each.sum() and (each[0, 0] == 0).all()]
    assert [int(each[3, 4, 0]) for each in errors] == [255, 127]


@pytest.mark.parametrize("shape", [(16, 20), (40, 20)])
def test_panels_fit_on_a_page_and_bytes_are_the_same_again(shape: tuple[int, int], tmp_path: Path) -> None:
    pixels, mask = np.full((*shape, 1), 90), np.zeros(shape, bool)
    for name in ("one.png", "two.png"):
        figure = structure_figure(seen("o", pixels, mask), mask, [seen(str(n), pixels, mask) for n in range(4)])
        save(figure, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    boxes = [axes.get_position() for axes in figure.axes[:-2]]
    assert len(boxes) == 9
    assert all(0 <= box.x0 < box.x1 <= 1.001 and 0 <= box.y0 < box.y1 <= 1.001 for box in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_fits_of_such_a_task_are_drawn_as_they_were_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image(ORIGINAL)
    (tmp_path / "unet").write_bytes(as_file(initialise(1, 2, 1, np.random.default_rng(0))))
    (tmp_path / "masks").write_bytes(masks.encode({image.digest(): TRUTH}))
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").write_bytes(image.encode())
    entry = {"kind": "segmented", "network_file": str(tmp_path / "unet"), "masks_file": str(tmp_path / "masks")}
    task = Segmented(network_file=entry["network_file"], masks_file=entry["masks_file"])
    rows = []
    for method, omega in (("siren", 10.0), ("ours", 20.0)):
        field = Mlp(gates=("dense",), width=4, omega_0=omega)
        unit = Unit("a", image, None, task, field, Train(iterations=1, learning_rate=1e-3), 0)
        made = make_units([unit], Store(), "cpu", "title", Inline())[unit.key()]
        fits.write({"a": made}, tmp_path / "fits" / method)
        rows.append({"method": method, **score("a", image, tmp_path / "fits" / method / "a", task)})
    params = config.read(path=ROOT / "params.yaml")
    quick = params.profiles["quick"].model_copy(update={"task": entry})
    params = params.model_copy(update={"profiles": params.profiles | {"quick": quick}})
    paper = papers.read("oh_bae_2024", ROOT / "papers")
    paper = paper.model_copy(update={"charts": paper.charts.model_copy(update={"gates": []})})
    files = Pictures(tmp_path / "images", lambda method: tmp_path / "fits" / method, partial(Path, "maps"))
    found = {
        each.name: each for each in draw_all("quick", Scores(pd.DataFrame(rows), task.measures), files, params, paper)
    }
    assert found["masks"].caption.startswith(
        "All methods. Image a, the first. Above: original, SIREN, Ours, as decoded"
    )
    words = [text.get_text() for axes in found["masks"].figure.axes for text in axes.texts]
    assert {f"Dice {row['dice']:.4f}" for row in rows} <= {*words}
    assert f"Dice {rows[0]['dice_original']:.4f}" in words
