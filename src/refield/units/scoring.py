"""One fit on disk and its signal -> one row of scores, all of it measured on the files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from refield.errors import UserError, shown
from refield.fields.field import map_bits, numbers
from refield.files import read
from refield.fitting.train import SPANS
from refield.scores.files import parse_csv
from refield.scores.fitted import FieldMeasure, Fitted
from refield.scores.measure import Measure
from refield.segmentation import files as label_maps
from refield.signals.signal import Signal
from refield.tasks.task import Task
from refield.units.names import LABELS, WEIGHTS, reconstruction
from refield.units.weights import Contents, parse

FLOAT32 = 32  # bits; as many of a map count as a parameter
CURVE = ["iteration", "loss", "psnr"]
# What a fit costs in the files as stored, before any compression of weights; bits are per sample of the signal.
COSTS = (
    Measure("parameters", "Parameters", 0, higher_is_better=False),
    Measure("bpp_weights", "bpp, weights", 2, higher_is_better=False),  # in float32
    Measure("bpp_map", "bpp, map", 2, higher_is_better=False),  # of labels.png, and of what says where latents are
    Measure("bpp", "bpp", 2, higher_is_better=False),
)

Row = dict[str, str | int | float]


@dataclass(frozen=True)
class Checked:
    """What a fit's files hold, which is of its signal's kind and size."""

    contents: Contents
    estimate: Signal
    labels: np.ndarray | None  # of the signal's shape, where the field follows a map


def score(name: str, signal: Signal, folder: Path, task: Task) -> Row:
    """Score the fit of a signal that lies in a folder; `UserError` names a file that cannot be used."""
    return score_files(name, signal, read_files(signal, folder), task, f"{folder}/")


def score_files(name: str, signal: Signal, files: Mapping[str, bytes], task: Task, place: str | None = None) -> Row:
    """Score the fit of a signal by its files; `place` is where they lie, for the sentence if one cannot be used."""
    checked = check(signal, files, f"{name}: " if place is None else place)
    try:
        quality = _quality(task, signal, checked)
    except UserError as error:
        raise UserError(f"{name}: {error}") from None
    about: Row = {"image": name, **dict(zip(signal.axes, signal.shape, strict=True))}
    return about | quality | _costs(checked.contents, int(np.prod(signal.shape)), files.get(LABELS, b""))


def _costs(contents: Contents, samples: int, labels: bytes) -> dict[str, float]:
    count = numbers(contents.field, contents.weights)
    where = map_bits(contents.field, contents.weights)
    bpp_weights, bpp_map = FLOAT32 * count / samples, (8 * len(labels) + where) / samples
    costs = (count + -(-where // FLOAT32), bpp_weights, bpp_map, bpp_weights + bpp_map)
    return dict(zip((measure.name for measure in COSTS), costs, strict=True))


def _quality(task: Task, signal: Signal, checked: Checked) -> dict[str, float]:
    """A task's measures of an estimate, and of the field itself where it has such."""
    quality = task.score(signal, checked.estimate)
    if asked := [each for each in task.measures if isinstance(each, FieldMeasure)]:
        contents, labels = checked.contents, checked.labels
        regions = None if labels is None else labels.reshape(-1)
        fitted = Fitted(contents.field, contents.weights, signal.points(), regions, SPANS[contents.target])
        quality |= {each.name: each.of(signal, fitted) for each in asked}
    return {each.name: quality[each.name] for each in task.measures}


def read_files(signal: Signal, folder: Path) -> dict[str, bytes]:
    """The files of a signal's fit but for its curve; `UserError` if one is missing, or no file."""
    names = [WEIGHTS, reconstruction(signal), *([LABELS] if (folder / LABELS).exists() else [])]
    return {name: read(folder / name, links=True) for name in names}


def check(signal: Signal, files: Mapping[str, bytes], place: str) -> Checked:
    """What the files of a signal's fit hold; `UserError`, beginning with `place`, names one that is not such a file."""
    file, labels = WEIGHTS, None
    try:
        contents = parse(files[file])
        contents.require(signal)
        file = reconstruction(signal)
        estimate = type(signal).decode(files[file])
        if (estimate.shape, estimate.channels) != (signal.shape, signal.channels):
            found, wanted = (*estimate.shape, estimate.channels), (*signal.shape, signal.channels)
            raise UserError(f"is {found}, not {wanted}")
        file = LABELS
        if contents.regions is not None:
            if file not in files:
                raise UserError("is missing")
            labels = label_maps.decode(files[file], signal.shape, contents.regions)
    except UserError as error:
        raise UserError(f"{place}{file} {error}") from None
    return Checked(contents, estimate, labels)


def read_signal(file: Path, kind: type[Signal]) -> Signal:
    """A signal of a kind from its file; `UserError` if it is missing or damaged."""
    data = read(file, links=True)
    try:
        return kind.decode(data)
    except UserError as error:
        raise UserError(f"{file} {error}") from None


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per signal, in the order of their names."""
    ordered: list[Row] = sorted(rows, key=lambda row: str(row["image"]))
    return pd.DataFrame.from_records(ordered)


def mean_curve(files: Sequence[Path]) -> pd.DataFrame:
    """iteration; psnr, lowest, highest: mean and extremes over images of the PSNR in dB, before rounding to 8 bit."""
    curves = pd.concat([_curve(file) for file in files])
    by_iteration = curves.groupby("iteration")["psnr"]
    if by_iteration.size().nunique() > 1:
        raise UserError(f"{files[0].parent.parent}: the fits' curves have different iterations; fit them all anew")
    return by_iteration.agg(psnr="mean", lowest="min", highest="max").reset_index()


def _curve(file: Path) -> pd.DataFrame:
    data = read(file, links=True)
    try:
        return decode_curve(data)
    except UserError as error:
        raise UserError(f"{file} {error}") from None


def decode_curve(data: bytes) -> pd.DataFrame:
    """iteration, loss, psnr of a curve's file, iterations ascending; `UserError`, without its name, if it is none."""
    curve = parse_csv(data)
    if list(curve.columns) != CURVE or curve.empty:
        raise UserError(f"has columns {shown(', '.join(map(str, curve.columns)))}, not {', '.join(CURVE)}, or no rows")
    iterations = curve["iteration"]
    if iterations.dtype.kind != "i" or iterations.iloc[0] < 0 or not (iterations.diff().iloc[1:] > 0).all():
        raise UserError("has iterations that are no ascending numbers")
    try:
        return curve.astype({"loss": float, "psnr": float})
    except ValueError:
        raise UserError("has a loss or psnr that is no number") from None
