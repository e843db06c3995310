"""Downloads into the user's cache, of files and of members of zip files, each known by its sha256."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from refield.errors import UserError, one_line
from refield.signals.sources.sums import verified_file

ROUNDS = 2  # through all addresses
PAUSE = 2.0  # seconds between rounds
MEMBER = "!/"  # between the address of a zip file and the path of a member
AHEAD = 2**20  # bytes that are read at once
DIGITS = 64  # of a sha256


def download(
    name: str, sha256: str, urls: Sequence[str], instead: str, made_of: Callable[[bytes], bytes] | None = None
) -> bytes:
    """The bytes of what `bring` brings."""
    return bring(name, sha256, urls, instead, made_of).read_bytes()


def bring(
    name: str, sha256: str, urls: Sequence[str], instead: str, made_of: Callable[[bytes], bytes] | None = None
) -> Path:
    """A file in the user's cache, from the first address that gives these bytes, unless an earlier run got it.

    It is verified, by the first digits of its sha256 where these are all that is known, and may be larger than memory
    unless it is made of something. An address with `!/` is that of a zip
    file's member. `instead` is the setting that names a folder of local copies. If the file is not what lies there,
    `made_of` makes it of that; `ValueError` says why it cannot. `UserError` if the file is not to be had.
    """
    import pooch  # which takes half a second
    from requests.exceptions import RequestException

    pooch.get_logger().setLevel("WARNING")
    cache = pooch.os_cache("refield") / "originals"
    files = pooch.HTTPDownloader(chunk_size=AHEAD, timeout=(10, 60))

    def made(url: str, output: str, pooch: Any) -> None:
        files(url, output, pooch)
        if made_of is not None:
            Path(output).write_bytes(made_of(Path(output).read_bytes()))

    copy = f"a local copy's folder can be named in {instead}"
    failures: dict[str, str] = {}
    for round_ in range(ROUNDS):
        time.sleep(PAUSE if round_ else 0)
        for url in urls:
            downloader = _member if MEMBER in url else made
            try:
                known = f"sha256:{sha256}" if len(sha256) == DIGITS else None
                path = Path(pooch.retrieve(url, known, fname=name, path=cache, downloader=downloader))
                return path if known else _begins(path, sha256)
            except RequestException as error:
                failures[url] = type(error).__name__ if error.response is None else error.response.reason
            except ValueError as error:  # a wrong sha256: pooch's first sentence names both
                failures[url] = str(error).partition(". ")[0]
            except OSError as error:  # such as a full disk
                raise UserError(f"{name} cannot be kept in {cache} ({one_line(error)}); {copy}") from None
    reasons = "; ".join(f"{url}: {reason}" for url, reason in failures.items())
    raise UserError(f"{name} cannot be downloaded ({reasons}); {copy}")


def _begins(path: Path, digits: str) -> Path:
    """A file whose sha256 begins with some digits; one of another is removed, and `ValueError`."""
    try:
        return verified_file(path, digits)
    except UserError as error:
        path.unlink(missing_ok=True)
        raise ValueError(str(error)) from None


def _member(url: str, output: str, pooch: Any) -> None:
    """A downloader of pooch's for a member of a zip file, of which it reads the directory and the member alone.

    `ValueError` says why there is none.
    """
    import zipfile

    import fsspec

    archive, _, member = url.partition(MEMBER)
    try:
        # The proxies of the environment are those that other downloads go through.
        with (
            fsspec.open(archive, block_size=AHEAD, client_kwargs={"trust_env": True}) as stream,
            zipfile.ZipFile(stream) as members,
        ):
            Path(output).write_bytes(members.read(member))
    except Exception as error:  # of the network, of a server that gives no parts of files, of a damaged zip file
        raise ValueError(f"{type(error).__name__}, {one_line(error)}") from error
