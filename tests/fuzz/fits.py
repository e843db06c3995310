"""Odd files of fits: weights, and the folders of `refield fit`."""

import dataclasses
import json
import math
from random import Random

import numpy as np
from fuzz import chunks, octets, odd, tensors, trees
from fuzz.judge import Try
from fuzz.materials import Materials, made_of, odd_field
from fuzz.place import Place

from refield import interface
from refield.units import decode, scoring
from refield.units.names import CURVE, LABELS, WEIGHTS

PICTURE = "reconstruction.png"


def weights(rng: Random, place: Place, materials: Materials) -> Try:
    which = rng.randrange(len(materials.made))
    files, other = materials.made[which].files, rng.choice(materials.made).files
    file = place.work / WEIGHTS
    if rng.random() < 0.8:
        file.write_bytes(tensors.changed(rng, files[WEIGHTS], other[WEIGHTS], "model"))
    else:
        field = odd_field(rng)
        small = field if max(field.widths) < 100 and field.regions < 100 else materials.units[0].field
        which, odd = 0, dataclasses.replace(materials.units[0], field=small)
        file.write_bytes(made_of(odd, rng.choice([0.0, 1.0, 1e6, 1e30, -1e300])).files[WEIGHTS])
    signal = materials.units[which].signal

    def act() -> str:
        model = decode.read_model(file)
        shape = tuple(range(5, 5 + model.dims))
        labels = np.zeros(shape, np.uint8) if model.regions is not None else None
        drawn = model.sample(shape, labels)
        assert (drawn.shape, drawn.channels) == (shape, model.channels)
        row = scoring.score_files("image", signal, {**files, WEIGHTS: file.read_bytes()}, materials.units[which].task)
        assert all(not isinstance(value, float) or value == value for value in row.values())
        return str(row["psnr_8bit"])

    return Try(f"weights of unit {which}", act)


def fit_folder(rng: Random, place: Place, materials: Materials) -> Try:
    """A folder of `refield fit`, one of its files changed."""
    which = rng.randrange(len(materials.made))
    folder, unit, made = place.work / "fit", materials.units[which], materials.made[which]
    interface.Result("ours", unit, made.files, made.provenance).save(folder)
    name = rng.choice([*sorted(file.name for file in folder.iterdir()), "fit.json", "fit.json", CURVE])
    (folder / name).write_bytes(data := changed_file(rng, name, (folder / name).read_bytes(), materials))

    def act() -> str:
        result = interface.load(folder)
        height, width = result.unit.signal.shape
        assert result.picture.shape == result.original.shape
        assert result.render(2.0).shape[:2] == (2 * height, 2 * width)
        assert not result.curve.empty
        assert not any(math.isnan(value) for value in result.scores.values())
        result.save(place.work / "again")
        return f"{result!r} {result}"

    return Try(f"{name} of unit {which}'s folder, {len(data)} bytes", act, r"work/again(/.*)?")


def changed_file(rng: Random, name: str, data: bytes, materials: Materials) -> bytes:
    """Other content of a fit's file."""
    if name == WEIGHTS:
        return tensors.changed(rng, data, rng.choice(materials.made).files[WEIGHTS], "model")
    if name.endswith(".png"):
        other = rng.choice(
            [*materials.pictures["PNG"], materials.made[0].files[LABELS], materials.made[1].files[PICTURE]]
        )
        return rng.choice([chunks.png(rng, data, other), octets.changed(rng, data, other), other])
    if name.endswith(".json"):
        return trees.as_json(rng, trees.changed(rng, json.loads(data)))
    rows = data.decode().splitlines()
    words = [str(value) for value in odd.ODD if isinstance(value, int | float | str) and len(str(value)) < 99]
    rows[rng.randrange(len(rows))] = ",".join(
        rng.choice([*words, "1", "2"]) for _ in range(rng.choice([3, 3, 3, 2, 4]))
    )
    return rng.choice([octets.changed(rng, data, data), "\n".join(rows).encode(errors="surrogatepass")])
