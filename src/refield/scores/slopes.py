"""How near a field's own gradient is to an image's: MIRE (CVPR 2025) shows it as the edges that a field has found.

The field is asked, and not the 8-bit picture of it: no operator smooths what it does between pixels. An image has a
gradient only by an operator, here Sobel's. Both are of luma, in levels of 0..255 per pixel.
"""

import numpy as np
from jaxtyping import Float64

from refield.scores.edges import STEEP, correlation, f_score, gradient_magnitude
from refield.scores.fitted import FieldMeasure, Fitted
from refield.signals.differences import pixels_per_unit
from refield.signals.image import as_image
from refield.signals.signal import Signal

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
LEVELS = 127.5  # of 0..255 in a unit of intensity on [-1, 1]


def field_gradient_correlation(signal: Signal, fitted: Fitted) -> float:
    """Pearson's correlation, over pixels, of the image's gradient magnitude and the field's; in [-1, 1]."""
    return correlation(gradient_magnitude(as_image(signal).pixels), field_gradient_magnitude(signal, fitted))


def field_edge_f_score(signal: Signal, fitted: Fitted) -> float:
    """The F-score of the field's steep pixels and the image's: those of `STEEP` of the image's largest magnitude."""
    theirs = gradient_magnitude(as_image(signal).pixels)
    least = STEEP * theirs.max()
    return f_score(
        (theirs > 0) & (theirs >= least), (theirs.max() > 0) & (field_gradient_magnitude(signal, fitted) >= least)
    )


def field_gradient_magnitude(signal: Signal, fitted: Fitted) -> Float64[np.ndarray, "h w"]:
    """The length of the gradient of the field's luma at each pixel, by automatic differentiation."""
    image = as_image(signal)
    slopes = fitted.gradient.astype(np.float64) / pixels_per_unit(*image.shape)  # (n, c, 2)
    weights = LUMA if image.channels > 1 else np.ones(1)
    return LEVELS * np.linalg.norm(np.einsum("c,ncd->nd", weights, slopes), axis=1).reshape(image.shape)


FIELD_CORRELATION = FieldMeasure(
    "field_gradient_correlation", "Gradient correlation of the field itself", 4, of=field_gradient_correlation
)
FIELD_EDGE_F = FieldMeasure("field_edge_f_score", "Edge F-score of the field itself", 4, of=field_edge_f_score)
