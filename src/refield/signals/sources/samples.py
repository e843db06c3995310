"""Photographs that ship inside scikit-image."""

import importlib.util
from functools import partial
from pathlib import Path

from refield.errors import UserError
from refield.files import read
from refield.signals.sources.sums import SUMS, Read, read_sums, verified


def originals(place: Path) -> dict[str, Read]:
    """The photographs of the list in a folder."""
    return {name: partial(sample, name, sha256) for name, sha256 in read_sums(place / SUMS).items()}


def sample(name: str, sha256: str) -> bytes:
    """The file of a name among scikit-image's; `UserError` if it is missing, or another."""
    # Only located: importing scikit-image would cost more than the rest of the stage.
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("photographs that ship inside scikit-image need it, and it is not installed")
    path = Path(spec.submodule_search_locations[0]) / "data" / name
    if not path.is_file():
        raise UserError(f"{name} is not among the photographs that ship inside scikit-image ({path.parent})")
    return verified(read(path, links=True), sha256, path)
