"""Odd command lines: every command of `refield`, in this process."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from coding.examples import mended
from fuzz import octets, odd, pictures, trees
from fuzz.clones import ALWAYS, RESULTS, below, damage, home
from fuzz.judge import Try
from fuzz.materials import Materials
from fuzz.place import Place
from fuzz.running import status_of
from pipeline import ROOT

from refield import interface
from refield.signals import png

ENVIRONMENT = {
    "REFIELD_DEVICE": ["", "cpu", "auto", "cuda", "tpu", "ü"],
    "REFIELD_UNITS": ["[/x]", "../units/more", "params.yaml", "/proc/x", "a" * 300, "ü"],
    "REFIELD_EXECUTOR": ["inline", "slurm", "nowhere", ".", "[/x]"],
    "REFIELD_REFIT": ["0", "1", "x"],
    "REFIELD_CHECKPOINT_SECONDS": ["0", "-1", "nan", "x", "1e999", ""],
    "REFIELD_KODAK": ["", "nowhere", "params.yaml", "[bold]"],
    "COLUMNS": ["0", "-1", "1", "x", "9999"],
    "DVC_STAGE": ["fit@quick", "", "@", "x"],
}
WORDS = [word for word in (*odd.SHELL, *odd.NAMES, *odd.WORDS, "../up", "..", "\udcff") if "\0" not in word]
WORDS = [word for word in WORDS if len(word) < 10**5]


def line(rng: Random, place: Place, materials: Materials) -> Try:
    """A command with odd arguments and, sometimes, in an odd environment."""
    name = rng.choice(list(COMMANDS))
    whole = name not in ANYWHERE and rng.random() < 0.6
    home(materials, place, whole)
    arguments, made = COMMANDS[name](rng, place, materials)
    damaged = damage(rng, place, materials) if whole and rng.random() < 0.4 else ""
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
    given = _options(rng, {"--method": ["ours", "siren", "wire", "x"], "--profile": ["quick", "photograph", "x"]})
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


FEW = ["--iterations", "3"]  # who asks for long fits waits for them


def _upscale(rng: Random, place: Place, materials: Materials) -> Line:
    image, out = _photograph(rng, place, materials), rng.choice([*OUT, "big.png", "new/big.PNG"])
    options = {"--by": ["2", "3", *NUMBER], "--method": ["siren", "ours", "x"], "--profile": ["quick"], "-o": [out]}
    flags = [flag for flag in ("--force", "--no-check") if rng.random() < 0.4]
    width = ["--width", rng.choice(["4", "x", "0", "-1"])]
    return ["upscale", image, *_options(rng, options), *flags, *FEW, *width], rf"{below(out)}|work/[^/]*-x\d\.png"


def _compress(rng: Random, place: Place, materials: Materials) -> Line:
    image, out = _photograph(rng, place, materials), rng.choice([*OUT, "small.rfd"])
    choices = {"--bpp": ["2", "0.01", *NUMBER], "--psnr": ["5", "99", *NUMBER]}
    aim = _options(rng, {**choices, "--method": ["siren", "x"], "--effort": ["fast", "x"]})
    flags = [flag for flag in ("--force", "--half") if rng.random() < 0.4]
    return ["compress", image, *aim, *flags, *FEW, "--out", out], below(out)


def _decompress(rng: Random, place: Place, materials: Materials) -> Line:
    out = rng.choice([*OUT, "shown.png"])
    return ["decompress", _compressed(rng, place), *_options(rng, {"--out": [out]})], rf"{below(out)}|work/[^/]*\.png"


def _info(rng: Random, place: Place, materials: Materials) -> Line:
    return ["info", _compressed(rng, place)], NOTHING


def _photograph(rng: Random, place: Place, materials: Materials) -> str:
    """The name of one that may be odd."""
    (place.work / "odd.png").write_bytes(pictures.changed(rng, materials.pictures, "PNG"))
    return mostly(rng, ["cup.jpg", "odd.png", "cup", "params.yaml", "nowhere"])


def _compressed(rng: Random, place: Place) -> str:
    """The name of a compressed file that may be odd."""
    whole = [file.read_bytes() for file in sorted((ROOT / "tests/coding/golden").glob("*.rfd"))]
    (place.work / "cup.rfd").write_bytes(rng.choice(whole))
    odd_one = octets.changed(rng, rng.choice(whole), rng.choice(whole))
    # With a checksum that is right whatever is odd is read.
    (place.work / "odd.rfd").write_bytes(mended(odd_one) if rng.random() < 0.5 else odd_one)
    return mostly(rng, ["cup.rfd", "odd.rfd", "odd.rfd", "cup.jpg", "cup", "nowhere"])


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


ANYWHERE = ("fit", "render", "upscale", "compress", "decompress", "info", "bench")
NOTHING, PAPER = "(?!)", {"--paper": ["", "x", "oh_bae_2024", ".."]}
COMMANDS: dict[str, Callable[[Random, Place, Materials], Line]] = {
    "fit": _fit,
    "render": _render,
    "upscale": _upscale,
    "compress": _compress,
    "decompress": _decompress,
    "info": _info,
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
