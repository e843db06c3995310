"""A fit is refused for its memory before anything of that size is allocated, and never one that fits."""

import tracemalloc
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from pipeline import ROOT
from small import unit

from refield import config
from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.fitting.train import Train
from refield.pipeline import executing
from refield.pipeline.layout import Layout
from refield.signals import Volume
from refield.tasks.occupancy import Occupancy
from refield.units import memory
from refield.units.store import Store
from refield.units.unit import Unit

FIELDS = [Mlp(gates=("dense", 2.0, "segment"), width=5, regions=3), Mlp(gates=("dense",), width=(7,)), Wire(width=6)]


@pytest.mark.parametrize("field", FIELDS)
def test_weights_are_counted_without_being_drawn(field):
    weights = field.initialise(2, 3, np.random.default_rng(0))
    assert memory.count_weights(field, 2, 3) == sum(array.size for array in weights.values())


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("width", [200_000, 10**10, 10**18])
def test_a_network_that_no_memory_holds_is_refused_at_once(width, device):
    wanted = replace(unit(0), field=Mlp(gates=("dense", "segment"), width=width, regions=2))
    tracemalloc.start()
    with pytest.raises(UserError, match=r"^image0: its fit needs a memory of .* at least, and this machine has"):
        memory.require([unit(1), wanted], device)
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def test_what_may_fit_is_not_refused():
    """A layer of so many weights is nearly all of the memory, in the 32 bytes that each has at least."""
    width = int((0.9 * psutil.virtual_memory().total / 32) ** 0.5)
    memory.require([replace(unit(0), field=Mlp(gates=("dense", "dense"), width=width))], "cpu")
    with pytest.raises(UserError):
        memory.require([replace(unit(0), field=Mlp(gates=("dense", "dense"), width=int(1.1 * width)))], "cpu")


def test_of_a_volume_no_more_than_a_batch_is_held(monkeypatch):
    solid, train = Volume.blank((100, 100, 100), 1), Train(iterations=1, learning_rate=1e-3, batch=1000)
    fit = Unit("solid", solid, None, Occupancy(), Wire(width=6), train, 0)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=100_000))
    memory.require([fit], "cpu")
    with pytest.raises(UserError):
        memory.require([replace(fit, train=train.model_copy(update={"batch": 10_000}))], "cpu")


def test_the_pipeline_asks_before_it_fits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where no executor.yaml is
    params, store = config.read(path=ROOT / "params.yaml"), Store(tmp_path / "store")
    wanted = [unit(1), replace(unit(0), field=Mlp(gates=("dense", "dense"), width=200_000))]
    with pytest.raises(UserError, match=r"^image0: its fit needs a memory of"):
        executing.make(wanted, store, params, Layout(), "quick", "quick/ours", lambda: [])
    assert not store.has(wanted[0].key())
