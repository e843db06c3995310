"""Odd files of settings: params.yaml, studies, papers' numbers, lists of photographs, executor.yaml."""

import itertools
import math
import os
from random import Random

from fuzz import octets, odd, trees
from fuzz.judge import Try
from fuzz.materials import Materials
from fuzz.place import Place
from ruamel.yaml import YAML

from refield import config, papers
from refield.executors import settings
from refield.executors.local import LocalJobs
from refield.executors.packing import pack
from refield.fields import build, describe
from refield.signals import sources
from refield.signals.sources.sums import SUMS
from refield.study import read_study


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
    (place.work / SUMS).write_bytes(rng.choice([data, octets.changed(rng, data, data)]))
    names = rng.choice(["all", ["a"], ["a", "b"], ["c"], ["../outside/file"]])
    return Try(
        f"a list of photographs, names: {names}", lambda: str(len(sources.listed("kodak", place.work, names).images))
    )


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
            parts = pack(materials.units, found.rate, found.shortest, 60 * found.minutes_per_job, 4)
            assert sum(map(len, parts)) == len(materials.units)
        if isinstance(found, settings.Local):
            jobs = LocalJobs(found, "cpu")
            assert len(jobs.free) == jobs.workers
        return found.kind

    return Try(f"{file.name} of {len(data)} bytes, {settings.VARIABLE}={chosen!r}", act)
