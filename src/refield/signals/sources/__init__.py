"""Where original photographs, solids and scenes come from, a kind to a file, and that they are the right ones.

A source reads a profile's folder of sources, which lists its originals or holds them, and says how each is read.
"""

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from refield.signals.sources import addresses, folder, kodak, lgg, samples, solids, views
from refield.signals.sources.choosing import choose
from refield.signals.sources.sums import Read

Source = Callable[[Path], Mapping[str, Read]]  # of a profile's folder: its originals by their file names

SOURCES: dict[str, Source] = {
    "samples": samples.originals,
    "kodak": kodak.originals,
    "folder": folder.originals,
    "addresses": addresses.originals,
    "lgg": lgg.originals,
    "solids": solids.originals,
    "views": views.originals,
}


@dataclass(frozen=True)
class Originals:
    """What a profile asks of its source, by file names."""

    images: Mapping[str, Read]
    beside: Mapping[str, Read]  # what is no image, such as a mask


def fetch(
    source: str, place: Path, names: Literal["all"] | list[str], out: Path, beside: Sequence[str] = ()
) -> list[str]:
    """Bring a source's photographs into `out`, and what lies `beside` them, and return their file names.

    `place` holds their list or themselves; `names` are file names without extension. `out` then holds them and nothing
    else; when anything fails (`UserError`) it stays as it was.
    """
    found = listed(source, place, names, beside)
    originals = {**found.images, **found.beside}
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for name in _progress(list(originals)):
            (part / name).write_bytes(originals[name]())
        if out.exists():
            shutil.rmtree(out)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return list(originals)


def listed(source: str, place: Path, names: Literal["all"] | list[str], beside: Sequence[str] = ()) -> Originals:
    """The originals that `names` ask for, and those `beside` them; `UserError` if one is missing."""
    originals = SOURCES[source](place)
    images, others = choose(originals, names, beside, place)
    return Originals({name: originals[name] for name in images}, {name: originals[name] for name in others})


def _progress(names: list[str]) -> Iterable[str]:
    from rich.console import Console  # a tenth of a second, and everything that reads params.yaml imports this module
    from rich.progress import track

    console = Console(stderr=True)
    return track(names, "Originals", console=console, transient=True, disable=not sys.stderr.isatty())
