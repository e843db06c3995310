from dataclasses import replace

import numpy as np
import pytest
import torch

from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fitting import fit
from refield.fitting.train import Train
from refield.signals import Image, Volume
from refield.tasks.gradients import Gradients
from refield.tasks.inpaint import Inpaint
from refield.tasks.occupancy import Occupancy
from refield.tasks.represent import Represent
from refield.tasks.task import Task
from refield.units import make
from refield.units.make import MOST_AT_ONCE, first_group, make_all
from refield.units.store import Store
from refield.units.unit import Unit

TRAIN = Train(iterations=3, learning_rate=1e-3)
REPRESENT = Represent()


def unit(name: str, height: int = 12, width: int = 16, hidden: int = 4, task: Task = REPRESENT, **train: float) -> Unit:
    image = np.random.default_rng(len(name)).integers(0, 256, (height, width, 3), dtype=np.uint8)
    field = Mlp(gates=("dense", 2.0), width=hidden, activation="relu")
    return Unit(name, Image(image), None, task, field, TRAIN.model_copy(update=train), 0)


def sizes(units, device):
    found = []
    while units:
        found.append(first_group(units, device))
        units = units[found[-1] :]
    return found


def test_a_cpu_fits_one_after_the_other_and_a_gpu_what_fills_it():
    kodak, crops = [unit("k", 512, 768, 256)] * 3, [unit("c", 128, 192, 64)] * 40
    assert sizes(crops, "cpu") == [1] * 40
    assert sizes(kodak, "cuda") == [1, 1, 1]
    assert sizes(crops, "cuda") == [MOST_AT_ONCE, MOST_AT_ONCE, 40 - 2 * MOST_AT_ONCE]
    assert sizes([*kodak[:1], *crops[:3], *kodak[:1]], "cuda") == [4, 1]
    assert sizes([], "cuda") == []


@pytest.mark.parametrize("at_once", [1, 3])
def test_what_fails_does_not_stop_the_rest_and_is_named(at_once, monkeypatch):
    monkeypatch.setattr(make, "first_group", lambda *_: at_once)
    units, store = [unit("one"), unit("three", learning_rate=1e30, iterations=40), unit("fives")], Store()
    with pytest.raises(UserError, match=r"1 of 3 fits failed; three: diverged: the loss is \w+ at iteration \d+"):
        make_all(units, store, "cpu", "title")
    assert store.get(units[1].key()) is None
    for good in (units[0], units[2]):
        kept = store.get(good.key())
        assert kept.provenance["together"] == at_once
        assert kept.provenance["precision"] == "float32"


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize(
    ("task", "height", "said"), [(Gradients(), 1, "a gradient needs at least 2"), (Inpaint(hidden=1e-9), 12, "none")]
)
def test_a_signal_that_its_task_refuses_does_not_stop_the_rest_either(task, height, said, at_once, monkeypatch):
    monkeypatch.setattr(make, "first_group", lambda *_: at_once)
    units, store = [unit("one"), unit("three", height, task=task), unit("fives")], Store()
    with pytest.raises(UserError, match=rf"title: 1 of 3 fits failed; three: has {height} x 16 pixels.* {said}"):
        make_all(units, store, "cpu", "title")
    assert [store.has(each.key()) for each in units] == [True, False, True]


def test_files_are_the_same_alone_and_together(monkeypatch, tmp_path):
    units = [unit("one"), unit("three"), unit("twelve")]
    alone = make_all(units, Store(tmp_path / "alone"), "cpu", "title")
    monkeypatch.setattr(make, "first_group", lambda *_: 3)
    together = make_all(units, Store(tmp_path / "together"), "cpu", "title")
    assert len(alone) == 3
    for key, made in alone.items():
        assert together[key].files == made.files


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("std::bad_alloc"),
    MemoryError(),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_out_of_memory_halves_what_is_fitted_at_once(error, monkeypatch, tmp_path, capsys):
    """A device that holds two fits, by the errors that torch and numpy raise; a real one is a GPU's affair."""
    tried, fit_together = [], fit.fit_together

    def small(jobs, *rest):
        tried.append(len(jobs))
        if len(jobs) > 2 or any(len(job.problem.points) > 500 for job in jobs):
            raise error
        return fit_together(jobs, *rest)

    monkeypatch.setattr(fit, "fit_together", small)
    monkeypatch.setattr(make, "first_group", lambda units, _, most=16: min(most, len(units)))
    units = [unit(name) for name in ("a", "bb", "ccc", "dddd", "eeeee")]
    made = make_all(units, Store(tmp_path / "a"), "cpu", "title")
    assert list(made) == [one.key() for one in units]
    assert tried == [5, 2, 2, 1]
    assert "does not hold 5 fits at once; now 2" in capsys.readouterr().err
    tried.clear()
    large = unit("large", 40, 40)
    with pytest.raises(UserError, match="1 of 3 fits failed; large: this machine's memory does not hold"):
        make_all([units[0], large, units[1]], Store(tmp_path / "b"), "cpu", "title")
    assert tried == [3, 1, 1, 1]
    assert Store(tmp_path / "b").has(units[1].key())


@pytest.mark.gpu
def test_a_gpu_out_of_memory_halves_what_is_fitted_at_once(tmp_path, capsys):
    """With room for about four of sixteen."""
    units = [unit("x" * number, 256, 256, 128) for number in range(1, MOST_AT_ONCE + 1)]
    torch.cuda.reset_peak_memory_stats()
    make_all(units[:1], Store(tmp_path / "one"), "cuda", "title")
    one, total = torch.cuda.max_memory_reserved(), torch.cuda.mem_get_info()[1]
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(min(1.0, 4.5 * one / total))
    try:
        made = make_all(units, Store(tmp_path / "all"), "cuda", "title")
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert len(made) == MOST_AT_ONCE
    assert f"does not hold {MOST_AT_ONCE} fits at once; now {MOST_AT_ONCE // 2}" in capsys.readouterr().err


def test_a_volume_is_fitted_in_batches(tmp_path):
    solid = Volume.of(np.random.default_rng(0).random((5, 6, 7)) < 0.5)
    wanted = replace(unit("solid"), signal=solid, task=Occupancy())
    (failed,) = make.make([wanted], Store(tmp_path), "cpu", lambda *_: None)
    assert failed.reason == "has 210 samples, of which batches are fitted; set train.batch"
    batches = replace(wanted, train=wanted.train.model_copy(update={"batch": 50}))
    (made,) = make.make([batches], Store(tmp_path), "cpu", lambda *_: None)
    assert Volume.decode(made.files["reconstruction.safetensors"]).shape == solid.shape
