"""What every field, task and signal of the tables keeps, alone and together. A new entry is tried without an edit here,
if it can be made from a width (a field), from nothing (a task of images), or is an image."""

import dataclasses
import json
from itertools import product
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from signals import scene
from small import TASKS_ALONE

from refield import fields, signals, tasks
from refield.errors import UserError
from refield.fields import FIELDS
from refield.fields.mlp import Mlp
from refield.fields.sparse_latents import SparseLatents
from refield.fitting import ways
from refield.fitting.train import Train
from refield.scores import detail
from refield.scores.fitted import FieldMeasure
from refield.segmentation import SEGMENTERS
from refield.signals import Image, Views, Volume
from refield.signals.image import array_sha256
from refield.tasks import TASKS
from refield.tasks.edges import EDGE_ERROR, FLAT_ERROR
from refield.tasks.laplacian import Laplacian
from refield.tasks.occupancy import Occupancy
from refield.tasks.problem import Batch, Problem
from refield.tasks.radiance import Radiance
from refield.tasks.rays import Traced
from refield.tasks.samples import Drawn
from refield.units.decode import read_model
from refield.units.make import make
from refield.units.names import LABELS, WEIGHTS, reconstruction
from refield.units.scoring import score_files
from refield.units.store import Made, Store
from refield.units.unit import Unit

# Noise is nowhere flat; and what is not reduced, as tasks are that are made from nothing, lacks no detail.
DETAILS = (detail.DETAIL, detail.DETAIL_BICUBIC, detail.DETAIL_LANCZOS, detail.DETAIL_BICUBIC_ENDS)
UNDEFINED = (EDGE_ERROR, FLAT_ERROR, *DETAILS)

SETTINGS = {
    "mlp": [
        {"width": 8, "gates": ("dense", "dense")},
        {"width": 8, "gates": (4.0, "segment"), "regions": 3, "bias": "per_expert"},
        {"width": 6, "gates": ("dense", "dense"), "regions": 3, "region_input": True, "activation": "leaky_relu"},
        {"width": 6, "gates": ("dense",) * 3, "activation": "relu", "skip": 2, "encoding": {"octaves": 2}},
    ],
    "mlp_same_law": [{"width": 8, "gates": ("dense", "dense")}],
    "gated_latents": [
        {"width": 8, "gates": (4.0, "segment", "dense"), "regions": 3},
        {"width": 8, "gates": ("dense", "dense"), "hidden_layers": 0},
    ],
    "cosmo": [{"width": 8, "hidden_layers": 1}],  # third derivatives of more layers take seconds
    # Between kinks its rectifiers have no Laplacian; its published tables are far larger than these pictures.
    "hash_grid": [{"width": 8, "activation": "gelu", "levels": 4, "log2_table": 6, "coarsest": 2, "finest": 17}],
}


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """A signal that is no image: what a field and an executor may not take for granted."""

    samples: np.ndarray  # (x, y, z, c) uint8

    suffix: ClassVar[str] = ".block"
    axes: ClassVar[tuple[str, ...]] = ("x", "y", "z")

    @property
    def shape(self) -> tuple[int, ...]:
        return self.samples.shape[:3]

    @property
    def channels(self) -> int:
        return self.samples.shape[3]

    def digest(self) -> str:
        return array_sha256(self.samples)

    def points(self) -> np.ndarray:
        axes = [np.linspace(-1, 1, side) for side in self.shape]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)

    def values(self) -> np.ndarray:
        return self.samples.reshape(-1, self.channels) / 127.5 - 1.0

    def with_values(self, values: np.ndarray) -> Self:
        return type(self)(np.rint((np.clip(values, -1, 1) + 1) * 127.5).astype(np.uint8).reshape(self.samples.shape))

    @classmethod
    def blank(cls, shape: tuple[int, ...], channels: int) -> Self:
        return cls(np.zeros((*shape, channels), np.uint8))

    def encode(self) -> bytes:
        return json.dumps(self.samples.tolist()).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return cls(np.array(json.loads(data), np.uint8))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, 256, shape, dtype=np.uint8)


SIGNALS = {
    "rgb": Image(noise(14, 19, 3)),
    "grey": Image(noise(14, 19, 1)),
    "block": Block(noise(4, 5, 6, 2)),
    "volume": Volume.of(noise(7, 6, 9) < 90),
    "views": scene.views(3, 1, 11),
}
ALL_FIELDS = [fields.build({"field": kind, **s}) for kind in FIELDS for s in SETTINGS.get(kind, [{"width": 8}])]
ALL_TASKS = [TASKS[kind]() for kind in TASKS_ALONE]
OCCUPANCY, RADIANCE = Occupancy(), Radiance(samples=4)
OWN = {OCCUPANCY: "volume", RADIANCE: "views"}  # tasks of one kind of signal, which is no image
# Every two of a field, a task and a signal meet, not every three.
TOGETHER = [
    (field, task, signal)
    for field, task, signal in product(ALL_FIELDS, ALL_TASKS, SIGNALS)
    if signal == "rgb" or field is ALL_FIELDS[0] or task is ALL_TASKS[0]
] + [(field, task, signal) for task, signal in OWN.items() for field in ALL_FIELDS]


def name(value: object) -> str:
    return value if isinstance(value, str) else type(value).__name__.lower()


@pytest.fixture(autouse=True)
def blocks(monkeypatch):
    monkeypatch.setitem(signals.SIGNALS, "blocks", Block)


def unit_of(field, task, signal, seed=0) -> Unit:
    labels = np.random.default_rng(1).integers(0, 3, signal.shape).astype(np.uint8) if field.needs_labels else None
    if labels is not None and labels.ndim != 2:
        pytest.skip("maps are of images")
    if not isinstance(signal, Image) and task not in OWN and task.measures != TASKS["represent"].measures:
        with pytest.raises(UserError, match="is no image"):
            task.problem(signal, None)
        pytest.skip("this task is one of images")
    # A volume is fitted in batches, whoever may hold all of its points, and so are views.
    train = Train(iterations=3, learning_rate=1e-3, trace_every=2, batch=100 if task in OWN else None)
    if isinstance(field, SparseLatents) and (train.batch or not task.least_squares):
        with pytest.raises(UserError, match="only fitted to values"):
            ways.choose(field, task.least_squares, train, "cpu")
        pytest.skip("its nodes are chosen by errors of values")
    return Unit("signal", signal, labels, task, field, train, seed)


def batch_of(problem: Problem) -> Batch:
    """All of a problem's points."""
    if isinstance(problem, Drawn):
        return problem.samples.on(torch.zeros(()))(torch.arange(len(problem.samples)))
    return Batch(
        torch.tensor(problem.points),
        None if problem.labels is None else torch.tensor(problem.labels),
        torch.tensor(problem.target, dtype=torch.float32),
        None if problem.importance is None else torch.tensor(problem.relative_importance(), dtype=torch.float32),
    )


@pytest.mark.parametrize(("field", "task", "signal"), TOGETHER, ids=name)
def test_a_fit_has_finite_gradients(field, task, signal):
    unit = unit_of(field, task, SIGNALS[signal])
    problem = task.problem(unit.signal, None if unit.labels is None else unit.labels.reshape(-1))
    start = field.initialise(len(unit.signal.shape), unit.signal.channels, np.random.default_rng(0))
    weights = {key: torch.tensor(array, dtype=torch.float32, requires_grad=True) for key, array in start.items()}

    def evaluate(points, labels):
        return field.evaluate(weights, points, labels)

    def colours(rays, labels):
        return problem.see(evaluate, rays).colour

    loss = problem.loss(colours if isinstance(problem, Traced) else evaluate, batch_of(problem))
    assert loss.shape == ()
    gradients = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
    assert all(torch.isfinite(gradient).all() for gradient in gradients if gradient is not None)
    moved = any(gradient is not None and gradient.abs().max() > 0 for gradient in gradients)
    straight = isinstance(field, Mlp) and set(field.activations) == {"leaky_relu"}  # between kinks
    assert moved != (straight and isinstance(task, Laplacian))


@pytest.mark.parametrize(("field", "task", "signal"), TOGETHER, ids=name)
def test_a_fit_comes_back_from_its_files_and_has_the_same_bytes_beside_another(field, task, signal, tmp_path):
    unit, other = (unit_of(field, task, SIGNALS[signal], seed) for seed in (0, 1))
    (made,) = make([unit], Store(tmp_path / "store"), "cpu", lambda *_: None)
    assert_comes_back(unit, made, tmp_path)
    beside, again = make([other, unit], Store(tmp_path / "store"), "cpu", lambda *_: None)
    assert again.files == made.files
    assert beside.files[WEIGHTS] != made.files[WEIGHTS]


def assert_comes_back(unit: Unit, made: Made, folder: Path) -> None:
    for file, data in made.files.items():
        (folder / file).write_bytes(data)
    field, task, model = unit.field, unit.task, read_model(folder / WEIGHTS)
    assert (model.field, model.dims, model.channels) == (field, len(unit.signal.shape), unit.signal.channels)
    kept = type(unit.signal).decode(made.files[reconstruction(unit.signal)])
    if task is not RADIANCE:  # whose views are rendered: tests/units/test_rendered.py
        again = task.finish(model.render(unit.signal.shape, unit.labels), unit.signal)
        assert np.abs(again.values() - kept.values()).max() <= 1.01 / 127.5
    assert (LABELS in made.files) == field.needs_labels
    if isinstance(unit.signal, Image) or task in OWN:
        row = score_files("signal", unit.signal, made.files, task)
        said = [measure for measure in task.measures if measure not in UNDEFINED]
        assert not any(np.isnan(row[measure.name]) for measure in said)
        asked = {measure.name for measure in task.measures if not isinstance(measure, FieldMeasure)}
        assert task.score(unit.signal, kept).keys() == asked


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("field", ALL_FIELDS, ids=name)
def test_a_point_does_not_depend_on_the_others(field, dims):
    rng = np.random.default_rng(2)
    start = field.initialise(dims, 2, np.random.default_rng(0))
    assert all(array.dtype == np.float64 for array in start.values())
    weights = {key: torch.tensor(array) for key, array in start.items()}
    points, labels = torch.tensor(rng.uniform(-1, 1, (40, dims))), torch.tensor(rng.integers(0, 3, 40))
    order = torch.tensor(rng.permutation(40))
    whole = field.evaluate(weights, points, labels)
    assert whole.shape == (40, 2)
    assert whole.dtype == torch.float64
    torch.testing.assert_close(field.evaluate(weights, points[order], labels[order]), whole[order])
    parts = [field.evaluate(weights, points[part], labels[part]) for part in (slice(0, 7), slice(7, 40))]
    torch.testing.assert_close(torch.cat(parts), whole)


@pytest.mark.parametrize("field", ALL_FIELDS, ids=name)
def test_a_field_draws_the_same_weights_from_the_same_seed(field):
    first, again, other = (field.initialise(2, 3, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert all((first[key] == again[key]).all() for key in first)
    assert any((first[key] != other[key]).any() for key in first)
    assert field.cost(2, 3).flop > 0


@pytest.mark.parametrize("field", ALL_FIELDS, ids=name)
def test_a_field_is_built_from_its_description(field):
    described = json.loads(json.dumps(fields.describe(field)))
    assert fields.build(described) == field


@pytest.mark.parametrize("task", [*ALL_TASKS, *OWN], ids=name)
def test_a_task_is_built_from_its_description_and_keeps_its_promises(task):
    described = json.loads(json.dumps(tasks.describe(task)))
    assert tasks.describe(tasks.build(described)) == described
    problem = task.problem(SIGNALS[OWN.get(task, "rgb")], None)
    assert (problem.loss is tasks.problem.squared_error) == task.least_squares
    assert task.only_scores <= type(task).model_fields.keys()


@pytest.mark.parametrize("kind", [*FIELDS.values(), *TASKS.values(), *SEGMENTERS.values()], ids=lambda k: k.__name__)
def test_an_unknown_key_is_refused_by_its_name(kind):
    with pytest.raises(ValidationError, match="nonsense"):
        kind(nonsense=1)


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_signal_survives_its_file_and_its_values(signal):
    signal = SIGNALS[signal]
    assert type(signal).decode(signal.encode()).digest() == signal.digest()
    if isinstance(signal, Views):  # of which an estimate is those that are held out
        signal = signal.held_out
    assert signal.with_values(signal.values()).digest() == signal.digest()
    assert signal.points().shape == (np.prod(signal.shape), len(signal.shape))
    assert np.abs(signal.points()).max() == 1
    blank = type(signal).blank(signal.shape, signal.channels)
    assert (blank.points() == signal.points()).all()
    again = blank.with_values(signal.values())
    assert (again.values() == signal.values()).all()
    assert isinstance(signal, Views) or again.digest() == signal.digest()  # views are their cameras, too
