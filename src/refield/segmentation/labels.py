"""Labels, the region of every pixel, as a file: an indexed PNG whose colours preview the regions."""

import io

import numpy as np
from PIL import Image

# Viridis (matplotlib, CC0) at nine points: even steps of lightness, so that a map looks like its image.
VIRIDIS = "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725"


def palette(regions: int) -> np.ndarray:
    """Colours `(regions, 3)` uint8, from dark to light."""
    anchors = np.array([list(bytes.fromhex(color)) for color in VIRIDIS.split()])
    at = np.linspace(0, len(anchors) - 1, regions)
    return (
        np.stack([np.interp(at, range(len(anchors)), channel) for channel in anchors.T], axis=1)
        .round()
        .astype(np.uint8)
    )


def encode(labels: np.ndarray) -> bytes:
    """Labels `(h, w)` uint8 as an indexed PNG of the fewest bits per pixel, whose colours preview the regions."""
    picture, buffer = Image.fromarray(labels), io.BytesIO()
    picture.putpalette(palette(int(labels.max()) + 1).tobytes())
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
