"""Where original photographs come from, and that they are the right ones.

A public source's folder holds `SHA256SUMS`, as `sha256sum` writes it; every file is checked against it. The folder of
the source `folder` holds the photographs themselves.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

import pooch
from requests.exceptions import RequestException
from rich.console import Console
from rich.progress import track

from refield.errors import UserError, shown
from refield.settings import choices
from refield.signals.names import PORTABLE, check

SUMS = "SHA256SUMS"
KODAK_DIRECTORY = "REFIELD_KODAK"
# Rich Franzen's own site, then copies of the same bytes. {number} is 01.png where {name} is kodim01.png.
KODAK_URLS = (
    "https://r0k.us/graphics/kodak/kodak/{name}",
    "https://raw.githubusercontent.com/EmilienDupont/coin/a21e50746a9f46ac74e165cc77a68ebf5037c48a/kodak-dataset/{name}",
    "https://raw.githubusercontent.com/MohamedBakrAli/Kodak-Lossless-True-Color-Image-Suite/"
    "dd2e1105fe8d9afe1120cd7e4c0e5e41f509a81b/PhotoCD_PCD0992/{number}",
    "https://raw.githubusercontent.com/zwx-open/EVOS-INR/326148416e1fb9c44da8a68ec512103205c3c87f/data/Kodak/{number}",
)
ROUNDS = 2  # through all addresses
PAUSE = 2.0  # seconds between rounds

# Pillow may not read all of these; better a word from it than a photograph passed over in silence.
EXTENSIONS = (
    *(".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jpeg", ".jpg", ".pbm"),
    *(".pgm", ".png", ".pnm", ".ppm", ".psd", ".tga", ".tif", ".tiff", ".webp"),
)


def fetch(
    source: Literal["samples", "kodak", "folder"], folder: Path, names: Literal["all"] | list[str], out: Path
) -> list[str]:
    """Bring a source's photographs into `out` and return their file names.

    `folder` holds their list or themselves; `names` are file names without extension. `out` then holds them and nothing
    else; when anything fails (`UserError`) it stays as it was.
    """
    chosen = listed(source, folder, names)
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for name in _progress(list(chosen)):
            expected = chosen[name]
            original = folder / name if expected is None else PUBLIC[source](name, expected)
            shutil.copyfile(original, part / name)
            if expected is not None:
                _check(part / name, expected, original)
        if out.exists():
            shutil.rmtree(out)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return list(chosen)


def listed(
    source: Literal["samples", "kodak", "folder"], folder: Path, names: Literal["all"] | list[str]
) -> dict[str, str | None]:
    """The file names that `names` ask for and each one's sha256 (own images: None); `UserError` if one is missing."""
    sums = dict.fromkeys(own_images(folder)) if source == "folder" else read_sums(folder / SUMS)
    return {name: sums[name] for name in choose(sums, names, folder)}


def sample(name: str, sha256: str) -> Path:
    """A photograph that ships inside scikit-image."""
    # Only located: importing scikit-image would cost more than the rest of the stage.
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("images.source = 'samples' needs scikit-image, which is not installed")
    path = Path(spec.submodule_search_locations[0]) / "data" / name
    if not path.is_file():
        raise UserError(f"{name} is not among the photographs that ship inside scikit-image ({path.parent})")
    return path


def kodak(name: str, sha256: str) -> Path:
    """A Kodak photograph: from the folder `REFIELD_KODAK` if that is set, else from the user's cache or the network."""
    if directory := os.environ.get(KODAK_DIRECTORY):
        path = Path(directory) / name
        if not path.is_file():
            raise UserError(f"{path} is missing; {KODAK_DIRECTORY} must name a folder that holds it, or be unset")
        return path
    return download(name, sha256, [url.format(name=name, number=name.removeprefix("kodim")) for url in KODAK_URLS])


PUBLIC: Mapping[str, Callable[[str, str], Path]] = {"samples": sample, "kodak": kodak}


def download(name: str, sha256: str, urls: list[str]) -> Path:
    """The file, from the first address that gives these bytes, or from the user's cache if an earlier run got it."""
    pooch.get_logger().setLevel("WARNING")
    cache = pooch.os_cache("refield") / "originals"
    downloader = pooch.HTTPDownloader(timeout=(10, 60))
    failures: dict[str, str] = {}
    for round_ in range(ROUNDS):
        time.sleep(PAUSE if round_ else 0)
        for url in urls:
            try:
                return Path(pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=cache, downloader=downloader))
            except RequestException as error:
                failures[url] = type(error).__name__ if error.response is None else error.response.reason
            except ValueError as error:  # a wrong sha256: pooch's first sentence names both
                failures[url] = str(error).partition(". ")[0]
    reasons = "; ".join(f"{url}: {reason}" for url, reason in failures.items())
    raise UserError(f"{name} cannot be downloaded ({reasons}); a local copy's folder can be named in {KODAK_DIRECTORY}")


def read_sums(path: Path) -> dict[str, str | None]:
    """File names and their sha256, as `sha256sum` lists them."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UserError(
            f"{path} is missing or no text; it lists the source's photographs as sha256sum does, "
            "and that of another profile with the same source can be copied"
        ) from None
    sums: dict[str, str | None] = {}
    for number, line in enumerate(lines, start=1):
        match = re.fullmatch(rf"([0-9a-f]{{64}}) [ *]({PORTABLE.pattern})", line)
        if not match:
            raise UserError(
                f"{path}, line {number}: {shown(line)} is not 64 hexadecimal digits, two spaces and a file name"
            )
        if match[2] in sums:
            raise UserError(f"{path}, line {number}: {match[2]} is listed twice")
        sums[match[2]] = match[1]
    return sums


def own_images(folder: Path) -> list[str]:
    """The photographs lying in a folder; hidden files and other kinds of file are passed over."""
    if not folder.is_dir():
        raise UserError(f"{folder} is missing; make it and put the photographs there (PNG, JPEG, TIFF, WebP, BMP)")
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return [path.name for path in files if path.suffix.lower() in EXTENSIONS]


def choose(available: Iterable[str], names: Literal["all"] | list[str], folder: Path) -> list[str]:
    """The files that `names` ask for, in the order of `available`; their stems become the images' names."""
    files: dict[str, str] = {}
    folded: dict[str, str] = {}
    for file in available:
        stem = Path(file).stem
        try:
            check(stem)
        except UserError as error:
            raise UserError(f"{folder / file}: {error}") from None
        # Some file systems do not tell A from a.
        if twin := folded.get(stem.lower()):
            raise UserError(f"{folder}: {twin} and {file} would both become the image {stem!r}; rename one")
        files[stem] = folded[stem.lower()] = file
    if not files:
        raise UserError(f"{folder} has no photographs; put some there (PNG, JPEG, TIFF, WebP, BMP)")
    if names == "all":
        return list(files.values())
    if unknown := [name for name in names if name not in files]:
        raise UserError(f"images.names: {shown(unknown[0])} is not in {folder}; there are {choices(files)}")
    return [file for stem, file in files.items() if stem in names]


def _check(path: Path, expected: str, original: Path) -> None:
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        raise UserError(f"{original}: its sha256 is {found}, expected {expected}")


def _progress(names: list[str]) -> Iterable[str]:
    console = Console(stderr=True)
    return track(names, "Originals", console=console, transient=True, disable=not sys.stderr.isatty())
