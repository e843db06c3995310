"""Odd files in the unit store, where other machines write, too: units and checkpoints."""

import hashlib
import json
import logging
import os
import shutil
from pathlib import Path
from random import Random

import numpy as np
import safetensors.numpy
from fuzz import octets, odd, tensors, trees
from fuzz.fits import changed_file
from fuzz.judge import Try
from fuzz.materials import Materials
from fuzz.place import Place

from refield.errors import UserError
from refield.units.checkpoints import ABOUT
from refield.units.failures import Failed
from refield.units.kept import kept
from refield.units.make import make
from refield.units.store import RECORD, Store

IN_STORE = r"units(/.*)?"


class Warnings(logging.Handler):
    """What is said on the way."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        logging.getLogger("refield").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def unit(rng: Random, place: Place, materials: Materials) -> Try:
    """A unit is what was put, another whole fit of it, or it is damaged: then it is put again."""
    which = rng.randrange(len(materials.units))
    wanted, made, store = materials.units[which], materials.made[which], Store(place.units, refit=False)
    store.put(wanted.key(), made)
    folder = place.units / wanted.key()[:2] / wanted.key()
    about = rng.choice([_record, _record, _content, _content, _bytes, _kind_of_file])(rng, folder, materials)

    def act() -> str:
        said, found = Warnings().said, kept(store, wanted)
        text = "as it was put" if found == made else "another"
        if found is not None:
            assert found.files.keys() == made.files.keys()
        store.put(wanted.key(), made)
        assert kept(store, wanted) == made
        if found is None:
            raise UserError("; ".join(said) or "nothing is there")
        return text

    return Try(f"unit {which}: {about}", act, IN_STORE)


def _record(rng: Random, folder: Path, materials: Materials) -> str:
    record = json.loads((folder / RECORD).read_text())
    if rng.random() < 0.2:
        record["files"][rng.choice([*odd.PATHS, "../../../outside/file"])] = hashlib.sha256(b"a secret").hexdigest()
    (folder / RECORD).write_bytes(trees.as_json(rng, trees.changed(rng, record)))
    return RECORD


def _content(rng: Random, folder: Path, materials: Materials) -> str:
    """A file is another, and the record says so."""
    record = json.loads((folder / RECORD).read_text())
    name = rng.choice(sorted(record["files"]))
    data = changed_file(rng, name, (folder / name).read_bytes(), materials)
    (folder / name).write_bytes(data)
    record["files"][name] = hashlib.sha256(data).hexdigest()
    (folder / RECORD).write_text(json.dumps(record))
    return f"{name} as the record says"


def _bytes(rng: Random, folder: Path, materials: Materials) -> str:
    file = rng.choice(sorted(folder.iterdir()))
    data = file.read_bytes()
    file.write_bytes(octets.changed(rng, data, data))
    return f"bytes of {file.name}"


def _kind_of_file(rng: Random, folder: Path, materials: Materials) -> str:
    target = rng.choice([folder, folder.parent, *sorted(folder.iterdir())])
    return f"{target.name[:20]} {replaced(rng, target)}"


def replaced(rng: Random, target: Path) -> str:
    """Something else stands where a file or a folder was."""
    outside = next(parent for parent in target.parents if parent.name == "units").with_name("outside")
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    match rng.randrange(7):
        case 0:
            return "gone"
        case 1:
            target.symlink_to(outside / rng.choice(["file", "folder", "nothing"]))
            return "a link"
        case 2:
            target.symlink_to(target)
            return "a link to itself"
        case 3:
            os.mkfifo(target)
            return "a pipe"
        case 4:
            target.mkdir()
            (target / "file").write_text("x")
            return "a folder"
        case 5:
            target.symlink_to("/dev/zero")
            return "a link to zeros without end"
        case _:
            target.write_bytes(b"")
            return "empty"


def checkpoint(rng: Random, place: Place, materials: Materials) -> Try:
    """A fit goes on from it or begins anew, and comes out whole."""
    wanted, (whole, data) = materials.units[0], materials.fitted
    store = Store(place.units, refit=False)
    file = store.unfinished(wanted.key())
    file.parent.mkdir(parents=True)
    state = data[64:]
    match rng.randrange(10):
        case 0:
            file.write_bytes(data)
            about = replaced(rng, rng.choice([file, file.parent]))
        case 1 | 2:
            file.write_bytes(octets.changed(rng, data, data))
            about = "bytes"
        case 3 | 4 | 5 | 6:
            arrays = safetensors.numpy.load(state)
            text = trees.as_json(rng, trees.changed(rng, json.loads(arrays[ABOUT].tobytes())))
            state = safetensors.numpy.save({**arrays, ABOUT: np.frombuffer(text, np.uint8)})
            about = "what it says of itself"
        case _:
            state = tensors.changed(rng, state, state)
            about = "arrays"
    if state != data[64:]:
        file.write_bytes(hashlib.sha256(state).hexdigest().encode() + state)

    def act() -> str:
        said = Warnings().said
        ((made),) = make([wanted], store, "cpu", lambda *_: None)
        if isinstance(made, Failed):
            raise UserError(made.reason)
        store.put(wanted.key(), made)
        found = kept(store, wanted)
        assert found is not None, said
        anew = dict(found.files) == whole
        assert anew or not said
        if said:
            raise UserError("; ".join(said))
        return "the bytes of a whole fit" if anew else "went on from it"

    return Try(f"a checkpoint: {about}", act, IN_STORE)
