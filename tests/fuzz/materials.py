"""What is whole, for others to change: pictures, settings, units, checkpoints, a pipeline that has run."""

import base64
import dataclasses
import functools
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import small
from fuzz import seeds
from fuzz.guarded import ended
from fuzz.place import Place
from pipeline import ROOT, SMALL, STUDY, Project
from ruamel.yaml import YAML

from refield.fields import FIELDS, build
from refield.fields.mlp import Mlp
from refield.fitting.fit import Fit
from refield.fitting.job import Job
from refield.signals import Image
from refield.tasks.inpaint import Inpaint
from refield.units.encode import encode
from refield.units.make import make
from refield.units.store import Made, Store
from refield.units.unit import Unit

PROVENANCE = {"seconds": 1.5, "together": 1, "date": "2026-01-31", "device": "CPU (x)", "threads": 1, "blas": ""}
PROVENANCE |= {
    "torch": "2",
    "numpy": "2",
    "python": "3",
    "platform": "Linux",
    "precision": "float32",
    "seed": 0,
    "code": "0",
}
NEEDED = {  # beside a width: gates, and grids that are as small as the pictures
    "mlp_same_law": {"gates": ("dense", "dense")},
    "latents": {"finest": 9, "levels": 3},
    "gated_latents": {"finest": 9, "levels": 3, "gates": ("dense", "dense", "dense")},
    "sparse_latents": {"finest": 9, "levels": 3},
    "hash_grid": {"finest": 17, "coarsest": 2, "levels": 4, "log2_table": 5},
}


@dataclass
class Materials:
    """A pipeline that has run, and what takes no time to make."""

    project: Project

    @functools.cached_property
    def pictures(self) -> dict[str, list[bytes]]:
        return seeds.seeds()

    @functools.cached_property
    def params(self) -> Any:
        """All that params.yaml may hold, with small settings."""
        params = _yaml(ROOT / "params.yaml")
        for key, value in SMALL.items():
            *path, last = key.split(".")
            functools.reduce(lambda entry, part: entry[part], path, params)[last] = value
        params["methods"]["wire"] = {"field": "wire", "train": {"precision": "float32"}}
        params["network"]["wire"] = {"omega": 20.0}
        params["profiles"]["quick"]["task"] = {"kind": "inpaint", "hidden": 0.5}
        params["maps"]["fine"] = {"segmenter": "slic", "superpixels": 90}
        return params

    @functools.cached_property
    def study(self) -> Any:
        return YAML(typ="safe").load(STUDY)

    @functools.cached_property
    def paper(self) -> Any:
        return _yaml(next((ROOT / "papers").glob("*/paper.yaml")))

    @functools.cached_property
    def units(self) -> list[Unit]:
        """With a map and without, of colours and grey, of two tasks and all fields."""
        first, second, third = (small.unit(seed) for seed in range(3))
        grey = Image(second.signal.pixels[..., :1])
        dense = Mlp(gates=("dense", "dense"), width=3)
        others = [build({"field": kind, "width": 3, **NEEDED.get(kind, {})}) for kind in FIELDS if kind != "mlp"]
        return [
            first,
            dataclasses.replace(second, signal=grey, labels=None, field=dense, task=Inpaint(hidden=0.25)),
            *(dataclasses.replace(third, labels=None, field=field) for field in others),
        ]

    @functools.cached_property
    def made(self) -> list[Made]:
        """The units as if they had been fitted: what a file must have, initial weights have, too."""
        return [made_of(unit) for unit in self.units]

    @functools.cached_property
    def fitted(self) -> tuple[dict[str, bytes], bytes]:
        """The files of the first unit as this machine fits it, and the checkpoint that it has left before the end."""
        place = Place(self.project.folder.parent / "fitted")
        place.make()

        def fit() -> str:
            os.environ["REFIELD_CHECKPOINT_SECONDS"] = "0"
            store, unit = Store(place.units, refit=False), self.units[0]
            ((made),) = make([unit], store, "cpu", lambda *_: None)
            contents = {**made.files, "checkpoint": store.unfinished(unit.key()).read_bytes()}
            return json.dumps({name: base64.b64encode(data).decode() for name, data in contents.items()})

        told = ended(fit, place)
        assert told.how == "accepted", told
        files = {name: base64.b64decode(data) for name, data in json.loads(told.said).items()}
        return files, files.pop("checkpoint")

    def clone(self, folder: Path) -> None:
        """What tells a clone: params.yaml, and papers."""
        YAML(typ="safe").dump(self.params, folder / "params.yaml")
        shutil.copytree(ROOT / "papers", folder / "papers", ignore=shutil.ignore_patterns("*.png"))


def _yaml(file: Path) -> Any:
    return YAML(typ="safe").load(file)


def odd_field(rng: Random) -> Mlp:
    """A field whose settings are right by themselves."""
    odd = rng.choice([{}, {"gates": (1e308, "segment")}, {"gates": (5e-324, "segment")}, {"omega_0": 1e300}])
    odd |= rng.choice([{}, {"largest_a": 1e-300}, {"regions": 64}, {"width": 10**5}, {"region_input": True}])
    odd |= rng.choice([{}, {}, {"bias": "per_expert"}, {"init": "pytorch"}, {"output": "gated"}])
    return Mlp(**{"gates": (2.0, "segment"), "width": rng.choice([1, 4, 7]), "regions": 2, **odd})


def made_of(unit: Unit, factor: float = 1.0) -> Made:
    """A unit as if it had been fitted, with its initial weights times a factor."""
    labels = None if unit.labels is None else unit.labels.reshape(-1)
    job = Job(unit.field, unit.task.problem(unit.signal, labels), unit.train, unit.seed)
    start = unit.field.initialise(2, unit.signal.channels, np.random.default_rng(0))
    with np.errstate(over="ignore"):
        start = {name: (factor * array).astype(np.float32) for name, array in start.items()}
    fit = Fit(start, 0.9 * unit.signal.values().astype(np.float32), [(0, 0.5), (3, 0.25)])
    return Made(encode(job, fit, unit.task, unit.signal, unit.labels), PROVENANCE)
