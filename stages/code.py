"""Write down which code a profile's fits come from, comments and docstrings apart: the fits run again if it changes."""

import json

from refield import config
from refield.config import Params
from refield.fingerprint import syntax
from refield.units import code_of
from stages import layout
from stages.command import run

READING = ("refield.images", "refield.labels")  # what brings an image and its map to the fit


def main(profile: str) -> None:
    out = layout.code(profile)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text(config.read(profile), profile))


def text(params: Params, profile: str) -> str:
    """The file's content."""
    train = params.profiles[profile].train
    fitting = {module for method in params.method_names for module in code_of(params.field(profile, method), train)}
    return json.dumps(syntax(*sorted(fitting), *READING), indent=1) + "\n"


if __name__ == "__main__":
    run(main)
