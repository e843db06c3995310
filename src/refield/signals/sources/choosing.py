"""Which of a source's files are asked for."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from refield.errors import UserError, shown
from refield.settings import choices
from refield.signals.names import check


def choose(
    available: Iterable[str], names: Literal["all"] | list[str], beside: Sequence[str], place: Path
) -> tuple[list[str], list[str]]:
    """The files of images and those `beside` them, in the order of `available`; names are the files' stems.

    `all` names are those of images that are not `beside`. `UserError` says which name the place lacks.
    """
    files = _by_stem(available, place)
    others = _named("beside", beside, files, place)
    images = {stem: file for stem, file in files.items() if stem not in beside}
    if not images:
        raise UserError(f"{place} has no photographs; put some there (PNG, JPEG, TIFF, WebP, BMP)")
    return list(images.values()) if names == "all" else _named("names", names, images, place), others


def _named(key: str, names: Sequence[str], files: Mapping[str, str], place: Path) -> list[str]:
    if unknown := [name for name in names if name not in files]:
        raise UserError(f"images.{key}: {shown(unknown[0])} is not in {place}; there are {choices(files)}")
    return [file for stem, file in files.items() if stem in names]


def _by_stem(available: Iterable[str], place: Path) -> dict[str, str]:
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
    return files
