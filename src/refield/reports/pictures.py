"""The pictures of a profile's images, fits and maps, read from their files, and as a page has them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from refield.errors import UserError
from refield.reports.appearance import errors_of, pixels_of, size_of
from refield.reports.figures import Window, choose_crop
from refield.reports.html import as_address, as_drawing
from refield.scores.files import read_csv, require_columns
from refield.segmentation.files import read_labels
from refield.segmentation.labels import palette
from refield.signals import Image, Signal
from refield.units.names import LABELS, reconstruction
from refield.units.scoring import read_signal

REGIONS = "regions.csv"
LARGEST = 50_000  # pixels of a picture that is shown whole; of a larger one a window, as in the figures


@dataclass(frozen=True)
class Pictures:
    """Where a profile's pictures lie."""

    originals: Path
    fits: Callable[[str], Path]  # of a method, a folder for each image
    maps: Callable[[str], Path]  # of a name in params.yaml
    kind: type[Signal] = Image

    def signal(self, image: str) -> Signal:
        return read_signal(self.originals / f"{image}{self.kind.suffix}", self.kind)

    def estimate(self, method: str, image: str) -> Signal:
        return read_signal(self.fits(method) / image / reconstruction(self.kind), self.kind)

    def original(self, image: str) -> np.ndarray:
        return pixels_of(self.signal(image))

    def reconstruction(self, method: str, image: str) -> np.ndarray:
        return pixels_of(self.estimate(method, image))

    def labels(self, method: str, image: str) -> np.ndarray | None:
        """The regions that the fit followed; None if there are none."""
        file = self.fits(method) / image / LABELS
        return read_labels(file) if file.exists() else None

    def map(self, name: str, image: str, told: Mapping[str, list[str]]) -> tuple[np.ndarray, list[str]]:
        """The labels of a map, and what there is to say of each region; `told` is that of all images."""
        if image not in told:
            raise UserError(f"{self.maps(name) / REGIONS} has no row of {image}")
        return read_labels(self.maps(name) / f"{image}.png", regions=len(told[image])), told[image]

    def regions(self, name: str) -> Mapping[str, list[str]]:
        """What there is to say of each region of a map, by image."""
        table = read_csv(file := self.maps(name) / REGIONS)
        try:
            require_columns(table, ("image", "region", "from", "to", "fraction"))
        except UserError as error:
            raise UserError(f"{file} {error}") from None
        table["text"] = [
            (f"luminance {row['from']:g} to {row['to']:g}, " if pd.notna(row["from"]) else f"region {row['region']}, ")
            + f"{100 * row['fraction']:.0f} %"
            for row in table.to_dict("records")
        ]
        return {str(image): rows["text"].tolist() for image, rows in table.groupby("image")}


@dataclass(frozen=True)
class Picture:
    """What the viewer shows of an image."""

    name: str
    original: np.ndarray  # (h, w, c)
    estimates: Mapping[str, np.ndarray]  # by method
    maps: Mapping[str, tuple[np.ndarray, Sequence[str]]]  # by name: labels (h, w), and what to say of each region
    window: Window | None  # the part of the image that this is
    errors: Mapping[str, np.ndarray] = field(default_factory=dict)  # by method, where pictures themselves do not say
    size: str = ""  # of the signal, in words, where it is not the picture's own


def look_at(files: Pictures, values: pd.DataFrame, maps: Iterable[str]) -> Iterator[Picture]:
    """Every image of `Scores.by_image` with its reconstructions and maps, or a window of them."""
    words = {name: files.regions(name) for name in maps}
    for image in map(str, values.index):
        truth = files.signal(image)
        original = pixels_of(truth)
        found = {
            str(method): files.estimate(str(method), image) for method in values if pd.notna(values[method][image])
        }
        estimates = {method: pixels_of(estimate) for method, estimate in found.items()}
        regions = {name: files.map(name, image, told) for name, told in words.items()}
        drawn = {method: errors_of(truth, estimate) for method, estimate in found.items()}
        errors = {method: pixels for method, pixels in drawn.items() if pixels is not None}
        window = None
        if not errors and original.shape[0] * original.shape[1] > LARGEST:
            window = choose_crop(original, list(estimates.values()))
            original = window.of(original)
            estimates = {method: window.of(pixels) for method, pixels in estimates.items()}
            regions = {name: (window.of(labels), told) for name, (labels, told) in regions.items()}
        yield Picture(image, original, estimates, regions, window, errors, size_of(truth))


def encode(picture: Picture, credit: str = "") -> dict[str, Any]:
    """A picture as the page has it, with the credit that the paper gives its signal."""
    window = picture.window
    part = f" Rows {window.top} to {window.top + window.height - 1}, columns {window.left} to " if window else ""
    why = "the methods differ most" if len(picture.estimates) > 1 else "it is most wrong"
    part += f"{window.left + window.width - 1}: where {why}." if window else ""
    height, width = picture.original.shape[:2]
    size = picture.size or f"{width} x {height} pixels"
    # Of what has pictures of its errors a page computes none.
    address = as_drawing if picture.errors else as_address
    errors = {method: address(pixels) for method, pixels in picture.errors.items()}
    return {
        "name": picture.name,
        "note": f"{picture.name}, {size}.{part}{credit}",
        "original": address(picture.original),
        "estimates": {method: address(pixels) for method, pixels in picture.estimates.items()},
        "maps": {name: _map(labels, words) for name, (labels, words) in picture.maps.items()},
        **({"errors": errors} if errors else {}),
    }


def _map(labels: np.ndarray, words: Sequence[str]) -> dict[str, Any]:
    colors = palette(len(words))
    regions = [{"text": text, "color": f"#{bytes(color).hex()}"} for text, color in zip(words, colors, strict=True)]
    return {"picture": as_address(colors[labels]), "regions": regions}
