"""Signals, one kind to a file; a profile of params.yaml says under one of these keys where its signals come from."""

from refield.signals.image import Image
from refield.signals.isotropic import IsotropicImage
from refield.signals.signal import Signal
from refield.signals.views import Views
from refield.signals.volume import Volume

SIGNALS: dict[str, type[Signal]] = {
    "images": Image,
    "isotropic": IsotropicImage,  # of `images` whose coordinates are such
    "volumes": Volume,
    "views": Views,
}

__all__ = ["SIGNALS", "Image", "IsotropicImage", "Signal", "Views", "Volume", "kind_of"]


def kind_of(signal: Signal) -> str:
    """The signal's key in the table."""
    return next(name for name, kind in SIGNALS.items() if kind is type(signal))
