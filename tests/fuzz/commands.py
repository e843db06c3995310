"""Odd command lines: every command of `refield`, in this process."""

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from fuzz import octets, odd, pictures, trees
from fuzz.guarded import Place
from fuzz.judge import Try
from fuzz.library import changed_file
from fuzz.materials import Materials
from PIL import Image
from ruamel.yaml import YAML

from refield import cli, interface
from refield.errors import UserError
from refield.signals import png

LOGS, STORE, OF_DVC = r"state/refield/log/[^/]+\.log", r"units(/.*)?", r"(work/\.dvc/(tmp|cache)|site)(/.*)?"
ALWAYS = rf"{LOGS}|state(/refield(/log)?)?|{STORE}|{OF_DVC}|work/\.git/(index|objects/.*)"
RESULTS = r"work/(data|reports)(/.*)?|work/(dvc\.lock|data/checked|README\.md|studies/.*)"
ENVIRONMENT = {
    "REFIELD_DEVICE": ["", "cpu", "auto", "cuda", "tpu", "ü"],
    "REFIELD_UNITS": ["[/x]", "../units/more", "params.yaml", "/proc/x", "a" * 300, "ü"],
    "REFIELD_EXECUTOR": ["inline", "slurm", "nowhere", ".", "[/x]"],
    "REFIELD_REFIT": ["0", "1", "x"],
    "REFIELD_CHECKPOINT_SECONDS": ["0", "-1", "nan", "x", "1e999", ""],
    "REFIELD_KODAK": ["", "nowhere", "params.yaml", "[bold]"],
    "COLUMNS": ["0", "-1", "1", "x", "9999"],
    "DVC_STAGE": ["fit@quick-ours", "", "@", "x"],
}
WORDS = [word for word in (*odd.SHELL, *odd.NAMES, *odd.WORDS, "../up", "..", "\udcff") if "\0" not in word]
WORDS = [word for word in WORDS if len(word) < 10**5]


def status_of(arguments: Sequence[str], environment: dict[str, str], place: Place) -> str:
    """Run a command in this process; what it prints, or `UserError` with what it says if it cannot."""
    os.environ.update(environment)
    sys.argv = ["refield", *arguments]
    status: Any = None
    try:
        cli.main()
    except SystemExit as end:
        status = end.code
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return judged(status, place.printed.read_text(errors="replace"))


def judged(status: Any, printed: str, refused: Sequence[int] = (1, 2)) -> str:
    """What a command has printed; `UserError` with what it says if it refuses, `AssertionError` if it breaks."""
    assert "Traceback (most recent call last)" not in printed, printed
    assert "this is a bug of refield" not in printed, printed
    if status in refused:
        said = re.split(r"error: |ERROR: ", printed)[-1] if status != 2 else "usage"
        assert said, f"status {status} without a word"
        # `verify` lists what it has found; how DVC says what it has to say is its own affair.
        raise UserError(" ".join(said.split()) if re.match(r"\d+ found\n", said) or status == 255 else said.strip())
    assert not status, f"status {status}: {printed}"
    return printed.strip()


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


def line(rng: Random, place: Place, materials: Materials) -> Try:
    """A command with odd arguments and, sometimes, in an odd environment."""
    name = rng.choice(list(COMMANDS))
    whole = name not in ("fit", "render", "bench") and rng.random() < 0.6
    home(materials, place, whole)
    arguments, made = COMMANDS[name](rng, place, materials)
    damaged = _damaged(rng, place, materials) if whole and rng.random() < 0.4 else ""
    if name not in ("bench", "") and rng.random() < 0.1:
        arguments.insert(rng.randrange(len(arguments) + 1), rng.choice(["--help", "-h", "--", "--x", "", *WORDS]))
    environment = {}
    if rng.random() < 0.25:
        variable = rng.choice(list(ENVIRONMENT))
        environment[variable] = rng.choice(ENVIRONMENT[variable])
    if environment.get("REFIELD_UNITS"):
        made = f"{made}|{below(environment['REFIELD_UNITS'])}"

    def act() -> str:
        printed = status_of(arguments, environment, place)
        lines = printed.splitlines()
        if arguments[:1] == ["render"] and lines and lines[-1].endswith(".png"):
            assert min(png.read(Path(lines[-1])).shape[:2]) > 0
        if arguments[:1] == ["fit"] and "PSNR" in printed:
            interface.load(lines[-1].rpartition(": ")[0])
        return lines[-1] if lines else ""

    shown = [argument[:200] for argument in arguments]
    return Try(f"refield {shown} {environment} {'in a clone' * whole} {damaged}", act, f"{ALWAYS}|{made}", "*")


def _damaged(rng: Random, place: Place, materials: Materials) -> str:
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


# Where results may go: here, or nowhere.
OUT = [
    "out",
    "new/deep/out",
    "params.yaml/x",
    "cup.jpg",
    "cup",
    "a" * 300,
    "ü",
    "-x",
    "a b",
    "[/x]",
    "/proc/x/y",
    "/dev/full",
]
NUMBER = ["0", "1", "2", "-1", "0.5", "1e-300", "1e300", "nan", "inf", "x", "", "9" * 400, "0x10", "1_000", "٣"]
Line = tuple[list[str], str]


def mostly(rng: Random, usual: Sequence[str], others: Sequence[str] = WORDS) -> str:
    return rng.choice(usual if rng.random() < 0.7 else others)


def _options(rng: Random, options: dict[str, Sequence[str]]) -> list[str]:
    chosen = [name for name in options if rng.random() < 0.4]
    return [part for name in chosen for part in (name, mostly(rng, options[name]))]


def _fit(rng: Random, place: Place, materials: Materials) -> Line:
    (place.work / "odd.png").write_bytes(pictures.changed(rng, materials.pictures, "PNG"))
    os.mkfifo(place.work / "pipe.png")
    image = mostly(rng, ["cup.jpg", "odd.png", "pipe.png", "cup", "params.yaml", "nowhere"])
    out = rng.choice(OUT)
    given = _options(rng, {"--method": ["ours", "siren", "wire", "x"], "--profile": ["quick", "x"]})
    if rng.random() < 0.4:
        (place.work / "params.yaml").write_bytes(trees.as_yaml(rng, _quick(trees.changed(rng, materials.params))))
    return ["fit", image, *given, "--out", out], rf"{below(out)}|work/(cup|odd)[^/]*(/.*)?"


def _quick(params: Any) -> Any:
    """The parameters with small fits, whatever else is odd of them: who asks for long ones waits for them."""
    for node in trees.nodes(params):
        if isinstance(node, dict):
            for key, most in {"iterations": 9, "width": 9, "long": 99, "superpixels": 999, "width_factor": 3}.items():
                if isinstance(node.get(key), int) and node[key] > most:
                    node[key] = most
    return params


def _render(rng: Random, place: Place, materials: Materials) -> Line:
    out = rng.choice([name for name in OUT if name not in ("cup", "cup.jpg")])
    if rng.random() < 0.4:
        file = rng.choice(sorted((place.work / "cup").iterdir()))
        data = file.read_bytes()
        file.write_bytes(data[: rng.randrange(len(data))])
    options = {"--scale": [*NUMBER, "2", "3"], "--map": ["cup/labels.png", "cup.jpg", "nowhere", "."], "--out": [out]}
    unit = mostly(rng, ["cup", "cup", "cup/", "./cup"], [".", "cup.jpg", "nowhere", *WORDS])
    return ["render", unit, *_options(rng, options)], rf"{below(out)}|work/[^/]*-\d+x\d+\.png"


def _plan(rng: Random, place: Place, materials: Materials) -> Line:
    return ["plan", *_options(rng, {**PAPER, "-S": ["seed=1", "seed=0", "seg.regions=3", "x", "=", "seed="]})], NOTHING


def _verify(rng: Random, place: Place, materials: Materials) -> Line:
    return ["verify", *rng.choice([[], ["--decode"], ["--refit", mostly(rng, ["1", "2"], NUMBER)], ["x"]])], NOTHING


def _adopt(rng: Random, place: Place, materials: Materials) -> Line:
    return ["adopt", *_options(rng, {**PAPER, "--sample": NUMBER})], RESULTS


def _report(rng: Random, place: Place, materials: Materials) -> Line:
    return ["report", *rng.choice([[], [mostly(rng, ["quick", "paper"])]]), *_options(rng, PAPER)], NOTHING


def _compare(rng: Random, place: Place, materials: Materials) -> Line:
    return ["compare", mostly(rng, ["quick"]), *_options(rng, {"--tolerance": NUMBER})], NOTHING


def _any(rng: Random, place: Place, materials: Materials) -> Line:
    return [*rng.choices(["--help", "fit", "-x", "", *WORDS], k=rng.randrange(3))], NOTHING


NOTHING, PAPER = "(?!)", {"--paper": ["", "x", "oh_bae_2024", ".."]}
COMMANDS: dict[str, Callable[[Random, Place, Materials], Line]] = {
    "fit": _fit,
    "render": _render,
    "plan": _plan,
    "verify": _verify,
    "adopt": _adopt,
    "report": _report,
    "doctor": lambda rng, *_: (["doctor", *rng.choice([[], ["x"], ["--x"]])], NOTHING),
    "bench": lambda rng, *_: (["bench", rng.choice(["x", "--x", "--help", ""])], NOTHING),
    "readme": lambda rng, *_: (["readme", *rng.choice([[], ["--check"], ["x"]])], r"work/README\.md"),
    "compare": _compare,
    "": _any,
}
