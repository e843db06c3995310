"""The numbers in networks of sines beside their laws: what is measured, a page and a chart; and the stage, of fits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from stages import laws as stage

from refield import papers
from refield.errors import UserError
from refield.executors import make_units
from refield.executors.settings import Inline
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.fitting.train import Train
from refield.pipeline import fits
from refield.pipeline.layout import Layout
from refield.reports.laws import FITTED, INITIAL, chart, is_of_sines, layers, page, table
from refield.reports.plotting import save
from refield.scores.fitted import Fitted
from refield.signals import Image
from refield.signals.image import pixel_grid
from refield.tasks.represent import Represent
from refield.units.store import Store
from refield.units.unit import Unit

PAPER = papers.read("oh_bae_2024", ROOT / "papers").model_copy(update={"methods": {"siren": "SIREN", "wide": "Wide"}})
WIDTH, OMEGA, SEED = 128, 30.0, 3
SIREN = Mlp(gates=("dense",) * 3, width=WIDTH, omega_0=OMEGA)
SMALL = Mlp(gates=("dense",) * 3, width=8)
DICTIONARY = {"dictionary": ["sine", "gaussian"], "stages": [1, 1]}


def fitted(seed: int = 0, biases: float = 1.0, field: Mlp = SMALL) -> Fitted:
    """A field with weights of its initialisation, at the pixels of an image; its biases may be smaller."""
    weights = field.initialise(2, 1, np.random.default_rng(seed))
    weights = {name: array * (biases if name.endswith("bias") else 1.0) for name, array in weights.items()}
    return Fitted(field, weights, pixel_grid(40, 41), None, 1.0)


def measured(*given: Fitted) -> pd.DataFrame:
    return table(layers("siren", given, SEED)).set_index(["weights", "layer"]).drop(columns="method")


def test_without_biases_the_law_of_the_paper_holds_and_biases_add_to_the_variance() -> None:
    told = measured(fitted(biases=0.0, field=SIREN))
    for layer in (2, 3):
        ended, began = told.loc[(FITTED, layer)], told.loc[(INITIAL, layer)]
        assert ended["arguments_deviation"] == pytest.approx(1, abs=0.12)
        assert ended["arguments_ks"] < 0.06
        assert ended["activations_ks"] < 0.09
        assert began["arguments_deviation"] ** 2 == pytest.approx(1 + OMEGA**2 / (3 * WIDTH), rel=0.25)
    assert told["activations_deviation"].between(0.6, 0.75).all()
    assert told["arguments_ks"].isna().tolist() == [True, False, False] * 2  # of a first layer there is no such law


def test_initial_weights_are_those_of_the_seed() -> None:
    same, other = measured(fitted(SEED)), measured(fitted(SEED + 1))
    pd.testing.assert_frame_equal(same.loc[INITIAL], same.loc[FITTED])
    assert (other.loc[INITIAL] - other.loc[FITTED]).abs().max(axis=None) > 0.01


def test_all_images_are_together_and_as_many_points_of_each() -> None:
    one, two = fitted(1), fitted(2)
    both = [layer for layer in layers("siren", [one, two], SEED) if layer.weights == FITTED]
    alone = [layer for layer in layers("siren", [one], SEED) if layer.weights == FITTED]
    assert [len(layer.arguments) for layer in both] == [len(layer.arguments) for layer in alone] == [1024 * 8] * 3
    np.testing.assert_allclose(np.sin(both[2].arguments), both[2].activations, atol=1e-5)


def test_a_small_image_has_all_of_its_points() -> None:
    small = replace(fitted(), points=pixel_grid(5, 6))
    assert [len(layer.arguments) for layer in layers("siren", [small], SEED)] == [30 * 8] * 6


def test_gates_follow_their_labels() -> None:
    field = Mlp(gates=("dense", "segment"), width=8, regions=2)
    labels = np.arange(40 * 41) % 2
    told = [
        table(layers("ours", [replace(fitted(field=field), labels=each)], SEED)).loc[3, "arguments_mean"]
        for each in (labels, 0 * labels)
    ]
    assert told[0] != told[1]


@pytest.mark.parametrize(
    ("field", "whether"),
    [
        (SIREN, True),
        (Mlp(gates=("dense", "segment"), width=4, regions=2), True),
        (Mlp(gates=("dense",) * 2, width=4, activation="relu"), False),
        (Mlp(gates=("dense",) * 2, width=4, activation=("sine", "gaussian")), False),
        (Mlp(gates=("dense",) * 2, width=4, activation=DICTIONARY, trained="base"), False),
        (Wire(hidden_layers=1, width=4), False),
    ],
)
def test_laws_are_of_sines(field: object, whether: bool) -> None:
    assert is_of_sines(field) == whether


def test_the_page_and_the_chart_say_the_same() -> None:
    deep = Mlp(gates=("dense",) * 2, width=16)
    found = [*layers("siren", [fitted()], SEED), *layers("wide", [fitted(field=deep)], SEED)]
    told = table(found)
    text, figure = page("quick", told, PAPER), chart(found, told, PAPER)
    assert "![Distributions of arguments and activations in each layer](quick.svg)" in text
    assert text.index("## SIREN") < text.index("## Wide")
    assert "| initial | 1 |" in text.split("## Wide")[1]
    assert " — |" in text
    panels = [axes for axes in figure.axes if axes.axison]
    assert len(panels) == 2 * 3 + 2 * 2
    printed = [text.get_text() for axes in panels for text in axes.texts]
    by_panel = [rows[f"{what}_ks"].tolist() for what in ("arguments",) for _, rows in told.groupby(["method", "layer"])]
    assert printed[:4] == [f"KS {value:.2f}" for each in by_panel[1:3] for value in each]
    assert [len(axes.texts) for axes in panels] == [0, 2, 2, 2, 2, 2, 0, 2, 2, 2]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["initial weights", "fitted weights", "law"]


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """One method of sines and one of rectifiers, whose fits of two images are there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REFIELD_UNITS", str(tmp_path / "units"))
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    gates = ["dense", "dense"]
    params["methods"] = {"siren": {"gates": gates}, "relu": {"gates": gates, "activation": "relu"}}
    params["profiles"] = {"quick": params["profiles"]["quick"]}
    params["profiles"]["quick"]["network"]["width"] = 6
    yaml.dump(params, tmp_path / "params.yaml")
    layout, rng, made = Layout(), np.random.default_rng(0), {}
    layout.signals("quick").mkdir(parents=True)
    for name in ("a", "b"):
        image = Image(rng.integers(0, 256, (12, 13, 3), dtype=np.uint8))
        (layout.signals("quick") / f"{name}.png").write_bytes(image.encode())
        field, train = Mlp(gates=("dense",) * 2, width=6), Train(iterations=1, learning_rate=1e-9)
        unit = Unit(name, image, None, Represent(), field, train, seed=params["seed"])
        made |= {name: make_units([unit], Store(), "cpu", "title", Inline())[unit.key()]}
    fits.write(made, layout.fits("quick", "siren"))
    return layout


def test_the_stage_reads_fits_and_knows_what_they_began_with(clone: Layout) -> None:
    stage.main("quick")
    files = [clone.laws("quick", suffix) for suffix in (".csv", ".md", ".svg")]
    first = [file.read_bytes() for file in files]
    rows = pd.read_csv(files[0])
    assert rows[["method", "weights", "layer"]].to_numpy().tolist() == [
        ["siren", weights, layer] for weights in (INITIAL, FITTED) for layer in (1, 2)
    ]
    began, ended = (rows[rows["weights"] == each].drop(columns="weights") for each in (INITIAL, FITTED))
    pd.testing.assert_frame_equal(began.reset_index(drop=True), ended.reset_index(drop=True), atol=1e-4)
    stage.main("quick")
    assert [file.read_bytes() for file in files] == first


def test_what_the_stage_lacks_is_named(clone: Layout) -> None:
    folder = clone.fits("quick", "siren")
    (folder / "a/weights.safetensors").unlink()
    with pytest.raises(UserError, match=r"siren/a/weights\.safetensors is missing"):
        stage.main("quick")
    folder.rename("elsewhere")
    with pytest.raises(UserError, match=r"fits/siren has no fits; `dvc repro` makes them"):
        stage.main("quick")
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("  siren:\n    gates:", "  siren:\n    activation: relu\n    gates:"))
    with pytest.raises(UserError, match=r"no method of params\.yaml is an MLP of sines alone in profile quick"):
        stage.main("quick")


def test_bytes_are_the_same_again(tmp_path: Path) -> None:
    for name in ("one", "two"):
        found = list(layers("siren", [fitted()], SEED))
        save(chart(found, table(found), PAPER), tmp_path / f"{name}.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
