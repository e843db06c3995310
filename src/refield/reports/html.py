"""HTML from templates: what is filled in is escaped, and all pages share one style and one viewer of pictures."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

HERE = "refield.reports"


def render(template: str, **values: Any) -> str:
    """A template of this folder; what stands in it by `raw` is a file of this folder as it is."""
    return _environment().get_template(template).render(**values) + "\n"


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
