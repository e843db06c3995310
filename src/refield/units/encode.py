"""A fit as files: weights as safetensors (never pickled), the estimate of the signal, the curve as CSV."""

import json

import numpy as np
import safetensors.numpy

from refield import fields, signals
from refield.fitting.fit import Fit
from refield.fitting.job import Job
from refield.segmentation import labels as label_maps
from refield.signals.signal import Signal
from refield.tasks.problem import mse_to_psnr
from refield.tasks.task import Task
from refield.units.names import CURVE, LABELS, WEIGHTS, reconstruction


def encode(job: Job, fit: Fit, task: Task, signal: Signal, labels: np.ndarray | None) -> dict[str, bytes]:
    """A fit's files by name; the labels of a field that needs them are among what a decoder needs."""
    estimate = task.finish(fit.values, signal)
    files = {
        WEIGHTS: encode_weights(job, fit, signal),
        reconstruction(estimate): estimate.encode(),
        CURVE: encode_curve(fit.curve, task.least_squares),
    }
    return files if labels is None else files | {LABELS: label_maps.encode(labels)}


def encode_weights(job: Job, fit: Fit, signal: Signal) -> bytes:
    """Float32 weights, the field that they belong to, and what its values stand for."""
    model = {
        "field": fields.describe(job.field),
        "signal": signals.kind_of(signal),
        "dims": len(signal.shape),
        "channels": signal.channels,
        "target": job.train.target,
    }
    # One metadata key only: safetensors writes several in no fixed order.
    metadata = {"model": json.dumps(model, sort_keys=True)}
    arrays = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in fit.weights.items()}
    return safetensors.numpy.save(arrays, metadata)


def encode_curve(curve: list[tuple[int, float]], least_squares: bool) -> bytes:
    """Rows of iteration, loss and, of a mean squared error on [-1, 1], its PSNR in dB."""
    rows = [
        f"{iteration},{loss:.9g},{f'{mse_to_psnr(loss):.4f}' if least_squares else ''}\n" for iteration, loss in curve
    ]
    return "".join(["iteration,loss,psnr\n", *rows]).encode()
