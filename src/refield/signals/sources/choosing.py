"""Which of a source's files are asked for."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from refield.errors import UserError, shown
from refield.settings import choices
from refield.signals.names import check


def choose(available: Iterable[str], names: Literal["all"] | list[str], place: Path) -> list[str]:
    """The files that `names` ask for, in the order of `available`; their stems become the images' names."""
    files: dict[str, str] = {}
    folded: dict[str, str] = {}
    for file in available:
        stem = Path(file).stem
        try:
            check(stem)
        except UserError as error:
            raise UserError(f"{place / file}: {error}") from None
        # Some file systems do not tell A from a.
        if twin := folded.get(stem.lower()):
            raise UserError(f"{place}: {twin} and {file} would both become the image {stem!r}; rename one")
        files[stem] = folded[stem.lower()] = file
    if not files:
        raise UserError(f"{place} has no photographs; put some there (PNG, JPEG, TIFF, WebP, BMP)")
    if names == "all":
        return list(files.values())
    if unknown := [name for name in names if name not in files]:
        raise UserError(f"images.names: {shown(unknown[0])} is not in {place}; there are {choices(files)}")
    return [file for stem, file in files.items() if stem in names]
