"""A fit's folder: pictures, weights, curve and map, and what was asked for; all that a result is made of again."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

from refield import files, tasks
from refield.errors import UserError, shown
from refield.fitting.train import Train
from refield.reports.figures import error
from refield.segmentation.files import read_labels
from refield.settings import among, choices, refused, sentence
from refield.signals import Image, png
from refield.strict import Strict
from refield.tasks.task import Task
from refield.units import decode
from refield.units.names import CURVE, LABELS, WEIGHTS, reconstruction
from refield.units.scoring import decode_curve, read_signal
from refield.units.unit import Unit

ORIGINAL, ERROR, ABOUT = "original.png", "error.png", "fit.json"
BRIGHTER = 10  # of error.png: small errors would be black
MOST_OF_ABOUT = 2**16  # bytes


class About(Strict):
    """What a folder says of its fit beside pictures and weights."""

    name: str
    method: str
    task: dict[str, Any]
    train: Train
    seed: int = Field(ge=0)
    provenance: dict[str, Any]


def make(folder: str | PathLike[str]) -> Path:
    """The folder, which is there now; `UserError` if it cannot be."""
    path = Path(folder).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UserError(f"{path} cannot be made a folder: {problem.strerror or problem}") from None
    return path


def write(path: Path, method: str, unit: Unit, made: Mapping[str, bytes], provenance: Mapping[str, Any]) -> None:
    """Write a fit into a folder that is there; `UserError` if that fails."""
    task = {**tasks.describe(unit.task), **unit.task.model_dump(mode="json")}
    about = About(
        name=unit.name, method=method, task=task, train=unit.train, seed=unit.seed, provenance=dict(provenance)
    )
    original, estimate = unit.signal.encode(), made[reconstruction(unit.signal)]
    difference = error(Image.decode(original).pixels, Image.decode(estimate).pixels)
    try:
        (path / LABELS).unlink(missing_ok=True)  # of another fit that lay here
        for name, data in {**made, ORIGINAL: original}.items():
            (path / name).write_bytes(data)
        png.write(path / ERROR, np.minimum(255, BRIGHTER * difference).astype(np.uint8))
        (path / ABOUT).write_text(about.model_dump_json(indent=1, exclude_unset=True) + "\n", encoding="utf-8")
    except OSError as problem:
        raise UserError(f"{path} cannot be written: {problem.strerror or problem}") from None


def read(path: Path) -> tuple[str, Unit, dict[str, bytes], dict[str, Any]]:
    """Method, unit, files and provenance of a folder, as they were written; `UserError` names a file that is not."""
    about, task = _about(path / ABOUT)
    model, estimate = decode.read_fit(path)
    signal = read_signal(path / ORIGINAL, Image)
    try:
        model.require(signal)
    except UserError as problem:
        raise UserError(f"{path / WEIGHTS}: {problem}, as {ORIGINAL} is") from None
    if estimate.shape != signal.shape:
        sizes = [" x ".join(map(str, reversed(shape))) for shape in (estimate.shape, signal.shape)]
        raise UserError(f"{path / reconstruction(signal)} is {sizes[0]} pixels; {ORIGINAL} is {sizes[1]}")
    if about.train.target != model.target:
        raise UserError(
            f"{path / ABOUT}: train.target = {shown(about.train.target)}; the weights' is {shown(model.target)}"
        )
    labels = None if model.regions is None else read_labels(path / LABELS, signal.shape, model.regions)
    unit = Unit(about.name, signal, labels, task, model.field, about.train, about.seed)
    names = [WEIGHTS, reconstruction(signal), CURVE, *([] if labels is None else [LABELS])]
    found = {name: files.read(path / name, links=True) for name in names}
    try:
        decode_curve(found[CURVE])
    except UserError as problem:
        raise UserError(f"{path / CURVE} {problem}") from None
    return about.method, unit, found, about.provenance


def _about(file: Path) -> tuple[About, Task]:
    """What the folder says of its fit, and the task that this describes."""
    try:
        about = About.model_validate_json(files.read(file, MOST_OF_ABOUT, links=True))
        kind = about.task.get("kind")
        if not among(kind, tasks.TASKS):
            raise refused(f"{file}: task.kind", kind, f"be one of {choices(tasks.TASKS)}")
        return about, tasks.build(about.task)
    except ValidationError as problem:
        raise UserError(f"{file}: {sentence(problem)}") from None
