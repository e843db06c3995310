"""One photograph of the user's own, fitted now: what the pipeline does to a profile's images, outside of it."""

from pathlib import Path

import numpy as np

from refield.config import Params
from refield.errors import UserError
from refield.reports.figures import error
from refield.segmentation.segmentation import segment
from refield.signals import Image, photographs, png
from refield.units.make import make_all
from refield.units.names import reconstruction
from refield.units.scoring import Row, score
from refield.units.store import Store
from refield.units.unit import Unit

BRIGHTER = 10  # of error.png: small errors would be black


def wanted(photograph: Path, params: Params, profile: str, method: str) -> Unit:
    """What a method makes of a photograph with a profile's settings; `UserError` if it cannot be used."""
    if not photograph.is_file():
        raise UserError(f"{photograph} is missing")
    settings = params.profiles[profile].images
    pixels = photographs.load(photograph, settings.color)
    try:
        pixels = photographs.frame(pixels, settings.fit, settings.long, settings.short)
        name = params.map(profile, method)
        labels = None if name is None else segment(pixels, params.segmenter(name), params.regions(name)).labels
    except UserError as problem:
        raise UserError(f"{photograph}: {problem}") from None
    return Unit(
        name=photograph.stem,
        signal=Image(pixels),
        labels=labels,
        task=params.task(profile),
        field=params.field(profile, method),
        train=params.train(profile, method),
        seed=params.seed,
    )


def fit_photograph(unit: Unit, folder: Path, device: str) -> Row:
    """Fit it, with a progress bar, unless the store has it; write original, reconstruction, error, weights, curve."""
    store = Store()
    made = store.get(unit.key()) or make_all([unit], store, device, unit.name)[unit.key()]
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in made.files.items():
        (folder / name).write_bytes(data)
    (folder / "original.png").write_bytes(unit.signal.encode())
    original, estimate = png.read(folder / "original.png"), png.read(folder / reconstruction(unit.signal))
    png.write(folder / "error.png", np.minimum(255, BRIGHTER * error(original, estimate)).astype(np.uint8))
    return score(unit.name, unit.signal, folder, unit.task)
