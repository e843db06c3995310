"""One fit on disk and its signal -> one row of scores, all of it measured on the files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load

from refield.errors import UserError
from refield.scores.measure import Measure
from refield.signals.signal import Signal
from refield.tasks.task import Task
from refield.units.names import LABELS, WEIGHTS, reconstruction

CURVE = ["iteration", "loss", "psnr"]
# What a fit costs in the files as stored, before any compression of weights; bits are per sample of the signal.
COSTS = (
    Measure("parameters", "Parameters", 0, higher_is_better=False),
    Measure("bpp_weights", "bpp, weights", 2, higher_is_better=False),  # in float32
    Measure("bpp_map", "bpp, map", 2, higher_is_better=False),  # of labels.png, where the field needs it
    Measure("bpp", "bpp", 2, higher_is_better=False),
)

Row = dict[str, str | int | float]


def score(name: str, signal: Signal, folder: Path, task: Task) -> Row:
    """Score the fit of a signal that lies in a folder; `UserError` names a file that cannot be used."""
    files = {}
    for file in (WEIGHTS, reconstruction(signal), LABELS):
        try:
            files[file] = (folder / file).read_bytes()
        except FileNotFoundError:
            if file != LABELS:
                raise UserError(f"{folder / file} is missing") from None
    return score_files(name, signal, files, task, f"{folder}/")


def score_files(name: str, signal: Signal, files: Mapping[str, bytes], task: Task, place: str = "") -> Row:
    """Score the fit of a signal by its files; `place` is where they lie, for the sentence if one cannot be used."""
    file, samples = reconstruction(signal), int(np.prod(signal.shape))
    try:
        estimate = type(signal).decode(files[file])
        weights = list(load(files[WEIGHTS]).values())
    except SafetensorError as error:
        raise UserError(f"{place}{WEIGHTS} is no safetensors file: {error}") from None
    except UserError as error:
        raise UserError(f"{place}{file} {error}") from None
    if (estimate.shape, estimate.channels) != (signal.shape, signal.channels):
        found, wanted = (*estimate.shape, estimate.channels), (*signal.shape, signal.channels)
        raise UserError(f"{place}{file} is {found}, not {wanted}")
    try:
        quality = task.score(signal, estimate)
    except UserError as error:
        raise UserError(f"{name}: {error}") from None
    bpp_weights = 8 * sum(weight.nbytes for weight in weights) / samples
    bpp_map = 8 * len(files[LABELS]) / samples if LABELS in files else 0.0
    costs = (sum(weight.size for weight in weights), bpp_weights, bpp_map, bpp_weights + bpp_map)
    about: Row = {"image": name, **dict(zip(signal.axes, signal.shape, strict=True))}
    return about | quality | dict(zip((measure.name for measure in COSTS), costs, strict=True))


def read_signal(file: Path, kind: type[Signal]) -> Signal:
    """A signal of a kind from its file; `UserError` if it is missing or damaged."""
    try:
        return kind.decode(file.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{file} is missing") from None
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
    try:
        curve = pd.read_csv(file)
    except FileNotFoundError:
        raise UserError(f"{file} is missing") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise UserError(f"{file} is no CSV file") from None
    if list(curve.columns) != CURVE or curve.empty:
        raise UserError(f"{file} has columns {', '.join(curve.columns)}, not {', '.join(CURVE)}")
    return curve
