"""Originals at addresses of their own: in the network, in a local folder that stands for it, or here already."""

import io
import random
import re
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pooch
import pytest
from pipeline import ROOT
from signals.mirrors import serving, sha256

from refield.errors import UserError
from refield.signals import drawn, photographs, sources
from refield.signals.sources import addresses, download
from refield.signals.sources.sums import verified_file

FILES = {"woman.png": b"woman" * 100, "comic.png": b"comic" * 100}
COFFEE = "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"  # of scikit-image's coffee.png
CAMERA = random.Random(0).randbytes(1000)


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # of 1980: the same bytes at any time
    return stream.getvalue()


def wheel() -> bytes:
    """A zip file of which a member is a small part."""
    return zipped({"skimage/data/camera.png": CAMERA, "skimage/data/large.bin": bytes(4 * download.AHEAD)})


# Photographs in a zip file that is too large for the memory that may be taken.
ARCHIVE = zipped({**{f"HR/{name}": data for name, data in FILES.items()}, "HR/large.bin": bytes(24 * download.AHEAD)})
MEMORY = 8 * download.AHEAD
DAMAGED = zipped({"HR/woman.png": FILES["woman.png"]}).replace(FILES["woman.png"], bytes(500))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "sources"
    place.mkdir()
    return place


@pytest.fixture(autouse=True)
def no_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the user's cache nor his folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("REFIELD_DATA", raising=False)
    monkeypatch.setattr(download, "PAUSE", 0.0)
    addresses._archive.cache_clear()


@pytest.fixture(scope="module")
def server():
    with serving(FILES | {"package.whl": wheel(), "photographs.zip": ARCHIVE, "damaged.zip": DAMAGED}) as server:
        yield server


def listing(place: Path, *lines: str) -> Path:
    (place / "addresses.txt").write_text("".join(f"{line}\n" for line in lines))
    return place


def fetched(place: Path, names: object = "all") -> dict[str, bytes]:
    out = place.parent / "originals"
    brought = sources.fetch("addresses", place, names, out)
    assert sorted(brought) == sorted(path.name for path in out.iterdir())
    return {name: (out / name).read_bytes() for name in brought}


class TestNetwork:
    def test_each_file_comes_from_its_own_address(self, place: Path, server) -> None:
        lines = [f"{name} {sha256(data)} {server.address}/good/{name}" for name, data in FILES.items()]
        assert fetched(listing(place, *lines)) == FILES
        assert fetched(place, ["comic"]) == {"comic.png": FILES["comic.png"]}

    def test_a_file_may_have_another_name_there(self, place: Path, server) -> None:
        listing(place, f"boy.png {sha256(FILES['comic.png'])} {server.address}/good/comic.png")
        assert fetched(place) == {"boy.png": FILES["comic.png"]}

    @pytest.mark.parametrize("bad", ["absent", "wrong", "short"])
    def test_eight_digits_of_a_sha256_tell_a_file_from_another(self, place: Path, server, bad: str) -> None:
        name, data = "comic.png", FILES["comic.png"]
        digits = sha256(data)[:8]
        listing(place, *(f"{name} {digits} {server.address}/{mirror}/{name}" for mirror in (bad, "good")))
        assert fetched(place) == {name: data}
        listing(place, f"{name} {digits} {server.address}/{bad}/{name}")
        assert fetched(place) == {name: data}  # of the user's cache
        next((place.parent / "cache").rglob(name)).write_bytes(b"another")
        with pytest.raises(UserError, match=rf"{name} cannot be downloaded \(.*{bad}"):
            fetched(place)

    @pytest.mark.parametrize("bad", ["absent", "wrong", "short"])
    def test_further_addresses_are_tried_in_turn(self, place: Path, server, bad: str) -> None:
        name, data = "comic.png", FILES["comic.png"]
        listing(place, *(f"{name} {sha256(data)} {server.address}/{mirror}/{name}" for mirror in (bad, "good")))
        assert fetched(place) == {name: data}

    def test_a_file_that_is_nowhere_leaves_the_folder_as_it_was(self, place: Path, server) -> None:
        listing(place, f"woman.png {sha256(FILES['woman.png'])} {server.address}/good/woman.png")
        before = fetched(place)
        listing(place, *(f"woman.png {'0' * 64} {server.address}/{mirror}/woman.png" for mirror in ("good", "absent")))
        with pytest.raises(UserError, match=r"woman\.png cannot be downloaded \(.*Not Found\); .* in REFIELD_DATA$"):
            fetched(place)
        assert {path.name: path.read_bytes() for path in (place.parent / "originals").iterdir()} == before


class TestMember:
    def test_of_a_zip_file_no_more_is_read_than_its_directory_and_the_member(self, place: Path, server) -> None:
        server.sent = 0
        listing(place, f"camera.png {sha256(CAMERA)} {server.address}/good/package.whl!/skimage/data/camera.png")
        assert fetched(place) == {"camera.png": CAMERA}
        assert len(CAMERA) < server.sent < 2 * download.AHEAD < len(wheel())
        server.sent = 0
        assert fetched(place) == {"camera.png": CAMERA}
        assert server.sent == 0

    @pytest.mark.parametrize(
        ("address", "reason"),
        [
            ("good/package.whl!/skimage/data/coffee.png", "KeyError, .*no item named 'skimage/data/coffee.png'"),
            ("absent/package.whl!/skimage/data/camera.png", "FileNotFoundError"),
            ("whole/package.whl!/skimage/data/camera.png", "doesn't appear to support range requests"),
            ("good/woman.png!/skimage/data/camera.png", "BadZipFile"),
            ("good/package.whl!/skimage/data/large.bin", f"expected sha256:{sha256(CAMERA)} but got "),
        ],
    )
    def test_one_that_is_not_to_be_had_is_told_in_a_sentence(
        self, place: Path, server, address: str, reason: str
    ) -> None:
        listing(place, f"camera.png {sha256(CAMERA)} {server.address}/{address}")
        with pytest.raises(UserError, match=rf"camera\.png cannot be downloaded \(.*{reason}"):
            fetched(place)


def of_archive(place: Path, *mirrors: str, sha: str = sha256(ARCHIVE), names: tuple[str, ...] = tuple(FILES)) -> Path:
    """A list of members of the photographs' zip file, at places of the network."""
    return listing(place, *(f"{name} {sha} {url}/photographs.zip!!/HR/{name}" for name in names for url in mirrors))


def another_process() -> None:
    addresses._archive.cache_clear()


@pytest.fixture
def retrieved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which addresses pooch was asked for, each of which it verifies."""
    urls, retrieve = [], pooch.retrieve

    def counting(url: str, *args: object, **kwargs: object) -> str:
        urls.append(url)
        return retrieve(url, *args, **kwargs)

    monkeypatch.setattr(pooch, "retrieve", counting)
    return urls


class TestWholeArchive:
    """A zip file of which nobody knows its members' sha256."""

    def test_it_is_downloaded_once_for_all_of_its_members(self, place: Path, server, retrieved: list[str]) -> None:
        server.sent = 0
        of_archive(place, f"{server.address}/good")
        assert fetched(place) == FILES
        assert fetched(place, ["comic"]) == {"comic.png": FILES["comic.png"]}
        assert len(retrieved) == 1  # and so it was verified once
        another_process()
        assert fetched(place) == FILES
        assert len(retrieved) == 2
        assert server.sent == len(ARCHIVE)

    def test_one_that_was_changed_in_the_cache_is_downloaded_again(self, place: Path, server, tmp_path: Path) -> None:
        of_archive(place, f"{server.address}/good")
        fetched(place)
        (file,) = tmp_path.glob("cache/**/*photographs.zip")
        file.write_bytes(zipped({f"HR/{name}": b"another" for name in FILES}))
        another_process()
        assert fetched(place) == FILES

    @pytest.mark.parametrize("bad", ["absent", "wrong", "short"])
    def test_further_addresses_are_tried_in_turn(self, place: Path, server, bad: str) -> None:
        of_archive(place, f"{server.address}/{bad}", f"{server.address}/whole")
        assert fetched(place) == FILES

    def test_two_of_the_same_name_are_told_apart(self, place: Path, server, tmp_path: Path) -> None:
        other = zipped({"HR/boy.png": b"boy"})
        with serving({"photographs.zip": other}) as another:
            listing(
                place,
                f"boy.png {sha256(other)} {another.address}/good/photographs.zip!!/HR/boy.png",
                f"woman.png {sha256(ARCHIVE)} {server.address}/good/photographs.zip!!/HR/woman.png",
            )
            assert fetched(place) == {"boy.png": b"boy", "woman.png": FILES["woman.png"]}
        another_process()
        assert fetched(place) == {"boy.png": b"boy", "woman.png": FILES["woman.png"]}

    @pytest.mark.parametrize("local", [False, True], ids=["network", "folder"])
    def test_it_is_never_held_in_memory(
        self, place: Path, server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: bool
    ) -> None:
        if local:
            (tmp_path / "photographs.zip").write_bytes(ARCHIVE)
            monkeypatch.setenv("REFIELD_DATA", str(tmp_path))
        of_archive(place, f"{server.address}/good")
        tracemalloc.start()
        try:
            assert fetched(place) == FILES
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < MEMORY < len(ARCHIVE)

    @pytest.mark.parametrize(
        ("address", "sha", "reason"),
        [
            ("absent/photographs.zip!!/HR/woman.png", sha256(ARCHIVE), r"photographs\.zip cannot .*\(.*Not Found\); a"),
            (
                "good/photographs.zip!!/HR/woman.png",
                "0" * 64,
                "expected sha256:0000.* but got .*; a local copy's folder",
            ),
            ("good/photographs.zip!!/HR/man.png", sha256(ARCHIVE), r"has no readable HR/man\.png \(.*no item named"),
            ("good/woman.png!!/HR/woman.png", sha256(FILES["woman.png"]), "has no readable .*not a zip file"),
            ("good/damaged.zip!!/HR/woman.png", sha256(DAMAGED), "has no readable HR/woman.png .*Bad CRC-32"),
        ],
    )
    def test_what_is_not_to_be_had_is_told_in_a_sentence(
        self, place: Path, server, address: str, sha: str, reason: str
    ) -> None:
        listing(place, f"woman.png {sha} {server.address}/{address}")
        with pytest.raises(UserError, match=reason):
            fetched(place)

    def test_so_is_a_cache_that_takes_no_files(self, place: Path, server, tmp_path: Path) -> None:
        (tmp_path / "cache").write_bytes(b"no folder")
        with pytest.raises(
            UserError, match=r"photographs\.zip cannot be kept in .*cache/.*; a local copy's folder can"
        ):
            fetched(of_archive(place, f"{server.address}/good"))

    def test_a_member_has_a_largest_size(self, place: Path, server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(addresses, "MOST", 499)
        with pytest.raises(UserError, match=r"photographs\.zip: HR/woman\.png has more than 499 bytes"):
            fetched(of_archive(place, f"{server.address}/good"))


class TestLocalFolder:
    """`REFIELD_DATA`, instead of addresses that nobody answers."""

    @pytest.fixture
    def data(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("REFIELD_DATA", str(tmp_path / "data"))
        (tmp_path / "data/set14/deep").mkdir(parents=True)
        return tmp_path / "data"

    @pytest.fixture
    def comic(self, place: Path) -> Path:
        return listing(place, f"comic.png {sha256(FILES['comic.png'])} https://localhost:9/img_005.png")

    def test_a_file_is_the_one_of_its_name_and_sha256_however_deep(self, data: Path, comic: Path) -> None:
        (data / "comic.png").write_bytes(b"another")
        (data / "set14/other.png").write_bytes(FILES["comic.png"])
        (data / "set14/deep/comic.png").write_bytes(FILES["comic.png"])
        assert fetched(comic) == {"comic.png": FILES["comic.png"]}

    def test_another_file_of_the_name_is_refused(self, data: Path, comic: Path) -> None:
        (data / "set14/comic.png").write_bytes(b"another")
        with pytest.raises(UserError) as error:
            fetched(comic)
        wrong, right = sha256(b"another"), sha256(FILES["comic.png"])
        assert str(error.value) == (
            f"comic.png is another one below {data} ({data}/set14/comic.png: its sha256 is {wrong}, expected {right}); "
            "REFIELD_DATA must name a folder that holds it, or be unset"
        )

    def test_a_missing_one_is_named(self, data: Path, comic: Path) -> None:
        (data / "comic.png").mkdir()
        with pytest.raises(UserError, match=r"^comic\.png is nowhere below .*data; REFIELD_DATA must name a folder "):
            fetched(comic)

    def test_a_zip_file_lies_there_under_its_own_name(
        self, data: Path, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        verified: list[Path] = []

        def counting(path: Path, sha: str) -> Path:
            verified.append(path)
            return verified_file(path, sha)

        monkeypatch.setattr(addresses, "verified_file", counting)
        (data / "photographs.zip").write_bytes(zipped({f"HR/{name}": b"another" for name in FILES}))
        (data / "set14/deep/photographs.zip").write_bytes(ARCHIVE)
        assert fetched(of_archive(place, "https://localhost:9")) == FILES
        assert verified == [data / "photographs.zip", data / "set14/deep/photographs.zip"]  # once for all members

    def test_another_zip_file_is_refused(self, data: Path, place: Path) -> None:
        other = zipped({f"HR/{name}": b"another" for name in FILES})
        (data / "set14/photographs.zip").write_bytes(other)
        with pytest.raises(UserError) as error:
            fetched(of_archive(place, "https://localhost:9"))
        wrong, right = sha256(other), sha256(ARCHIVE)
        assert str(error.value) == (
            f"photographs.zip is another one below {data} ({data}/set14/photographs.zip: its sha256 is {wrong}, "
            f"expected {right}); REFIELD_DATA must name a folder that holds it, or be unset"
        )

    def test_of_a_zip_files_members_nothing_else_tells_which_is_right(self, data: Path, place: Path) -> None:
        (data / "woman.png").write_bytes(FILES["woman.png"])
        with pytest.raises(UserError, match=r"^photographs\.zip is nowhere below .*data; REFIELD_DATA must name a "):
            fetched(of_archive(place, "https://localhost:9"))

    def test_a_zip_file_without_the_member_is_named(self, data: Path, place: Path) -> None:
        (data / "photographs.zip").write_bytes(ARCHIVE)
        with pytest.raises(UserError, match=r"data/photographs\.zip has no readable HR/man\.png \(.*no item named"):
            fetched(of_archive(place, "https://localhost:9", names=("man.png",)))

    def test_it_stands_for_the_network_alone(self, data: Path, place: Path) -> None:
        listing(place, f"coffee.png {COFFEE} samples:coffee.png")
        assert set(fetched(place)) == {"coffee.png"}


class TestDrawn:
    NAME = "transitions_96"

    def test_its_file_is_its_pixels(self, place: Path) -> None:
        listing(place, f"t.ppm {sha256(drawn.encode(self.NAME))} drawn:{self.NAME}")
        fetched(place)
        pixels = photographs.load(place.parent / "originals/t.ppm", "rgb")
        np.testing.assert_array_equal(pixels, drawn.DRAWN[self.NAME]())

    def test_another_one_than_was_listed_is_refused(self, place: Path) -> None:
        listing(place, f"t.ppm {'0' * 64} drawn:{self.NAME}")
        with pytest.raises(UserError, match=r"^drawn:transitions_96: its sha256 is \w+, expected 0000"):
            fetched(place)

    def test_one_that_nobody_has_drawn_is_refused(self, place: Path) -> None:
        listing(place, f"t.ppm {'0' * 64} drawn:stripes")
        with pytest.raises(UserError, match=r"'stripes' is not among .* there are transitions_96, transitions_512"):
            fetched(place)


class TestShipped:
    def test_a_file_of_scikit_images_may_have_another_name(self, place: Path) -> None:
        (data,) = fetched(listing(place, f"cup.png {COFFEE} samples:coffee.png")).values()
        assert sha256(data) == COFFEE

    def test_it_is_checked_too(self, place: Path) -> None:
        listing(place, f"coffee.png {'0' * 64} samples:coffee.png")
        with pytest.raises(UserError, match=rf"coffee\.png: its sha256 is {COFFEE}, expected 0000"):
            fetched(place)


class TestList:
    def test_comments_and_empty_lines_are_passed_over(self, place: Path) -> None:
        listing(place, "# Set14", "", f"  comic.png   {'a' * 64}\thttps://a.org/b?c=d#e  ", "#")
        entry = addresses.Entry("a" * 64, ["https://a.org/b?c=d#e"])
        assert addresses.read_list(place / "addresses.txt") == {"comic.png": entry}

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("b.png", "'b.png' is not a file name, 64 hexadecimal digits and an address"),
            ("b.png 01234567 samples:coffee", "'samples:coffee' needs all 64 digits of the sha256"),
            ("b.png 01234567 https://host/a.zip!/b.png", "'https://host/a.zip!/b.png' needs all 64 digits"),
            (f"b.png {'b' * 64}", "is not a file name"),
            (f"b.png {'b' * 63} https://a.org/b", "is not a file name"),
            (f"b.png sha256:{'b' * 64} https://a.org/b", "is not a file name"),
            (f"../b.png {'b' * 64} https://a.org/b", "is not a file name"),
            (f"b.png {'b' * 64} https://a.org/b c", "is not a file name"),
            (f"b.png {'b' * 64} ftp://a.org/b", "'ftp://a.org/b' is not allowed as an address; it must be https://"),
            (f"b.png {'b' * 64} https://a.org", "'https://a.org' is not allowed as an address"),
            (f"b.png {'b' * 64} file:///b.png", "'file:///b.png' is not allowed as an address"),
            (f"b.png {'b' * 64} https://a.org/b.zip!!/", "'https://a.org/b.zip!!/' is not allowed as an address"),
            (f"b.png {'b' * 64} samples:../b.png", "'samples:../b.png' is not allowed as an address"),
            (f"a.png {'b' * 64} https://b.org/a.png", "a.png has another sha256 than on a line above"),
            (f"a.png {'a' * 64} samples:a.png", "a.png is listed twice; only what lies in the network may have"),
            (f"a.png {'a' * 64} https://a.org/b.zip!!/a", "a.png is another member of a zip file than on a line above"),
        ],
    )
    def test_a_line_that_is_no_entry_is_named(self, place: Path, line: str, reason: str) -> None:
        listing(place, f"a.png {'a' * 64} https://a.org/a.png", line)
        with pytest.raises(UserError) as error:
            sources.listed("addresses", place, "all")
        assert str(error.value).startswith(f"{place}/addresses.txt, line 2: ")
        assert reason in str(error.value)

    @pytest.mark.parametrize(
        "file", [*ROOT.glob("papers/*/sources/*/addresses.txt")], ids=lambda file: file.parent.name
    )
    def test_those_of_papers_have_what_needs_no_network(self, file: Path) -> None:
        """And all else at addresses whose content stays, as they name a commit or a release, or a finished data set."""
        for name, entry in addresses.read_list(file).items():
            if entry.addresses[0].startswith("https://"):
                stays = re.compile(rf"/[0-9a-f]{{40}}/|\.whl!/|\.zip!!/|-{entry.sha256}\.pth$")
                assert all(stays.search(address) for address in entry.addresses)
            else:
                assert addresses.original(name, entry)

    def test_it_must_be_text(self, place: Path) -> None:
        with pytest.raises(UserError, match=r"addresses\.txt is missing or no text; each of its lines says"):
            sources.listed("addresses", place, "all")
        (place / "addresses.txt").write_bytes(b"\xff\xfe")
        with pytest.raises(UserError, match="is missing or no text"):
            sources.listed("addresses", place, "all")

    def test_an_empty_one_has_no_photographs(self, place: Path) -> None:
        with pytest.raises(UserError, match="has no photographs"):
            sources.listed("addresses", listing(place, "# none"), "all")
