"""MIRE's greedy search as a unit: what its fits are, what it chooses, and that it is kept like others."""

import io

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from refield.executors import make_units
from refield.executors.settings import Inline, Local
from refield.fields.mlp import Mlp
from refield.fitting import fit
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks.represent import Represent
from refield.units.failures import FitsFailed
from refield.units.kept import kept
from refield.units.names import CURVE, SEARCH, WEIGHTS
from refield.units.search import Search, may_end_as
from refield.units.store import Store
from refield.units.unit import Unit
from refield.units.weights import parse

NAMES = ("sinc", "gaussian", "gabor")


def field(names=NAMES, stages=(1, 1, 2), **settings):
    activation = {"dictionary": names, "stages": stages}
    return Mlp(
        **{
            "gates": ("dense",) * len(stages), "width": 6, "activation": activation, "trained": "base", "omega_0": 8.0,
            "init": "pytorch", **settings,
        }
    )  # fmt: skip


def unit(seed=0, iterations=48, **settings):
    image = Image(np.random.default_rng(0).integers(0, 256, (12, 13, 3), dtype=np.uint8))
    train = Train(iterations=iterations, learning_rate=0.01, trace_every=2)
    return Unit("noise", image, None, Represent(), field(**settings), train, seed)


def made_of(unit, store, executor=None):
    return make_units([unit], store, "cpu", "title", executor or Inline())[unit.key()]


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store"))
    return store, made_of(unit(), store)


def table(made):
    return pd.read_csv(io.BytesIO(made.files[SEARCH]))


def test_the_best_of_each_stage_goes_on(searched):
    store, made = searched
    rows, search = table(made), Search(unit())
    last = rows.groupby(["layer", "activation"])["loss"].last()
    chosen = rows[rows["chosen"] == 1].groupby("layer")["activation"].unique().map(lambda names: names.item())
    for layer in (1, 2, 3):
        assert last[layer].idxmin() == chosen[layer]
        candidates = search.candidates()
        assert list(candidates) == list(NAMES)
        for name, each in candidates.items():
            assert each.field.activations == (*chosen[: layer - 1], name)
            assert (each.start is None) == (layer == 1)
            assert store.get(each.key()) is not None
        search.choose({each.key(): store.get(each.key()) for each in candidates.values()}, {})
    assert search.done
    assert search.result().files == made.files
    assert parse(made.files[WEIGHTS]).field.activations == tuple(chosen)


def test_iterations_add_up_to_those_of_any_fit(searched):
    rows = table(searched[1])
    lengths = rows.groupby(["layer", "activation"])["iteration"].last().groupby("layer").unique()
    assert [each.tolist() for each in lengths] == [[4], [4], [8]]
    assert unit().train.iterations == 3 * (4 + 4 + 8)


def test_earlier_layers_start_as_they_ended(searched):
    """The first loss of the next stage is that of its start: earlier layers as learned, what is new from the seed."""
    store, _ = searched
    first, second = Search(unit()), Search(unit())
    candidates = first.candidates()
    first.choose({each.key(): store.get(each.key()) for each in candidates.values()}, {})
    (winner, _, ended), each = first.chosen[0], first.candidates()["gaussian"]
    learned = parse(ended.files[WEIGHTS]).weights
    start = each.field.initialise(2, 3, np.random.default_rng(0))
    start |= {name: array for name, array in learned.items() if name.startswith("layers.0.")}
    points, target = each.signal.points(), each.signal.values()
    with torch.no_grad():
        values = each.field.evaluate(
            {k: torch.tensor(v, dtype=torch.float64) for k, v in start.items()}, torch.tensor(points)
        )
    loss = float(((values.numpy() - target) ** 2).mean())
    curve = pd.read_csv(io.BytesIO(store.get(each.key()).files[CURVE]))
    assert curve["loss"].iloc[0] == pytest.approx(loss, rel=1e-5)
    assert second.candidates()["gaussian"].field.hidden == 1
    assert winner.field.hidden == 1


def test_a_search_is_found_in_the_store_and_its_fits_too(searched, monkeypatch):
    store, made = searched
    assert kept(store, unit()).files == made.files
    store.discard(unit().key())
    monkeypatch.setattr("refield.units.make.make", None)  # nothing is fitted again
    assert made_of(unit(), store).files == made.files


@pytest.mark.slow
def test_other_processes_come_to_the_same_bytes(searched, tmp_path):
    made = made_of(unit(), Store(tmp_path), Local(kind="local", workers=2, cores=1))
    assert made.files == searched[1].files


@pytest.mark.parametrize("change", [{"names": NAMES[:2]}, {"stages": (1, 1)}, {"seed": 1}, {"width": 5}])
def test_what_is_asked_for_decides_the_key(change):
    assert unit(**change).key() != unit().key()


def test_a_fit_that_diverges_is_not_chosen(tmp_path, monkeypatch):
    steps = fit._steps

    def diverge(job, *rest):
        if job.field.activations[-1] != "gaussian":
            raise fit.Diverged("the loss is nan")
        yield from steps(job, *rest)

    monkeypatch.setattr(fit, "_steps", diverge)
    made = made_of(unit(), Store(tmp_path))
    assert parse(made.files[WEIGHTS]).field.activations == ("gaussian",) * 3
    assert table(made).query("activation == 'sinc'")["loss"].isna().all()


def test_one_sentence_where_all_fits_of_a_stage_diverge(tmp_path, monkeypatch):
    def diverge(*_):
        raise fit.Diverged("the loss is nan")
        yield

    monkeypatch.setattr(fit, "_steps", diverge)
    with pytest.raises(FitsFailed, match=r"^title: 1 of 1 fits failed; noise: diverged: the loss is nan$"):
        made_of(unit(), Store(tmp_path))


def test_a_search_is_made_anew_where_all_is(searched):
    store, made = searched
    assert made_of(unit(), Store(store.root, refit=True)).files == made.files


def test_only_what_a_search_can_end_with_is_its_fit():
    ended = field().shortened(("gabor", "sinc", "sinc"))
    assert may_end_as(field(), ended)
    assert not may_end_as(field(), field().shortened(("gabor", "sinc", "sine")))
    assert not may_end_as(field(), field().shortened(("gabor", "sinc")))
    assert not may_end_as(field(), ended.model_copy(update={"width": 7}))
    assert may_end_as(ended, ended)
    assert not may_end_as(ended, field())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"names": ("sinc", "tanh")}, "tanh is no activation"),
        ({"names": ("sinc", "sinc")}, "twice"),
        ({"gates": ("dense",) * 4}, "stages lists 3 numbers; there are 4 hidden layers"),
        ({"names": ("sinc", "relu")}, "relu has no parameters to train"),
    ],
)
def test_a_search_that_cannot_be_is_refused(settings, said):
    with pytest.raises(ValidationError, match=said):
        field(**settings)
