"""A fit as files: weights as safetensors (never pickled), the 8-bit reconstruction as PNG, the curve as CSV."""

import io
import json
from pathlib import Path

import numpy as np
import safetensors.numpy
from PIL import Image
from safetensors import SafetensorError, safe_open

from refield import labels as label_maps
from refield.errors import UserError
from refield.fields.gated import Gated

WEIGHTS, RECONSTRUCTION, CURVE, LABELS = "weights.safetensors", "reconstruction.png", "curve.csv", "labels.png"


def encode_weights(field: Gated, weights: dict[str, np.ndarray]) -> bytes:
    """Float32 weights and the field that they belong to."""
    # One metadata key only: safetensors writes several in no fixed order.
    metadata = {"field": json.dumps(field.model_dump(mode="json"), sort_keys=True)}
    arrays = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in weights.items()}
    return safetensors.numpy.save(arrays, metadata)


def read_weights(path: Path) -> tuple[Gated, dict[str, np.ndarray]]:
    """The field and its weights; `UserError` if the file is missing or damaged."""
    try:
        with safe_open(path, framework="numpy") as file:
            field = Gated.model_validate_json(file.metadata()["field"])
            return field, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not a readable weights file ({error})") from None


def encode_image(image: np.ndarray) -> bytes:
    """A uint8 image (h, w, c), c = 1 or 3, as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def encode_curve(curve: list[tuple[int, float, float]]) -> bytes:
    """Rows of iteration, loss (mean squared error on [-1, 1]) and its PSNR in dB."""
    rows = [f"{iteration},{loss:.9g},{psnr:.4f}\n" for iteration, loss, psnr in curve]
    return "".join(["iteration,loss,psnr\n", *rows]).encode()


def encode(
    field: Gated,
    weights: dict[str, np.ndarray],
    reconstruction: np.ndarray,
    curve: list[tuple[int, float, float]],
    labels: np.ndarray | None,
) -> dict[str, bytes]:
    """A fit's files by name; the labels (h, w) of a field with a segment gate are among what a decoder needs."""
    files = {
        WEIGHTS: encode_weights(field, weights),
        RECONSTRUCTION: encode_image(reconstruction),
        CURVE: encode_curve(curve),
    }
    return files if labels is None else files | {LABELS: label_maps.encode(labels)}
