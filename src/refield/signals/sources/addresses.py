"""Originals that have addresses each of its own, which a list in a profile's folder says.

`addresses.txt` is a registry of pooch's (https://www.fatiando.org/pooch): a line has a file's name, its sha256 and an
address, and lines that begin with # are comments. A file that lies in several places of the network has a line for
each; they are tried in turn. Of weights that PyTorch publishes only the first eight digits of the sha256 are known,
which stand in their names: that is enough for `https://HOST/PATH`. An address is one of these:

* `https://HOST/PATH`, and `https://HOST/PATH!/MEMBER` of a zip file's member, such as a file of a Python wheel,
* `https://HOST/PATH.zip!!/MEMBER`, a member of a zip file of which only the whole has a known sha256: that is what the
  line says, and the zip file is downloaded as a whole, once, into the user's cache,
* `samples:NAME`, a file that ships inside scikit-image,
* `drawn:NAME`, a picture that is drawn (`refield.signals.drawn`),
* `solid:NAME`, a solid that is drawn (`refield.signals.drawn_solids`),
* `phantom:SEED` or `phantom:SEED_mask`, a drawn slice of a head or its tumour's mask (`refield.signals.phantom`).
"""

import functools
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import unquote

from refield.errors import UserError, one_line, shown
from refield.files import MOST, read
from refield.signals import drawn, drawn_solids, phantom
from refield.signals.names import PORTABLE
from refield.signals.sources.download import MEMBER, bring, download
from refield.signals.sources.samples import sample
from refield.signals.sources.sums import Read, verified, verified_file

Right = TypeVar("Right")

LIST = "addresses.txt"
WHOLE = "!!/"  # between the address of a zip file, whose sha256 is listed, and the path of a member
DATA_DIRECTORY = "REFIELD_DATA"
# What needs no network, by the first word of its address: a function of the name behind the colon and a sha256.
HERE: dict[str, Callable[[str, str], bytes]] = {
    "samples": sample,
    "drawn": lambda name, sha256: verified(drawn.encode(name), sha256, f"drawn:{name}"),
    "solid": lambda name, sha256: verified(drawn_solids.encode(name), sha256, f"solid:{name}"),
    "phantom": lambda name, sha256: verified(phantom.encode(name), sha256, f"phantom:{name}"),
}
ENTRY = re.compile(r"(\S+)\s+([0-9a-f]{64}|[0-9a-f]{8})\s+(\S+)")
ADDRESS = re.compile(rf"https?://[^/]+/.+(?<!!/)|({'|'.join(HERE)}):{PORTABLE.pattern}")


@dataclass(frozen=True)
class Entry:
    """What the list says of a file."""

    sha256: str
    addresses: list[str] = field(default_factory=list)


def originals(place: Path) -> dict[str, Read]:
    """The originals of the list in a folder."""
    return {name: partial(original, name, entry) for name, entry in read_list(place / LIST).items()}


def original(name: str, entry: Entry, cached: str | None = None) -> bytes:
    """A file of the list; `UserError` if it is not to be had, or another.

    The setting `REFIELD_DATA` names a folder that stands for the whole network: there the file has the same name and
    sha256, however deep it lies; or it is a member of a zip file that has the name of the address. `cached` is another
    name for it in the user's cache, if its own is a path.
    """
    kind, _, within = entry.addresses[0].partition(":")
    if kind in HERE:
        return HERE[kind](within, entry.sha256)
    directory = os.environ.get(DATA_DIRECTORY)
    if WHOLE in entry.addresses[0]:
        archives, _, members = zip(*(address.partition(WHOLE) for address in entry.addresses), strict=True)
        return _member(_archive(archives, entry.sha256, directory), members[0])
    if directory:
        return _local(Path(directory), name, _copies(Path(directory), name, entry))
    return download(cached or name, entry.sha256, entry.addresses, DATA_DIRECTORY)


def read_list(path: Path, names: re.Pattern[str] = PORTABLE) -> dict[str, Entry]:
    """The files of a list by their names, which `names` allows; `UserError` names a line that is no entry."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UserError(
            f"{path} is missing or no text; each of its lines says a photograph's name, sha256 and address"
        ) from None
    entries: dict[str, Entry] = {}
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line and not line.startswith("#"):
            try:
                _add(line, entries, names)
            except UserError as error:
                raise UserError(f"{path}, line {number}: {error}") from None
    return entries


def _add(line: str, entries: dict[str, Entry], names: re.Pattern[str]) -> None:
    match = ENTRY.fullmatch(line)
    if not match or not names.fullmatch(match[1]):
        raise UserError(f"{shown(line)} is not a file name, 64 hexadecimal digits and an address, with spaces between")
    name, sha256, address = match.groups()
    if len(sha256) < 64 and (MEMBER in address or not address.startswith("http")):
        raise UserError(f"{shown(address)} needs all 64 digits of the sha256")
    if not ADDRESS.fullmatch(address):
        kinds = " or ".join(f"{kind}:NAME" for kind in HERE)
        raise UserError(f"{shown(address)} is not allowed as an address; it must be https://HOST/PATH or {kinds}")
    entry = entries.setdefault(name, Entry(sha256))
    if entry.sha256 != sha256:
        raise UserError(f"{name} has another sha256 than on a line above")
    entry.addresses.append(address)
    if len(entry.addresses) > 1 and any(each.partition(":")[0] in HERE for each in entry.addresses):
        raise UserError(f"{name} is listed twice; only what lies in the network may have several addresses")
    if len({each.partition(WHOLE)[2] for each in entry.addresses}) > 1:
        raise UserError(f"{name} is another member of a zip file than on a line above, or none")


@functools.cache  # of gigabytes, which are brought and verified once for all members
def _archive(urls: tuple[str, ...], sha256: str, directory: str | None) -> Path:
    """A zip file that has this sha256: from below a folder, if there is one, or else from the network."""
    if not directory:
        return bring(f"{sha256[:8]}-{PurePosixPath(urls[0]).name}", sha256, urls, DATA_DIRECTORY)
    paths = [path for name in {_file(url): None for url in urls} for path in _below(Path(directory), name)]
    return _local(Path(directory), _file(urls[0]), [partial(verified_file, path, sha256) for path in paths])


def _local(directory: Path, name: str, copies: Iterable[Callable[[], Right]]) -> Right:
    """The first of a file's copies below a folder that is the right one; a copy that is not raises `UserError`."""
    wrong = f"is nowhere below {directory}"
    for copy in copies:
        try:
            return copy()
        except UserError as error:
            wrong = f"is another one below {directory} ({error})"
    raise UserError(f"{name} {wrong}; {DATA_DIRECTORY} must name a folder that holds it, or be unset")


def _copies(directory: Path, name: str, entry: Entry) -> Iterator[Read]:
    """How a file is read and verified wherever it may lie below a folder."""
    for path in _below(directory, name):
        yield partial(_whole, path, entry.sha256)
    for archive, _, member in (address.partition(MEMBER) for address in entry.addresses):
        if member:
            for path in _below(directory, _file(archive)):
                yield partial(_verified, partial(_member, path, member), entry.sha256, f"{path}{MEMBER}{member}")


def _whole(path: Path, sha256: str) -> bytes:
    return read(verified_file(path, sha256), links=True)


def _verified(data: Read, sha256: str, place: str) -> bytes:
    return verified(data(), sha256, place)


def _file(url: str) -> str:
    """What a file of the network is called."""
    return unquote(PurePosixPath(url).name)


def _below(directory: Path, name: str) -> list[Path]:
    return sorted(path for path in directory.rglob(name) if path.is_file())


def _member(path: Path, member: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as members:
            if members.getinfo(member).file_size > MOST:
                raise UserError(f"{path}: {member} has more than {MOST} bytes")
            return members.read(member)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, OSError, RuntimeError, zlib.error) as error:
        raise UserError(f"{path} has no readable {member} ({one_line(error)})") from None
