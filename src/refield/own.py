"""One photograph of the user's own, fitted now: what the pipeline does to a profile's images, outside of it."""

from pathlib import Path

import numpy as np

from refield import images
from refield.config import Params
from refield.errors import UserError
from refield.figures import error
from refield.making import make_all
from refield.scoring import Score, score
from refield.segmentation import SEGMENTERS
from refield.segmentation.maps import segment
from refield.store import Store
from refield.units import Unit

BRIGHTER = 10  # of error.png: small errors would be black


def wanted(photograph: Path, params: Params, profile: str, method: str) -> Unit:
    """What a method makes of a photograph with a profile's settings; `UserError` if it cannot be used."""
    if not photograph.is_file():
        raise UserError(f"{photograph} is missing")
    settings = params.profiles[profile]
    image = images.load(photograph, settings.images.color)
    try:
        image = images.frame(image, settings.images.fit, settings.images.long, settings.images.short)
        name = params.map(method)
        regions = None
        if name is not None:
            regions = segment(image, SEGMENTERS[params.maps[name].segmenter], params.regions(name)).labels
    except UserError as problem:
        raise UserError(f"{photograph}: {problem}") from None
    return Unit(photograph.stem, image, regions, params.field(profile, method), settings.train, params.seed)


def fit_photograph(unit: Unit, folder: Path, device: str, regions: int) -> Score:
    """Fit it, with a progress bar, unless the store has it; write original, reconstruction, error, weights, curve."""
    store = Store()
    made = store.get(unit.key()) or make_all([unit], store, device, unit.image_name)[unit.key()]
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in made.files.items():
        (folder / name).write_bytes(data)
    images.write(folder / "original.png", unit.image)
    errors = error(unit.image, images.read(folder / "reconstruction.png"))
    images.write(folder / "error.png", np.minimum(255, BRIGHTER * errors).astype(np.uint8))
    return score(folder / "original.png", folder, regions)
