"""What the files come from that `refield compress` makes of a comparison's photographs."""

import json

from refield import config
from refield.coding.latents.start import digest
from refield.comparison import Profile
from refield.interface.request import PROFILE
from refield.pipeline import units
from refield.units.fingerprint import fingerprint

# What makes files, reads and measures them; what passes photographs and fits on to it, dvc.yaml names by file.
MAKING = (
    *("refield.coding.file", "refield.coding.parts", "refield.coding.search", "refield.coding.sizing"),
    *("refield.scores.rates", "refield.segmentation.segmentation"),
    *("refield.signals.photographs", "refield.signals.png"),
)
LATENTS = "refield.coding.latents.compress"


def coding(asked: Profile) -> str:
    """What is asked for, and the code that makes it, as JSON: files are made again if it changes.

    Beside what `MAKING` uses that is each method's field, map and way of fitting, which tables have, and what latents
    begin with.
    """
    modules, fits = [*MAKING, *([LATENTS] if asked.latents else [])], dict[str, str]()
    for method in asked.compressed.methods if asked.compressed else ():
        params = config.read(PROFILE, method)
        field, name = params.field(PROFILE, method), params.map(PROFILE, method)
        modules += [type(field).__module__, *field.modules]
        modules += [] if name is None else [type(params.segmenter(name)).__module__]
        fits[method] = units.code(params, PROFILE, method)
    described = {
        **asked.model_dump(mode="json", include={"compressed", "latents"}, exclude={"compressed": {"against"}}),
        "code": fingerprint(*modules, scores=True),
        "fits": fits,
        "start": digest() if asked.latents else None,
    }
    return json.dumps(described, indent=1) + "\n"
