"""One fit on disk and its original -> one row of scores, all of it measured on the files."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load_file

from refield import images
from refield.errors import UserError
from refield.metrics import psnr_8bit, region_iou, ssim

CURVE = ["iteration", "loss", "psnr"]


@dataclass(frozen=True)
class Score:
    """How good one fit is, and what it costs in the files as stored, before any compression of weights."""

    image: str
    height: int
    width: int
    psnr_8bit: float  # dB, infinite for an exact reconstruction
    ssim: float
    iou: float
    parameters: int
    bpp_weights: float  # bits per pixel of all weights as stored, in float32
    bpp_map: float  # bits per pixel of labels.png, the side information of a segment gate; 0 without one
    bpp: float


def score(original: Path, unit: Path, regions: int) -> Score:
    """Score the fit in folder `unit`; `regions` are those of the IoU. `UserError` names a file that cannot be used."""
    reference, estimate = images.read(original), images.read(unit / "reconstruction.png")
    if reference.shape != estimate.shape:
        raise UserError(f"{unit / 'reconstruction.png'} is {estimate.shape}, but {original} {reference.shape}")
    weights = _weights(unit / "weights.safetensors")
    labels = unit / "labels.png"
    height, width = reference.shape[:2]
    bpp_weights = 8 * sum(weight.nbytes for weight in weights) / (height * width)
    bpp_map = 8 * labels.stat().st_size / (height * width) if labels.exists() else 0.0
    try:
        return Score(
            image=original.stem,
            height=height,
            width=width,
            psnr_8bit=psnr_8bit(reference, estimate),
            ssim=ssim(reference, estimate),
            iou=region_iou(reference, estimate, regions),
            parameters=sum(weight.size for weight in weights),
            bpp_weights=bpp_weights,
            bpp_map=bpp_map,
            bpp=bpp_weights + bpp_map,
        )
    except UserError as error:
        raise UserError(f"{original}: {error}") from None


def table(scores: Sequence[Score]) -> pd.DataFrame:
    """One row per image, in the order of their names."""
    return pd.DataFrame([asdict(row) for row in sorted(scores, key=lambda row: row.image)])


def mean_curve(files: Sequence[Path]) -> pd.DataFrame:
    """iteration; psnr, lowest, highest: mean and extremes over images of the PSNR in dB, before rounding to 8 bit."""
    curves = pd.concat([_curve(file) for file in files])
    by_iteration = curves.groupby("iteration")["psnr"]
    if by_iteration.size().nunique() > 1:
        raise UserError(f"{files[0].parent.parent}: the fits' curves have different iterations; fit them all anew")
    return by_iteration.agg(psnr="mean", lowest="min", highest="max").reset_index()


def _weights(file: Path) -> list[np.ndarray]:
    try:
        return list(load_file(file).values())
    except FileNotFoundError:
        raise UserError(f"{file} is missing") from None
    except SafetensorError as error:
        raise UserError(f"{file} is no safetensors file: {error}") from None


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
