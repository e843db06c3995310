import sys
from pathlib import Path

import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from signals.mirrors import serving, sha256

from refield.errors import UserError
from refield.originals import of_a_kind
from refield.pipeline.layout import Layout
from refield.signals import sources
from refield.signals.sources import download, kodak
from refield.signals.sources.sums import read_sums

FILES = {f"kodim{n:02}.png": bytes([n]) * (1000 + n) for n in (1, 2, 3)}


def listing(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    lines = [f"{sha256(content)}  {name}\n" for name, content in files.items()]
    (folder / "SHA256SUMS").write_text("".join(lines))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path):
    return listing(tmp_path / "sources", FILES)


@pytest.fixture
def out(tmp_path):
    """An output folder with the remains of an earlier run; nothing else may come to lie beside it."""
    out = tmp_path / "data" / "originals"
    out.mkdir(parents=True)
    (out / "earlier.png").write_bytes(b"earlier")
    yield out
    assert [path.name for path in out.parent.iterdir()] == ["originals"]


class TestSamples:
    PHOTOGRAPHS = ROOT / "data" / "sources" / "quick"

    def test_come_from_scikit_image_without_importing_it(self, out, monkeypatch):
        monkeypatch.delitem(sys.modules, "skimage", raising=False)
        assert sources.fetch("samples", self.PHOTOGRAPHS, ["rocket", "coffee"], out) == ["coffee.png", "rocket.jpg"]
        assert set(contents(out)) == {"coffee.png", "rocket.jpg"}
        assert "skimage" not in sys.modules

    def test_are_those_of_the_list(self, tmp_path, out):
        folder = listing(tmp_path / "sources", {"coffee.png": b"tea"})
        coffee = "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"
        with pytest.raises(UserError, match=rf"coffee\.png: its sha256 is {coffee}, expected {sha256(b'tea')}"):
            sources.fetch("samples", folder, "all", out)
        assert contents(out) == {"earlier.png": b"earlier"}

    def test_must_ship_with_scikit_image(self, tmp_path, out):
        with pytest.raises(UserError, match=r"tea\.png is not among the photographs"):
            sources.fetch("samples", listing(tmp_path / "sources", {"tea.png": b"tea"}), "all", out)


class TestOwnFolder:
    def test_holds_photographs_of_common_formats(self, tmp_path, out):
        folder = tmp_path / "own"
        folder.mkdir()
        for name in ("b.JPG", "a.v2.tiff", ".hidden.png", "README.md", "SHA256SUMS"):
            (folder / name).write_text(name)
        (folder / "c.png").mkdir()
        assert sources.fetch("folder", folder, "all", out) == ["a.v2.tiff", "b.JPG"]
        assert contents(out) == {"a.v2.tiff": b"a.v2.tiff", "b.JPG": b"b.JPG"}
        assert sources.fetch("folder", folder, ["a.v2"], out) == ["a.v2.tiff"]

    def test_must_not_be_empty_or_missing(self, tmp_path, out):
        with pytest.raises(UserError, match="is missing; make it"):
            sources.fetch("folder", tmp_path / "none", "all", out)
        (tmp_path / ".DS_Store").touch()
        with pytest.raises(UserError, match="has no photographs; put some there"):
            sources.fetch("folder", tmp_path, "all", out)

    @pytest.mark.parametrize("name", ["my photo.png", "été.png", "-rf.png", "a\nb.png", "50%.png"])
    def test_refuses_names_that_travel_badly(self, tmp_path, out, name):
        (tmp_path / name).touch()
        with pytest.raises(UserError, match="rename it"):
            sources.fetch("folder", tmp_path, "all", out)

    @pytest.mark.parametrize("names", [("ab.png", "ab.jpg"), ("Ab.png", "aB.jpg")])
    def test_refuses_two_files_for_one_image(self, tmp_path, out, names):
        for name in names:
            (tmp_path / name).touch()
        with pytest.raises(UserError, match=r"(?i)ab\.(png|jpg) .*would both become"):
            sources.fetch("folder", tmp_path, "all", out)


class TestBeside:
    """Files that come with the images and are none."""

    @pytest.fixture
    def own(self, tmp_path):
        folder = tmp_path / "own"
        folder.mkdir()
        for name in ("kate.jpg", "kate_mask.png", "vase.png", "vase_mask.png"):
            (folder / name).write_text(name)
        return folder

    @pytest.mark.parametrize(
        ("names", "beside", "images", "others"),
        [
            ("all", [], ["kate.jpg", "kate_mask.png", "vase.png", "vase_mask.png"], []),
            ("all", ["vase_mask", "kate_mask"], ["kate.jpg", "vase.png"], ["kate_mask.png", "vase_mask.png"]),
            (["vase"], ["kate_mask"], ["vase.png"], ["kate_mask.png"]),
        ],
    )
    def test_they_are_brought_and_told_apart(self, own, out, names, beside, images, others):
        found = sources.listed("folder", own, names, beside)
        assert ([*found.images], [*found.beside]) == (images, others)
        assert sources.fetch("folder", own, names, out, beside) == [*images, *others]
        assert set(contents(out)) == {*images, *others}

    @pytest.mark.parametrize(
        ("names", "beside", "reason"),
        [
            (
                "all",
                ["kate", "mask"],
                "images.beside: 'mask' is not in .*; there are kate, kate_mask, vase, ",
            ),
            (["kate", "vase"], ["vase"], "images.names: 'vase' is not in .*; there are kate, kate_mask, vase_mask$"),
            ("all", ["kate", "kate_mask", "vase", "vase_mask"], "has no photographs; put some there"),
        ],
    )
    def test_they_must_be_there_and_leave_some(self, own, out, names, beside, reason):
        with pytest.raises(UserError, match=reason):
            sources.fetch("folder", own, names, out, beside)
        assert contents(out) == {"earlier.png": b"earlier"}


class TestList:
    def test_names_are_chosen_by_stem_in_the_order_of_the_list(self, folder, out, tmp_path, monkeypatch):
        self.local(tmp_path, monkeypatch, FILES)
        assert sources.fetch("kodak", folder, ["kodim03", "kodim01"], out) == ["kodim01.png", "kodim03.png"]
        assert contents(out) == {name: FILES[name] for name in ("kodim01.png", "kodim03.png")}

    def test_unknown_names_are_refused(self, folder, out):
        with pytest.raises(UserError, match=r"'kodim99' is not in .*; there are kodim01, kodim02, kodim03"):
            sources.fetch("kodak", folder, ["kodim01", "kodim99"], out)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("kodim02.png", "line 2: 'kodim02.png' is not 64 hex"),
            (f"{'g' * 64}  kodim02.png", "line 2"),
            (f"{'a' * 64} kodim02.png", "line 2"),
            (f"{'a' * 64}  ../kodim02.png", "line 2"),
            (f"{'a' * 64}  .kodim02.png", "line 2"),
            ("", "line 2"),
            (f"{'a' * 64} *kodim01.png", r"line 2: kodim01\.png is listed twice"),
        ],
    )
    def test_malformed_lines_are_named(self, tmp_path, line, reason):
        path = tmp_path / "SHA256SUMS"
        path.write_text(f"{'a' * 64}  kodim01.png\n{line}\n")
        with pytest.raises(UserError, match=f"SHA256SUMS, {reason}"):
            read_sums(path)

    def test_is_what_sha256sum_writes(self, tmp_path):
        path = tmp_path / "SHA256SUMS"
        path.write_text(f"{'a' * 64}  text.png\n{'b' * 64} *binary.png\n")
        assert read_sums(path) == {"text.png": "a" * 64, "binary.png": "b" * 64}

    def test_must_be_text(self, tmp_path):
        with pytest.raises(UserError, match="is missing or no text"):
            read_sums(tmp_path / "SHA256SUMS")
        (tmp_path / "SHA256SUMS").write_bytes(b"\xff\xfe")
        with pytest.raises(UserError, match="is missing or no text"):
            read_sums(tmp_path / "SHA256SUMS")

    def local(self, tmp_path, monkeypatch, files):
        directory = tmp_path / "local"
        directory.mkdir()
        for name, content in files.items():
            (directory / name).write_bytes(content)
        monkeypatch.setenv("REFIELD_KODAK", str(directory))

    def test_local_folder_is_checked_too(self, folder, out, tmp_path, monkeypatch):
        self.local(tmp_path, monkeypatch, {**FILES, "kodim02.png": b"wrong"})
        wrong, right = sha256(b"wrong"), sha256(FILES["kodim02.png"])
        with pytest.raises(UserError, match=rf"local/kodim02\.png: its sha256 is {wrong}, expected {right}"):
            sources.fetch("kodak", folder, "all", out)
        assert contents(out) == {"earlier.png": b"earlier"}
        (tmp_path / "local" / "kodim02.png").unlink()
        with pytest.raises(UserError, match=r"local/kodim02\.png is missing; REFIELD_KODAK"):
            sources.fetch("kodak", folder, "all", out)


class TestDownload:
    @pytest.fixture
    def server(self):
        with serving({path: content for name, content in FILES.items() for path in (name, name[5:])}) as server:
            yield server

    @pytest.fixture(autouse=True)
    def prepared(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.delenv("REFIELD_KODAK", raising=False)
        monkeypatch.setattr(download, "PAUSE", 0.0)

    @pytest.fixture
    def mirrors(self, monkeypatch, server):
        def use(*mirrors: str) -> None:
            monkeypatch.setattr(kodak, "KODAK_URLS", tuple(f"{server.address}/{mirror}" for mirror in mirrors))

        return use

    def cached(self, tmp_path):
        return {path.name for path in (tmp_path / "cache" / "refield").rglob("*") if path.is_file()}

    def test_uses_the_first_address_that_works_and_no_other(self, folder, out, server, mirrors):
        mirrors("good/{name}", "other/{name}")
        sources.fetch("kodak", folder, "all", out)
        assert contents(out) == FILES
        assert server.asked == [f"/good/{name}" for name in FILES]

    @pytest.mark.parametrize("bad", ["absent", "wrong", "short"])
    def test_goes_on_to_the_next_address(self, folder, out, server, mirrors, bad, tmp_path):
        mirrors(f"{bad}/{{name}}", "good/{number}")
        sources.fetch("kodak", folder, "all", out)
        assert contents(out) == FILES
        assert self.cached(tmp_path) == set(FILES)
        assert server.asked[:2] == [f"/{bad}/kodim01.png", "/good/01.png"]

    def test_passes_over_an_address_that_no_one_answers(self, folder, out, mirrors, monkeypatch):
        mirrors("good/{name}")
        monkeypatch.setattr(kodak, "KODAK_URLS", ("http://127.0.0.1:9/{name}", *kodak.KODAK_URLS))
        sources.fetch("kodak", folder, "all", out)
        assert contents(out) == FILES

    def test_tries_again(self, folder, out, mirrors):
        mirrors("flaky/{name}")
        sources.fetch("kodak", folder, "all", out)
        assert contents(out) == FILES

    def test_a_second_profile_downloads_nothing(self, folder, out, server, mirrors):
        mirrors("good/{name}")
        sources.fetch("kodak", folder, "all", out)
        sources.fetch("kodak", folder, "all", out)
        assert len(server.asked) == len(FILES)

    def test_a_damaged_cache_is_replaced(self, folder, out, mirrors, tmp_path):
        mirrors("good/{name}")
        sources.fetch("kodak", folder, "all", out)
        next((tmp_path / "cache").rglob("kodim02.png")).write_bytes(b"damaged")
        sources.fetch("kodak", folder, "all", out)
        assert contents(out) == FILES

    @pytest.mark.parametrize("bad", ["wrong", "short"])
    def test_wrong_bytes_everywhere_leave_nothing(self, folder, out, mirrors, bad, tmp_path):
        mirrors(f"{bad}/{{name}}", "absent/{name}")
        with pytest.raises(UserError, match=r"kodim01\.png cannot be downloaded \(.*absent.*Not Found") as caught:
            sources.fetch("kodak", folder, "all", out)
        content = FILES["kodim01.png"]
        if bad == "wrong":
            assert f"expected sha256:{sha256(content)} but got {sha256(b'!' + content[1:])}" in str(caught.value)
        assert "REFIELD_KODAK" in str(caught.value)
        assert contents(out) == {"earlier.png": b"earlier"}
        assert self.cached(tmp_path) == set()

    def test_a_failure_at_the_last_file_leaves_what_was_there(self, folder, out, mirrors):
        listing(folder, {**FILES, "kodim24.png": b"not on the server"})
        mirrors("good/{name}")
        with pytest.raises(UserError, match=r"kodim24\.png cannot be downloaded"):
            sources.fetch("kodak", folder, "all", out)
        assert contents(out) == {"earlier.png": b"earlier"}


def test_kodak_addresses_name_the_right_file():
    urls = [url.format(name="kodim07.png", number="07.png") for url in kodak.KODAK_URLS]
    assert all(url.startswith("https://") and url.endswith("07.png") for url in urls)
    assert len(set(urls)) == 4


def test_both_kodak_profiles_list_the_same_bytes():
    lists = [read_sums(ROOT / f"data/sources/{profile}/SHA256SUMS") for profile in ("kodak_crops", "paper")]
    assert lists[0] == lists[1]
    assert list(lists[0]) == [f"kodim{number:02d}.png" for number in range(1, 25)]


PIPELINES = [None, *sorted(file.parent.name for file in ROOT.glob("papers/*/params.yaml"))]


@pytest.mark.parametrize("paper", PIPELINES)
def test_every_profile_has_a_list_of_its_originals(paper):
    """DVC refuses a profile whose folder is missing; what is your own folder, you make."""
    layout = Layout(paper)
    profiles = YAML(typ="safe").load(ROOT / layout.params)["profiles"]
    for name, profile in profiles.items():
        images = of_a_kind(profile["images"])
        if images.source != "folder":
            assert sources.listed(images.source, ROOT / layout.sources(name), images.names, images.beside).images, name
