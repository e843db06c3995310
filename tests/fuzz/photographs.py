"""Odd photographs, given to what reads them."""

from random import Random
from typing import get_args

import numpy as np
from fuzz import pictures
from fuzz.judge import Try
from fuzz.materials import Materials
from fuzz.place import Place
from PIL import Image as Pillow

from refield.signals import photographs

SUFFIXES = ["png", "jpg", "tiff", "webp", "bmp", "gif", "ppm", "PNG", "jpeg", "eps", ""]


def photograph(rng: Random, place: Place, materials: Materials) -> Try:
    format = rng.choice(photographs.FORMATS)
    data = pictures.changed(rng, materials.pictures, format)
    file = place.work / f"photograph.{rng.choice(SUFFIXES)}"
    file.write_bytes(data)
    color, fit = rng.choice(["rgb", "rgb", "grey"]), rng.choice(get_args(photographs.Frame))
    long, short = rng.choice([(12, 11), (24, 16), (300, 11), (2000, 1500)])

    def act() -> str:
        pixels = photographs.load(file, color)
        height, width, channels = pixels.shape
        assert pixels.dtype == np.uint8
        assert channels == {"rgb": 3, "grey": 1}[color]
        assert 0 < height * width <= Pillow.MAX_IMAGE_PIXELS
        framed = photographs.frame(pixels, fit, long, short)
        if fit != "native":
            assert framed.shape == (*((short, long) if width > height else (long, short)), channels)
        return f"{width} x {height}"

    return Try(f"a {format} of {len(data)} bytes, {color}, {fit}", act)
