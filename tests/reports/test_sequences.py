"""What searches have chosen, from their tables: rows, a page and a chart; and the stage, of a real search."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from stages import sequences

from refield import papers
from refield.errors import UserError
from refield.executors import make_units
from refield.executors.settings import Inline
from refield.fields.mlp import Mlp
from refield.fitting.train import Train
from refield.pipeline import fits
from refield.pipeline.layout import Layout
from refield.reports.chosen import COLUMNS, Sequences, margin
from refield.reports.sequences import chart, page
from refield.signals import Image
from refield.tasks.problem import mse_to_psnr
from refield.tasks.represent import Represent
from refield.units.search import COLUMNS as SEARCHED
from refield.units.store import Store
from refield.units.unit import Unit

PAPER = papers.read("oh_bae_2024", ROOT / "papers").model_copy(update={"methods": {"one": "Search", "two": "Another"}})
NAMES = ("sinc", "gaussian", "raised_cosine")


def search(*layers: tuple[float | None, ...], names: tuple[str, ...] = NAMES) -> pd.DataFrame:
    """A table of a search, from the last losses of each layer's candidates; None has diverged."""
    rows = []
    for layer, losses in enumerate(layers, 1):
        best = min(range(len(losses)), key=lambda i: math.inf if losses[i] is None else losses[i])
        for i, (name, loss) in enumerate(zip(names, losses, strict=True)):
            about = (layer, name, int(i == best))
            rows += [(*about, 0, None)] if loss is None else [(*about, 0, 0.9), (*about, 5, loss)]
    return pd.DataFrame(rows, columns=SEARCHED)


def of(**methods: list[pd.DataFrame]) -> Sequences:
    return Sequences.of(
        {(method, f"im{i}"): each for method, tables in methods.items() for i, each in enumerate(tables)}
    )


def text(found: Sequences, least_squares: bool = True) -> str:
    return page("quick", found, least_squares, PAPER)


def test_a_row_has_the_last_losses_of_the_chosen_and_of_the_next():
    found = of(one=[search((0.2, 0.1, 0.4), (0.04, 0.08, 0.02))])
    assert list(found.rows) == COLUMNS
    assert found.rows.to_numpy().tolist() == [
        ["one", "im0", 1, "gaussian", 0.1, "sinc", 0.2],
        ["one", "im0", 2, "raised_cosine", 0.02, "sinc", 0.04],
    ]


def test_of_equal_losses_the_first_of_the_dictionary_is_next_by_no_margin():
    found = of(one=[search((0.1, 0.1, 0.1), (0.3, 0.2, 0.3))])
    assert found.rows["runner_up"].tolist() == ["gaussian", "sinc"]
    assert found.by_layer("one", "margin").loc["im0"].tolist() == [0.0, pytest.approx(10 * math.log10(1.5))]


def test_who_has_diverged_is_no_runner_up():
    found = of(one=[search((None, 0.1, 0.2), (None, 0.1, None))])
    assert found.rows["runner_up"].tolist() == ["raised_cosine", ""]
    assert math.isnan(found.rows["loss_of_runner_up"][1])
    assert "| im0 | gaussian, gaussian | 16.02 | 3.01 (raised cosine) | — |" in text(found)
    assert "3.01, — dB; 0 of 1 are below 0.1 dB" in text(found)
    assert found.rows.to_csv(index=False).endswith("one,im0,2,gaussian,0.1,,\n")


def test_a_dictionary_of_one_has_no_margins():
    found = of(one=[search((0.1,), names=("sinc",))])
    assert "| im0 | sinc | 16.02 | — |" in text(found)
    assert "* Median margins, layer by layer: — dB; 0 of 0 are below 0.1 dB." in text(found)


@pytest.mark.parametrize(("loss", "other"), [(0.01, 0.02), (1e-9, 1.0), (0.5, 0.5)])
def test_a_margin_is_a_difference_of_psnr(loss, other):
    assert margin(loss, other) == pytest.approx(mse_to_psnr(loss) - mse_to_psnr(other))


def test_margins_from_nothing():
    assert margin(0.0, 0.1) == math.inf
    assert margin(0.0, 0.0) == 0.0
    assert math.isnan(margin(0.1, math.nan))
    assert math.isnan(margin(0.0, math.nan))
    assert "| im0 | sinc | ∞ | ∞ (gaussian) |" in text(of(one=[search((0.0, 0.1, 0.2))]))


def test_the_page_counts_sequences():
    a, b = search((0.1, 0.2, 0.3), (0.1, 0.1009, 0.3)), search((0.2, 0.1, 0.3), (0.3, 0.2, 0.1))
    assert "sequences: 2, on 3 images" in text(of(one=[a, b, a]))
    assert "* Most frequent: `sinc, sinc` on 2 of 3 images." in text(of(one=[a, b, a]))
    assert "* Most frequent: `sinc, sinc`, `gaussian, raised cosine`, each on 2 of 4" in text(of(one=[a, b, a, b]))
    assert "* Most frequent: none, each image has its own." in text(of(one=[a, b]))
    assert "* Most frequent: `sinc, sinc` on 1 of 1 image." in text(of(one=[a]))
    assert "3.01, 1.52 dB; 1 of 4 are below 0.1 dB" in text(of(one=[a, b]))


def test_two_searches_agree_on_some_images():
    a, b = search((0.1, 0.2, 0.3), (0.1, 0.2, 0.3)), search((0.1, 0.2, 0.3), (0.3, 0.2, 0.1))
    c = search((0.3, 0.1, 0.1001), (0.1, 0.2, 0.3))  # whose first layer may as well be another
    written = text(of(one=[a, a, a, b], two=[a, b, c])).split("## Search and Another\n")[1]
    assert "The same sequence on 1 of 3 images." in written
    assert "| 1 | 2 of 3 | 2 of 2 |\n| 2 | 2 of 3 | 2 of 3 |" in written
    assert "no image in common" in text(Sequences.of({("one", "a"): a, ("two", "b"): a}))


def test_searches_of_other_depths_share_their_first_layers():
    deep, flat = search((0.1, 0.2, 0.3), (0.1, 0.2, 0.3)), search((0.1, 0.2, 0.3))
    written = text(of(one=[deep], two=[flat])).split("## Search and Another\n")[1]
    assert "The same sequence on 0 of 1 image." in written
    assert written.rstrip().endswith("| 1 | 1 of 1 | 1 of 1 |")


def test_a_loss_that_is_no_squared_error_has_no_psnr():
    written = text(of(one=[search((3.14159, 4.0, 5.0))]), least_squares=False)
    assert "PSNR" not in written
    assert "| im0 | sinc | 3.14 | 1.05 (gaussian) |" in written


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.drop(columns="loss"), "has no column loss"),
        (lambda table: table.drop(columns="activation"), "has no activations"),
        (lambda table: table.iloc[:0], "has no activations"),
        (lambda table: table.assign(loss="small"), "has what is no number in its column loss"),
        (lambda table: table.assign(chosen=0), "has no single choice for layer 1"),
        (lambda table: table.assign(chosen=1), "has no single choice for layer 1"),
        (lambda table: table[table["layer"] == 2], "has no single choice for layer 1"),
        (lambda table: table.assign(loss=math.nan), "has no single choice for layer 1"),
    ],
)
def test_a_table_of_no_search_is_named(change, said):
    good = search((0.1, 0.2, 0.3), (0.1, 0.2, 0.3))
    with pytest.raises(UserError, match=f"^the search of one for im1 {said}$"):
        of(one=[good, change(good)])
    with pytest.raises(UserError, match="the searches of one are not all of as many layers"):
        of(one=[good, good[good["layer"] == 1]])


def test_the_chart_has_a_panel_for_each_method_and_counts_images():
    a, b = search((0.1, 0.2, 0.3), (0.1, 0.2, 0.3)), search((0.1, 0.2, 0.3), (0.3, 0.2, 0.1))
    found = of(one=[a, a, b], two=[a])
    np.testing.assert_array_equal(found.counts("one"), [[3, 0, 0], [2, 0, 1]])
    upper, lower = chart(found, PAPER).axes
    np.testing.assert_array_equal(upper.images[0].get_array(), [[3, 0, 0], [2, 0, 1]])
    assert [text.get_text() for text in upper.texts] == ["3", "", "", "2", "", "1"]
    assert (upper.get_title(), lower.get_title()) == ("Search (3 images)", "Another (1 image)")
    assert [label.get_text() for label in lower.get_xticklabels()] == ["sinc", "gaussian", "raised cosine"]
    assert not upper.xaxis.get_tick_params()["labelbottom"]  # they stand below the other


def test_panels_of_other_dictionaries_have_their_own_names():
    found = of(one=[search((0.1, 0.2, 0.3))], two=[search((0.1, 0.2), names=("sine", "gabor"))])
    panels = chart(found, PAPER).axes
    assert [len(panel.get_xticklabels()) for panel in panels] == [3, 2]
    assert all(panel.xaxis.get_tick_params()["labelbottom"] for panel in panels)


@pytest.fixture
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A clone with one searched method, whose fits of two images are there."""
    monkeypatch.chdir(tmp_path)
    settings = {"gates": ["dense", "dense"], "trained": "base", "omega_0": 8.0, "init": "pytorch", "width": 6}
    settings["activation"] = {"dictionary": [*NAMES], "stages": [1, 1]}
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["methods"] = {"plain": {"gates": ["dense"]}, "mire": {**settings, "field": "mlp"}}
    params["profiles"] = {"quick": params["profiles"]["quick"]}
    yaml.dump(params, tmp_path / "params.yaml")
    made, rng = {}, np.random.default_rng(0)
    train = Train(iterations=24, learning_rate=0.01, trace_every=2)
    for name in ("a", "b"):
        image = Image(rng.integers(0, 256, (12, 13, 3), dtype=np.uint8))
        unit = Unit(name, image, None, Represent(), Mlp(**settings), train, seed=0)
        made |= {name: make_units([unit], Store(), "cpu", "title", Inline())[unit.key()]}
    layout = Layout()
    fits.write(made, layout.fits("quick", "mire"))
    return layout


def test_the_stage_writes_what_a_real_search_has_chosen(searched):
    files = [searched.sequences("quick", suffix) for suffix in (".csv", ".md", ".svg")]
    sequences.main("quick")
    first = [file.read_bytes() for file in files]
    rows = pd.read_csv(files[0])
    assert rows[["method", "image", "layer"]].to_numpy().tolist() == [
        ["mire", image, layer] for image in "ab" for layer in (1, 2)
    ]
    for row in rows.itertuples():
        table = pd.read_csv(searched.fits("quick", "mire") / row.image / "search.csv").query(f"layer == {row.layer}")
        ranked = table.groupby("activation")["loss"].last().sort_values()
        assert [*ranked.index[:2], *ranked[:2]] == [row.activation, row.runner_up, row.loss, row.loss_of_runner_up]
    curve = pd.read_csv(searched.fits("quick", "mire") / "b" / "curve.csv")
    assert f"| {curve['psnr'].iloc[-1]:.2f} |" in files[1].read_text().split("| b |")[1]
    sequences.main("quick")
    assert [file.read_bytes() for file in files] == first


def test_a_search_without_its_table_is_named(searched):
    folder = searched.fits("quick", "mire")
    (folder / "b/search.csv").unlink()
    with pytest.raises(UserError, match=r"fits/mire/b/search.csv is missing, the table of a search; make these fits"):
        sequences.main("quick")
    folder.rename("elsewhere")
    with pytest.raises(UserError, match=r"fits/mire/\*/search.csv is missing"):
        sequences.main("quick")
    file = Path("params.yaml")
    yaml = YAML()
    params = yaml.load(file)
    del params["methods"]["mire"]
    yaml.dump(params, file)
    with pytest.raises(UserError, match=r"no method of params.yaml chooses its activations"):
        sequences.main("quick")
