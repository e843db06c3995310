"""Odd files, given to what reads them: photographs, settings, weights, the folder of a fit."""

import dataclasses
import itertools
import json
import math
import os
from random import Random

import numpy as np
from fuzz import octets, odd, pictures, tensors, trees
from fuzz.guarded import Place
from fuzz.judge import Try
from fuzz.materials import Materials, made_of, odd_field
from PIL import Image as Pillow
from ruamel.yaml import YAML

from refield import config, interface, papers
from refield.executors import settings
from refield.executors.local import LocalJobs
from refield.executors.packing import pack
from refield.fields import build, describe
from refield.signals import photographs, sources
from refield.study import read_study
from refield.units import decode, scoring
from refield.units.names import CURVE, LABELS, WEIGHTS

SUFFIXES = ["png", "jpg", "tiff", "webp", "bmp", "gif", "ppm", "PNG", "jpeg", "eps", ""]
PICTURE = "reconstruction.png"


def photograph(rng: Random, place: Place, materials: Materials) -> Try:
    format = rng.choice(photographs.FORMATS)
    data = pictures.changed(rng, materials.pictures, format)
    file = place.work / f"photograph.{rng.choice(SUFFIXES)}"
    file.write_bytes(data)
    color, fit = rng.choice(["rgb", "rgb", "grey"]), rng.choice(["native", "crop", "resize"])
    long, short = rng.choice([(12, 11), (24, 16), (300, 11), (2000, 1500)])

    def act() -> str:
        pixels = photographs.load(file, color)
        height, width, channels = pixels.shape
        assert pixels.dtype == np.uint8
        assert channels == {"rgb": 3, "grey": 1}[color]
        assert 0 < height * width <= Pillow.MAX_IMAGE_PIXELS
        framed = photographs.frame(pixels, fit, long, short)
        if fit != "native":
            assert framed.shape == (*((short, long) if width > height else (long, short)), channels)
        return f"{width} x {height}"

    return Try(f"a {format} of {len(data)} bytes, {color}, {fit}", act)


def parameters(rng: Random, place: Place, materials: Materials) -> Try:
    """params.yaml; sometimes those of a study, the numbers of a paper, or a list of photographs."""
    kind = rng.choices([_params, _study, _paper, _sums], [12, 2, 2, 1])[0]
    return kind(rng, place, materials)


def _params(rng: Random, place: Place, materials: Materials) -> Try:
    file = place.work / "params.yaml"
    file.write_bytes(trees.as_yaml(rng, trees.changed(rng, materials.params, shared=True)))
    return Try("params.yaml", lambda: _all_of(config.read(path=file)))


def _all_of(params: config.Params) -> str:
    for name in params.maps:
        assert params.segmenter(name)
        assert 2 <= params.regions(name) <= 64
    for profile in params.profiles:
        assert params.task(profile)
        for method in params.methods:
            field, chosen, train = (
                params.field(profile, method),
                params.map(profile, method),
                params.train(profile, method),
            )
            assert build(describe(field)) == field
            assert math.isfinite(train.rate(0) + train.rate(train.iterations))
            assert chosen is None or field.regions == params.regions(chosen)
    return f"{len(params.profiles)} profiles, {len(params.methods)} methods"


def _study(rng: Random, place: Place, materials: Materials) -> Try:
    file, params = place.work / "study.yaml", place.work / "params.yaml"
    file.write_bytes(trees.as_yaml(rng, trees.changed(rng, materials.study, shared=True)))
    YAML(typ="safe").dump(materials.params, params)

    def act() -> str:
        study = read_study(file)
        choices = study.combinations()
        for choice in itertools.islice(choices, 20):
            study.params(choice, params)
        return f"{len(choices)} combinations"

    return Try("a study's params.yaml", act)


def _paper(rng: Random, place: Place, materials: Materials) -> Try:
    folder = place.work / "papers/one"
    folder.mkdir(parents=True)
    (folder / "paper.yaml").write_bytes(trees.as_yaml(rng, trees.changed(rng, materials.paper, shared=True)))
    return Try("paper.yaml", lambda: f"{len(papers.read('one', folder.parent).rows)} rows")


def _sums(rng: Random, place: Place, materials: Materials) -> Try:
    lines = [f"{rng.randbytes(32).hex()}  {name}.png" for name in ("a", "b", rng.choice([*odd.NAMES, *odd.PATHS]))]
    data = "\n".join(lines).encode()
    (place.work / sources.SUMS).write_bytes(rng.choice([data, octets.changed(rng, data, data)]))
    names = rng.choice(["all", ["a"], ["a", "b"], ["c"], ["../outside/file"]])
    return Try(f"a list of photographs, names: {names}", lambda: str(len(sources.listed("kodak", place.work, names))))


EXECUTORS = [
    {"kind": "inline"},
    {"kind": "local", "workers": 2, "cores": 1, "retries": 2, "minutes_per_job": 20.0, "teraflops": 0.1},
    {
        **{"kind": "slurm", "partition": "gpu", "minutes": 60, "gpus": 1, "cpus": 4, "memory_gb": 8.0, "at_once": 64},
        **{"setup": ["module load cuda"], "options": {"mail_type": "END"}, "warning_seconds": 60},
        **{"patience_seconds": 60.0, "poll_seconds": 10.0, "minutes_per_job": 20.0, "teraflops": 10.0},
    },
]


def executor(rng: Random, place: Place, materials: Materials) -> Try:
    data = trees.as_yaml(rng, trees.changed(rng, rng.choice(EXECUTORS), shared=True))
    file = place.work / rng.choice(["executor.yaml", "executor.yaml", "other.yaml"])
    file.write_bytes(data)
    words = ["", "local", "slurm", "inline", "other.yaml", "..", "a" * 300, "executor.yaml/x", "ü", "[/x]"]
    chosen = "" if rng.random() < 0.8 else rng.choice(words)

    def act() -> str:
        os.environ[settings.VARIABLE] = chosen
        found = settings.read()
        if not isinstance(found, settings.Inline):
            assert found.rate > 0
            parts = pack(materials.units, found.rate, 60 * found.minutes_per_job, 4)
            assert sum(map(len, parts)) == len(materials.units)
        if isinstance(found, settings.Local):
            jobs = LocalJobs(found, "cpu")
            assert len(jobs.free) == jobs.workers
        return found.kind

    return Try(f"{file.name} of {len(data)} bytes, {settings.VARIABLE}={chosen!r}", act)


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
        return rng.choice([pictures.png(rng, data, other), octets.changed(rng, data, other), other])
    if name.endswith(".json"):
        return trees.as_json(rng, trees.changed(rng, json.loads(data)))
    rows = data.decode().splitlines()
    words = [str(value) for value in odd.ODD if isinstance(value, int | float | str) and len(str(value)) < 99]
    rows[rng.randrange(len(rows))] = ",".join(
        rng.choice([*words, "1", "2"]) for _ in range(rng.choice([3, 3, 3, 2, 4]))
    )
    return rng.choice([octets.changed(rng, data, data), "\n".join(rows).encode(errors="surrogatepass")])
