"""Which way a fit goes, and where."""

import pytest
import torch
from fitting.descents import mlp, noise
from small import TASKS_ALONE

from refield.fields.wire import Wire
from refield.fitting import ways
from refield.fitting.train import Train
from refield.tasks import TASKS
from refield.tasks.problem import squared_error

FUSED, ENGINE, BATCHES, AUTOGRAD = (
    f"refield.fitting.{name}" for name in ("mlp.fused", "mlp.engine", "rays", "autograd")
)
MLP, MIXED = mlp(8.0, "segment"), {"precision": "mixed"}
CASES = {  # field, least squares, settings; the modules that may take it, a GPU's first
    "an mlp": (MLP, True, {}, [ENGINE]),
    "on a unit target": (MLP, True, {"target": "unit"}, [ENGINE]),
    "in mixed precision": (MLP, True, MIXED, [FUSED, ENGINE]),
    "without a hidden layer": (mlp("segment", output="gated"), True, MIXED, [ENGINE]),
    "by the definition": (MLP, True, {"engine": "autograd"}, [AUTOGRAD]),
    "in batches": (MLP, True, {"batch": 100}, [BATCHES]),
    "another loss, in batches": (MLP, False, {"batch": 100}, [BATCHES]),
    "another loss": (MLP, False, {}, [AUTOGRAD]),
    "wire": (Wire(width=8), True, {}, [AUTOGRAD]),
    "wire, another loss": (Wire(width=8), False, {}, [AUTOGRAD]),
}


@pytest.fixture
def gpu(monkeypatch):
    """Says which GPU there is, and whether Triton is."""

    def there_is(capability, triton=True):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
        monkeypatch.setattr(ways, "find_spec", lambda _: object() if triton else None)

    return there_is


@pytest.mark.parametrize("case", CASES)
def test_each_fit_goes_the_first_way_that_takes_it(case, gpu):
    field, least_squares, settings, modules = CASES[case]
    train = Train(iterations=1, learning_rate=1e-3, **settings)
    gpu((8, 0))
    assert ways.modules(field, least_squares, train) == modules
    assert ways.choose(field, least_squares, train, "cuda").module == modules[0]
    assert ways.choose(field, least_squares, train, "cpu").module == modules[-1]


@pytest.mark.parametrize(("capability", "triton"), [((7, 5), True), ((9, 0), False)])
def test_a_gpu_without_matrix_units_or_triton_has_the_engine(capability, triton, gpu):
    gpu(capability, triton)
    train = Train(iterations=1, learning_rate=1e-3, **MIXED)
    assert ways.choose(MLP, True, train, "cuda").module == ENGINE


@pytest.mark.parametrize("way", ways.WAYS, ids=lambda way: way.module)
def test_what_is_loaded_is_of_the_module_that_the_fingerprint_reads(way):
    if way.module == FUSED:
        pytest.importorskip("triton")
    assert way.load().__module__ == way.module


@pytest.mark.parametrize("kind", TASKS_ALONE)
def test_a_task_says_of_its_loss_what_the_fit_finds(kind):
    """The one is in a unit's key, the other takes the steps."""
    task = TASKS[kind]()
    assert task.least_squares == (noise((20, 30, 3), task).loss is squared_error)
