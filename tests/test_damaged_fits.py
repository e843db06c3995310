"""Files of a fit in data/: what reads damaged ones names them in one sentence; what writes them stays in its place."""

import json
import os
import shutil
import sys

import bombs
import numpy as np
import pytest
from pipeline import ROOT
from safetensors.numpy import load, save
from small import unit
from stages import evaluate

from refield import cli, config
from refield.errors import UserError
from refield.executors import make_units
from refield.executors.settings import Inline
from refield.pipeline import audit, fits, provenance
from refield.pipeline.layout import Layout
from refield.segmentation.labels import encode
from refield.signals import Image, png
from refield.units.names import CURVE, LABELS, WEIGHTS
from refield.units.store import Made, Store

LAYOUT, METHOD, PICTURE = Layout(), "ours", "reconstruction.png"
FOLDER = LAYOUT.fits("quick", METHOD) / "image0"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Made:
    (made,) = make_units([unit(0)], Store(tmp_path_factory.mktemp("store")), "cpu", "title", Inline()).values()
    return made


@pytest.fixture
def fitted(made, tmp_path, monkeypatch):
    """A clone with one fit."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(ROOT / "papers/oh_bae_2024", tmp_path / "papers/oh_bae_2024")  # the paper of params.yaml
    monkeypatch.chdir(tmp_path)
    file = LAYOUT.signals("quick") / "image0.png"
    png.write(file, unit(0).signal.pixels)
    keep(made)
    return FOLDER


def keep(made: Made) -> None:
    fits.write({"image0": made}, LAYOUT.fits("quick", METHOD))
    provenance.write([{"image": "image0", **made.provenance}], LAYOUT.provenance("quick", METHOD))


def render() -> None:
    sys.argv = ["refield", "render", str(FOLDER), "--scale", "2", "--out", "rendered.png"]
    cli.app(standalone_mode=False)


def decode() -> None:
    problems = list(audit.unlike(LAYOUT, config.read(), "quick", METHOD, "image0"))
    if problems:
        raise UserError("; ".join(problems))


def score() -> None:
    evaluate.main("quick")


COMMANDS = [render, decode, score]


def about_of(content: bytes) -> dict:
    length = int.from_bytes(content[:8], "little")
    return json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["model"])


def weights(change=lambda name, array: array, **field):
    """Other weights or another description in the file's place."""

    def write() -> None:
        content = (FOLDER / WEIGHTS).read_bytes()
        about = about_of(content)
        about["field"] |= field
        arrays = {name: np.ascontiguousarray(change(name, array)) for name, array in load(content).items()}
        (FOLDER / WEIGHTS).write_bytes(save(arrays, {"model": json.dumps(about)}))

    return write


def instead(name: str, content: bytes):
    return lambda: (FOLDER / name).write_bytes(content)


def pipe(name: str):
    return lambda: ((FOLDER / name).unlink(), os.mkfifo(FOLDER / name))


SMALL = np.zeros((5, 6, 3), np.uint8)
BOMB = bombs.png(60000, 60000)
DAMAGES = {
    "NaN": (weights(lambda _, a: np.full_like(a, np.nan)), WEIGHTS, COMMANDS),
    "infinite": (weights(lambda _, a: np.full_like(a, -np.inf)), WEIGHTS, COMMANDS),
    "enormous": (weights(lambda _, a: np.full_like(a, 3e38)), WEIGHTS, [render, decode]),
    "misshapen": (weights(lambda _, a: a[:, :-1]), WEIGHTS, COMMANDS),
    "int8": (weights(lambda _, a: a.astype(np.int8)), WEIGHTS, COMMANDS),
    "other gates": (weights(gates=["dense", "segment"]), WEIGHTS, COMMANDS),
    "more gates": (weights(gates=["segment"] * 3), WEIGHTS, COMMANDS),
    "wide": (weights(width=10**9), WEIGHTS, COMMANDS),
    "text": (instead(WEIGHTS, b"text"), WEIGHTS, COMMANDS),
    "no weights": (lambda: (FOLDER / WEIGHTS).unlink(), WEIGHTS, COMMANDS),
    "a pipe of weights": (pipe(WEIGHTS), WEIGHTS, COMMANDS),
    "no map": (lambda: (FOLDER / LABELS).unlink(), LABELS, COMMANDS),
    "a map of text": (instead(LABELS, b"text"), LABELS, COMMANDS),
    "a bomb of a map": (instead(LABELS, BOMB), LABELS, COMMANDS),
    "a map of another size": (instead(LABELS, encode(SMALL[..., 0] + 1)), LABELS, COMMANDS),
    "a map of more regions": (instead(LABELS, encode(unit(0).labels + 1)), LABELS, COMMANDS),
    "a map of colours": (instead(LABELS, Image(SMALL).encode()), LABELS, COMMANDS),
    "no picture": (lambda: (FOLDER / PICTURE).unlink(), PICTURE, COMMANDS),
    "a picture of text": (instead(PICTURE, b"text"), PICTURE, COMMANDS),
    "a bomb of a picture": (instead(PICTURE, BOMB), PICTURE, COMMANDS),
    "a picture of another size": (instead(PICTURE, Image(SMALL).encode()), PICTURE, [decode, score]),
    "a folder of a picture": (lambda: ((FOLDER / PICTURE).unlink(), (FOLDER / PICTURE).mkdir()), PICTURE, COMMANDS),
    "a pipe of a picture": (pipe(PICTURE), PICTURE, COMMANDS),
    "a curve of words": (instead(CURVE, b"iteration,loss,psnr\na,b,c\n"), CURVE, [score]),
    "a pipe of a curve": (pipe(CURVE), CURVE, [score]),
}


def test_a_whole_fit_is_rendered_decoded_and_scored(fitted):
    for command in COMMANDS:
        command()
    assert png.read(fitted.parents[4] / "rendered.png").shape == (24, 32, 3)


@pytest.mark.parametrize(
    ("name", "command"),
    [(name, command) for name, (_, _, commands) in DAMAGES.items() for command in commands],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_damaged_file_is_named(name, command, fitted):
    damage, file, _ = DAMAGES[name]
    damage()
    with pytest.raises(UserError) as error:
        command()
    assert str(fitted / file) in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


def test_fits_are_written_in_their_own_place(made, fitted, tmp_path):
    """Links and what they name stay apart: DVC may have made them to its cache."""
    outside = tmp_path / "outside"
    shutil.move(fitted, outside)
    (outside / CURVE).unlink()
    for place in (outside, outside / WEIGHTS):
        kept = {file.name: file.read_bytes() for file in outside.iterdir()}
        shutil.rmtree(fitted, ignore_errors=True)
        if place == outside:
            fitted.symlink_to(outside)
        else:
            fitted.unlink(missing_ok=True)
            fitted.mkdir()
            (fitted / WEIGHTS).symlink_to(place)
            (fitted / "other").symlink_to(outside)
        keep(made)
        assert {file.name: file.read_bytes() for file in outside.iterdir()} == kept
        assert not fitted.is_symlink()
        assert {file.name: file.read_bytes() for file in fitted.iterdir()} == made.files


@pytest.mark.parametrize("make", [lambda place: place.write_text("x"), lambda place: place.symlink_to(place)])
def test_a_file_where_a_fit_belongs_is_replaced(make, made, fitted):
    shutil.rmtree(fitted)
    make(fitted)
    keep(made)
    assert (fitted / WEIGHTS).read_bytes() == made.files[WEIGHTS]


@pytest.mark.usefixtures("fitted")
def test_a_table_of_provenance_is_no_link(made, tmp_path):
    outside, table = tmp_path / "outside", LAYOUT.provenance("quick", METHOD)
    outside.write_text("as it was")
    table.unlink()
    table.symlink_to(outside)
    keep(made)
    assert outside.read_text() == "as it was"
    assert table.read_text().startswith("image,seconds,")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text + text.splitlines()[1] + "\n", "has 2 rows of image0"),
        (lambda text: text.replace(",blas", ",glas"), "has no column blas"),
        (lambda text: "", "no CSV"),
    ],
)
def test_odd_provenance_is_named(change, said, made, fitted):
    table = LAYOUT.provenance("quick", METHOD)
    assert audit.other_machine(table, "image0", made) == ""
    assert audit.other_machine(table, "image1", made) == audit.UNKNOWN
    table.write_text(change(table.read_text()))
    with pytest.raises(UserError, match=f"{table.name} .*{said}"):
        audit.other_machine(table, "image0", made)
