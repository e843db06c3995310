"""HTML from templates: what is filled in is escaped, and all pages share one style and one viewer of pictures."""

import base64
import io
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image as Pillow

from refield.signals.image import squeezed

HERE = "refield.reports"


def render(template: str, **values: Any) -> str:
    """A template of this folder; what stands in it by `raw` is a file of this folder as it is."""
    return _environment().get_template(template).render(**values) + "\n"


def as_address(pixels: np.ndarray) -> str:
    """Pixels (h, w, c) uint8 as the address of themselves in a page, lossless."""
    return _webp(pixels, lossless=True, exact=True)


def as_drawing(pixels: np.ndarray) -> str:
    """The same of what is looked at, and not computed with: a fraction of the bytes, with losses that are not seen."""
    return _webp(pixels, quality=90, method=6)


def _webp(pixels: np.ndarray, **how: Any) -> str:
    buffer = io.BytesIO()
    Pillow.fromarray(squeezed(pixels)).save(buffer, "webp", **how)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(HERE, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["raw"] = lambda name: Markup(files(HERE).joinpath(name).read_text(encoding="utf-8").rstrip())
    return environment
