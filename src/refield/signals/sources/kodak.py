"""The photographs of the Kodak suite."""

import os
from functools import partial
from pathlib import Path

from refield.errors import UserError
from refield.files import read
from refield.signals.sources.download import download
from refield.signals.sources.sums import SUMS, Read, read_sums, verified

KODAK_DIRECTORY = "REFIELD_KODAK"
# Rich Franzen's own site, then copies of the same bytes. {number} is 01.png where {name} is kodim01.png.
KODAK_URLS = (
    "https://r0k.us/graphics/kodak/kodak/{name}",
    "https://raw.githubusercontent.com/EmilienDupont/coin/a21e50746a9f46ac74e165cc77a68ebf5037c48a/kodak-dataset/{name}",
    "https://raw.githubusercontent.com/MohamedBakrAli/Kodak-Lossless-True-Color-Image-Suite/"
    "dd2e1105fe8d9afe1120cd7e4c0e5e41f509a81b/PhotoCD_PCD0992/{number}",
    "https://raw.githubusercontent.com/zwx-open/EVOS-INR/326148416e1fb9c44da8a68ec512103205c3c87f/data/Kodak/{number}",
)


def originals(place: Path) -> dict[str, Read]:
    """The photographs of the list in a folder."""
    return {name: partial(photograph, name, sha256) for name, sha256 in read_sums(place / SUMS).items()}


def photograph(name: str, sha256: str) -> bytes:
    """One of them: from the folder `REFIELD_KODAK` if that is set, else from the user's cache or the network."""
    if directory := os.environ.get(KODAK_DIRECTORY):
        path = Path(directory) / name
        if not path.is_file():
            raise UserError(f"{path} is missing; {KODAK_DIRECTORY} must name a folder that holds it, or be unset")
        return verified(read(path, links=True), sha256, path)
    urls = [url.format(name=name, number=name.removeprefix("kodim")) for url in KODAK_URLS]
    return download(name, sha256, urls, KODAK_DIRECTORY)
