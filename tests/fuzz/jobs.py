"""Odd files of what is handed to other processes: wanted units, who fits them, and what workers say."""

import hashlib
import json
from pathlib import Path
from random import Random

import numpy as np
import safetensors.numpy
from fuzz import octets, tensors, trees
from fuzz.judge import Try
from fuzz.materials import Materials, odd_field
from fuzz.place import Place
from fuzz.stores import IN_STORE, replaced

from refield.errors import UserError
from refield.executors import collecting, worker
from refield.executors.local import LocalJobs
from refield.executors.settings import Local
from refield.executors.spool import Spool
from refield.executors.submission import Submission
from refield.fitting.train import Train
from refield.signals.image import array_sha256
from refield.units.store import Store
from refield.units.unit import Unit


def wanted(rng: Random, place: Place, materials: Materials) -> Try:
    """A job of two units, one file of which is odd; a worker takes it, and who waits for it reads what it says."""
    store = Store(place.units, refit=False)
    spool, units = (
        Spool(store.wanted),
        [materials.units[0], rng.choice([materials.units[1], _odd_unit(rng, materials)])],
    )
    for each in units:
        spool.put(each)
    submission = Submission.create(store, [units], rng.choice(["auto", "cpu"]))
    job = submission.job(0)
    about = _odd_file(rng, place, materials, job)
    keys = [each.key() for each in units]

    def act() -> str:
        said = ""
        try:
            worker.work(job)
        except UserError as error:
            said = str(error)
        _ask(store, submission, keys)
        if said:
            raise UserError(said)
        return f"{sum(store.get(key) is not None for key in keys)} of 2 units"

    return Try(f"a job: {about}", act, IN_STORE)


def _odd_unit(rng: Random, materials: Materials) -> Unit:
    """Of settings that are right by themselves, and of labels that no segmenter makes."""
    first = materials.units[0]
    train = {"iterations": 3, "learning_rate": 1e-3}
    train |= rng.choice(
        [{}, {"learning_rate": 1e308}, {"learning_rate": 5e-324}, {"trace_every": 10**18}, {"batch": 10**18}]
    )
    labels = rng.choice(
        [
            *([first.labels] * 8),
            *(first.labels + 200, first.labels.astype(float), first.labels.astype(np.int64) - 1),
            *(first.labels * np.float32(np.nan), first.labels.astype(bool), first.labels[:5], first.labels[..., None]),
        ]
    )
    seed = rng.choice([0, 0, 0, 2**70])
    return Unit("odd", first.signal, labels, first.task, odd_field(rng), Train(**train), seed)


def _odd_file(rng: Random, place: Place, materials: Materials, job: Path) -> str:
    described, made = place.units / "wanted", job.parent
    match rng.randrange(12):
        case 0 | 10 | 11:
            return "as it was written"
        case 1:
            target = rng.choice([described, made, made.parent, job, *sorted(described.iterdir())])
            return f"{target.name[:20]} {replaced(rng, target)}"
        case 2:
            file = rng.choice([job, *sorted(described.iterdir())])
            file.write_bytes(octets.changed(rng, data := file.read_bytes(), data))
            return f"bytes of {file.name[:20]}"
        case 3 | 4:
            job.write_bytes(trees.as_json(rng, trees.changed(rng, json.loads(job.read_text()))))
            return "who fits what"
        case 5:
            reasons = trees.changed(rng, dict.fromkeys([*json.loads(job.read_text())["units"]], "it cannot be"))
            job.with_suffix(".failed.json").write_bytes(trees.as_json(rng, reasons))
            return "why some failed"
        case 6:
            lines = rng.choice([b"node1\n" * 9, b"a b\0c\n", b"\xff\xfe\n", b"x" * 10**6, b"../x\n-rf\n"])
            job.with_suffix(".nodes").write_bytes(octets.changed(rng, lines, lines))
            return "where it has started"
        case 7:
            for name in ("x.json", "00.json", "99999999999.json", "-1.json"):
                (made / name).write_bytes(rng.choice([b"", b"{}", job.read_bytes()]))
            return "more jobs"
        case _:
            return _described(rng, described, job)


def _described(rng: Random, folder: Path, job: Path) -> str:
    """A description, or a map, under the digest that it has."""
    units = json.loads(job.read_text())["units"]
    key = rng.choice(sorted(units))
    text = json.loads((folder / f"{key}.json").read_text())
    if text["labels"] and rng.random() < 0.4:
        arrays = [
            np.zeros((12, 16), rng.choice(["u1", "i8", "f2", "c8", "?"])),
            np.zeros(rng.choice([(), (0,), (16, 12)])),
        ]
        array = rng.choice(arrays)
        text["labels"] = array_sha256(array)
        data = safetensors.numpy.save({rng.choice(["labels", "x"]): array})
        (folder / f"{text['labels']}.safetensors").write_bytes(
            tensors.changed(rng, data, data) if rng.random() < 0.3 else data
        )
        text = json.dumps(text, sort_keys=True).encode()
    else:
        text = trees.as_json(rng, trees.changed(rng, text))
    odd = hashlib.sha256(text).hexdigest()
    (folder / f"{odd}.json").write_bytes(text)
    job.write_text(json.dumps({"device": "cpu", "units": {**units, odd: "odd"}}))
    return "what is wanted"


def _ask(store: Store, submission: Submission, keys: list[str]) -> None:
    """What somebody does who waits for the job."""
    settings = Local(kind="local", workers=1)
    collector = collecting.Collector(store, LocalJobs(settings, "cpu"), settings, "cpu")
    collector.find({(submission.name, 0), (submission.name, 99_999_999)})
    for reason in collector.failures(keys).values():
        assert reason.isprintable()
    for key in keys:
        if key in collector.job_of:
            assert collector.where(key)
    collector.clear()
