"""Where commands are run: a clone, whole or not, and what may change in it."""

import os
import re
import shutil
from random import Random

import numpy as np
from fuzz import octets, trees
from fuzz.fits import changed_file
from fuzz.materials import Materials
from fuzz.place import Place
from PIL import Image
from ruamel.yaml import YAML

from refield import interface

LOGS, STORE, OF_DVC = r"state/refield/log/[^/]+\.log", r"units(/.*)?", r"(work/\.dvc/(tmp|cache)|site)(/.*)?"
ALWAYS = rf"{LOGS}|state(/refield(/log)?)?|{STORE}|{OF_DVC}|work/\.git/(index|objects/.*)"
RESULTS = r"work/(data|reports)(/.*)?|work/(dvc\.lock|data/checked|README\.md|studies/.*)"


def home(materials: Materials, place: Place, whole: bool) -> None:
    """The current directory: a pipeline that has run, or settings, a photograph and a fit alone."""
    if whole:
        shutil.rmtree(place.work)
        shutil.copytree(materials.project.folder, place.work, symlinks=True)
        shutil.copytree(materials.project.units, place.units, dirs_exist_ok=True)
    else:
        materials.clone(place.work)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(place.work / "cup.jpg")
    interface.Result("ours", materials.units[0], materials.made[0].files, {}).save(place.work / "cup")


def damage(rng: Random, place: Place, materials: Materials) -> str:
    """One of the clone's own results is not as DVC and the stages have left it."""
    found = [file for folder in ("reports", "data") for file in sorted((place.work / folder).rglob("*.*"))]
    file = rng.choice([place.work / "dvc.lock", *(each for each in found if each.is_file())])
    data = file.read_bytes()
    file.unlink()  # it may be a link to DVC's cache
    if file.suffix == ".lock":
        file.write_bytes(trees.as_yaml(rng, trees.changed(rng, YAML(typ="safe").load(data))))
    elif file.suffix in (".png", ".json", ".csv", ".safetensors"):
        file.write_bytes(changed_file(rng, file.name, data, materials))
    else:
        file.write_bytes(octets.changed(rng, data, data))
    return f"with another {file.relative_to(place.work)}"


def below(name: str) -> str:
    """A path in the current directory, its parents, and all in it; or nothing that could be made."""
    path = os.path.normpath(os.path.join("work", name))
    parts = path.split(os.sep)
    return "|".join(
        [*(re.escape(os.sep.join(parts[:count])) for count in range(2, len(parts))), f"{re.escape(path)}(/.*)?"]
    )
