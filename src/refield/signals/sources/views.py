"""Scenes: folders of views that lie in the folder of a profile's sources, or lists of their files in the network.

A folder is a scene, and so is a list NAME.txt: its lines say a file's path in the scene, its sha256 and an address.
"""

import re
from functools import partial
from pathlib import Path

from refield.errors import UserError
from refield.signals.scenes import TRANSFORMS, pack, pack_folder
from refield.signals.sources.addresses import Entry, original, read_list
from refield.signals.sources.sums import Read

FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]*")  # a path below a scene's folder


def originals(place: Path) -> dict[str, Read]:
    """Whatever scenes lie there, as zip files; `UserError` if one has no poses, or there is none."""
    wanted = f"put a folder there for each scene, with its PNGs and their poses in {TRANSFORMS[0]}"
    if not place.is_dir():
        raise UserError(f"{place} is missing; make it and {wanted}")
    scenes: dict[str, Read] = {}
    for path in sorted(path for path in place.iterdir() if not path.name.startswith(".")):
        if path.is_dir():
            if not any((path / name).is_file() for name in TRANSFORMS):
                raise UserError(f"{path} has no {TRANSFORMS[0]}, which says the pose of each view")
            scenes[f"{path.name}.zip"] = partial(pack_folder, path)
        elif path.suffix == ".txt":
            scenes[f"{path.stem}.zip"] = partial(_listed, path.stem, path, read_list(path, FILE))
    if not scenes:
        raise UserError(f"{place} has no scenes; {wanted}")
    return scenes


def _listed(scene: str, path: Path, entries: dict[str, Entry]) -> bytes:
    """The scene of a list; `UserError` names the list, and the file that is not to be had."""

    def member(name: str) -> bytes:
        if (entry := entries.get(name)) is None:
            raise UserError(f"{path} lists no {name}, which the scene's transforms name")
        return original(name, entry, f"{scene}-{name.replace('/', '-')}")

    try:
        return pack(entries, member)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
